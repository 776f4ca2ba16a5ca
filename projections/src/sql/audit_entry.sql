-- One row per event. Times are microseconds since 1970 in UTC.
create table audit_entry (
    -- Of the event.
    position bigint primary key,
    -- The stream: session-…, agent-…, access-…, customer-…
    target text not null,
    at bigint not null,
    -- customer, agent, assistant, policy or system, a colon, and its id
    actor text not null,
    event_type text not null,
    -- Of a session; null before its first event, and of what is none.
    status_from text,
    status_to text,
    -- The event's plain JSON, as it stands in the log.
    details text not null
)
