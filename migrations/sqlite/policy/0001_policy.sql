-- How far each policy has read the log, and which log that was.
create table checkpoint (
    policy text primary key,
    position integer not null,
    log_id blob not null,
    generation integer not null,
    -- of the event at that position; zeros at the start
    hash blob not null
) strict;

-- What a policy still has to do about a stream. due_at: seconds since 1970 by the database's clock, which all nodes share.
create table timer (
    policy text not null,
    stream text not null,
    key text not null,
    due_at real not null,
    payload text not null,
    primary key (policy, stream, key)
) strict;

-- The current life of each node. A row that is not refreshed belongs to a dead one.
create table node (
    id text primary key,
    incarnation blob not null,
    heartbeat_at real not null
) strict;

-- Who runs what only one node may run.
create table lease (
    name text primary key,
    holder blob not null,
    expires_at real not null
) strict;
