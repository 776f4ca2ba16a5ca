-- One row per episode: from the customer's first message after creation or a close to the next close. Times are microseconds
-- since 1970 in UTC.
create table episode (
    session text not null,
    -- From 1.
    episode bigint not null,
    -- Position of the first message.
    began bigint not null,
    started_at bigint not null,
    -- Position of the close; null while it lasts.
    ended bigint,
    ended_at bigint,
    -- The customer's last rating, from 1 to 5, and the position of its event; null for none.
    rating bigint,
    rated bigint,
    primary key (session, episode)
)
