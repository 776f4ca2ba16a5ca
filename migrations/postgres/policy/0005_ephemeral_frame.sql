-- Frames between nodes that are too long for a notification, sealed with the key of the session's customer. A row lives for 60
-- seconds. Not logged: after a crash of the server it is empty, and a node that misses a frame loses nothing that is recorded.
-- Only here: the nodes of a SQLite file are one.
create unlogged table ephemeral_frame (
    id bytea primary key,
    key_id text not null,
    sealed bytea not null,
    -- In milliseconds since 1970 by the database's clock.
    created_at bigint not null
);
create index ephemeral_frame_created on ephemeral_frame (created_at);
