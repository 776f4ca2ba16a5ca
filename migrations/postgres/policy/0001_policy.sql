-- How far each policy has read the log, and which log that was.
create table checkpoint (
    policy text primary key,
    position bigint not null,
    log_id bytea not null,
    generation bigint not null,
    -- of the event at that position; zeros at the start
    hash bytea not null
);

-- What a policy still has to do about a stream. due_at: seconds since 1970 by the database's clock, which all nodes share.
create table timer (
    policy text not null,
    stream text not null,
    key text not null,
    due_at double precision not null,
    payload text not null,
    primary key (policy, stream, key)
);

-- The current life of each node. A row that is not refreshed belongs to a dead one.
create table node (
    id text primary key,
    incarnation bytea not null,
    heartbeat_at double precision not null
);

-- Who runs what only one node may run.
create table lease (
    name text primary key,
    holder bytea not null,
    expires_at double precision not null
);
