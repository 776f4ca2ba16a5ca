-- One row per quick reply that somebody wrote, changed or removed. Times are microseconds since 1970 in UTC.
create table quick_reply (
    id text primary key,
    -- Whose it is; null for the shop's.
    owner text,
    -- Title and text: null once removed, and of an agent's own once erased.
    title text,
    content text,
    category text not null,
    language text not null,
    version bigint not null,
    -- Null once removed.
    updated_at bigint,
    -- Of its newest event.
    position bigint not null
)
