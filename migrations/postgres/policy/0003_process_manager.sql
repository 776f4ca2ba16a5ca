-- What process managers keep (`checkpoint` is their cursor, `policy` their name: words of before). All of it moves in one
-- transaction, and only for the lease's current epoch.

-- Raised whenever somebody takes the lease; what an earlier holder still wants to write is refused by it.
alter table lease add column epoch bigint not null default 0;

-- Up to this position a process manager that is new to the log reads without acting; null once it has done what was open there.
alter table checkpoint add column history_until bigint;

-- The life of a node that a timer is tied to: it is due when that life is over as well. Before, the payload was that life.
alter table timer add column life bytea;
update timer set life = decode(replace(payload, '-', ''), 'hex')
    where payload ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
update timer set payload = '{}';

create index timer_due on timer (policy, due_at);
create index timer_life on timer (policy, life) where life is not null;

-- What a process manager remembers of a stream, as JSON.
create table state (
    policy text not null,
    stream text not null,
    state text not null,
    primary key (policy, stream)
);

-- What goes outside. It holds ids; texts and addresses are opened when it is sent.
create table outbox (
    -- Who put it there, and its own stable key, which goes outside with it.
    policy text not null,
    key text not null,
    kind text not null,
    payload text not null,
    -- When it is tried next, in seconds since 1970 by the nodes' clock; null once it is over.
    due_at double precision,
    attempts bigint not null default 0,
    -- Why the last attempt failed: a code, nothing personal.
    last_error text,
    -- When it was delivered or given up.
    settled_at double precision,
    delivered bigint not null default 0,
    primary key (policy, key)
);
create index outbox_due on outbox (due_at) where due_at is not null;
create index outbox_settled on outbox (settled_at) where settled_at is not null;
