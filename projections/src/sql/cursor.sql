-- One row: how far this generation is, and who writes it.
create table checkpoint (
    id bigint primary key check (id = 1),
    -- Names and versions of the generation's views.
    fingerprint text not null,
    -- The log that the rows were folded from; after a restore its positions mean other events.
    log_id text not null,
    log_generation bigint not null,
    -- The last event folded, and its hash.
    position bigint not null,
    hash text not null,
    -- The process that writes. Its epoch fences off whoever wrote before it; its beat says that it lives.
    owner text,
    owner_epoch bigint not null,
    beat bigint not null
)
