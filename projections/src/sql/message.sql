-- One row per thing said in a session. Times are microseconds since 1970 in UTC.
create table message (
    -- Of the message's event.
    position bigint primary key,
    session text not null,
    id text not null,
    -- user, assistant, agent, system
    role text not null,
    -- Null once erased, and for a notice.
    content text,
    at bigint not null,
    -- Who wrote an agent's message.
    agent text,
    -- Of a reply: the id of the newest message that it answers.
    answers text,
    -- 1 for a reply that was not given.
    withheld bigint not null,
    -- What the customer had been shown of a withheld reply.
    shown text,
    -- Of a notice: its language, code and parameters as JSON; the text is made when it is read.
    notice text,
    -- Of a reply: what the customer may choose to say next, a list as JSON; null for none, and once erased.
    suggestions text
)
