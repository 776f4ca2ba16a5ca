-- What sessions are found by: in lower case, in rows of their own, so that a search reads few pages.
create table session_text (
    session text primary key,
    -- What the client calls it; null once erased.
    name text,
    -- The beginning of its newest message, as a list shows it; null once erased, for a notice, and before the first.
    last_text text,
    -- Of the newest event that changed it.
    position bigint not null
)
