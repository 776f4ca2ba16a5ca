-- Frames between nodes that are too long for a notification, sealed with a key that only the nodes have. A row lives for 60
-- seconds. Not logged: after a crash of the server it is empty, and a node that misses a frame loses nothing that is recorded.
-- Only here: a SQLite file has one node.
create unlogged table ephemeral_frame (
    id bytea primary key,
    sealed bytea not null,
    -- In milliseconds since 1970 by the database's clock.
    created_at bigint not null
);
create index ephemeral_frame_created on ephemeral_frame (created_at);
