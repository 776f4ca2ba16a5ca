-- One row per internal note that ever was. Times are microseconds since 1970 in UTC.
create table note (
    id text primary key,
    session text not null,
    -- Who wrote it.
    author text not null,
    -- Null once removed or erased.
    text text,
    -- Who is to read it: a list of accounts' ids as JSON.
    mentions text not null,
    created_at bigint not null,
    -- Null until it is edited.
    edited_at bigint,
    -- From 1; an edit and a removal raise it.
    version bigint not null,
    -- 1 once removed: it keeps its place without a text.
    removed bigint not null,
    -- Earlier wordings, the oldest first, each with the time it was written: a list as JSON, without texts once erased.
    history text not null,
    -- Position of its first event, and of its newest.
    added bigint not null,
    position bigint not null
)
