-- One row for each time that an agent had a session. Times are microseconds since 1970 in UTC.
create table service (
    -- Of the event that gave the agent the session.
    began bigint primary key,
    session text not null,
    agent text not null,
    began_at bigint not null,
    -- took_over, transferred
    began_by text not null,
    -- Null while it lasts.
    ended_at bigint,
    -- released, closed, transferred, transferred_to_group, handed_back, agent_lost
    ended_by text,
    -- The agent's first message.
    first_message_at bigint,
    -- The first of the customer's messages that the agent has not answered.
    asked_at bigint,
    -- How often the agent answered, and after how many microseconds in all.
    answers bigint not null,
    answer_time bigint not null,
    -- Of the newest event that changed this row.
    position bigint not null
)
