-- One row per key that a program ever had. Times are microseconds since 1970 in UTC.
create table api_key (
    id text primary key,
    -- What it is for; null once erased.
    name text,
    -- JSON list of resource:action.
    permissions text not null,
    -- SHA-256 of the key, in hex.
    digest text not null,
    created_at bigint not null,
    -- Who issued it, as an actor.
    created_by text not null,
    -- When it ends by itself; null for never.
    expires_at bigint,
    -- Null while it is not revoked.
    revoked_at bigint,
    -- Of the newest event that changed this row.
    position bigint not null
)
