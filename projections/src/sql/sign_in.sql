-- One row per sign-in of staff that ever was. Times are microseconds since 1970 in UTC.
create table sign_in (
    id text primary key,
    agent text not null,
    device text,
    since bigint not null,
    renewed_at bigint not null,
    expires_at bigint not null,
    -- Null while it is not over; it may have expired all the same.
    ended_at bigint,
    -- signed_out, deactivated, asked, token_reused, password_set
    ended_by text,
    -- From where it began; null once erased.
    address text,
    user_agent text,
    -- Of the newest event that changed this row.
    position bigint not null
)
