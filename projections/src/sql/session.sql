-- One row per session. Times are microseconds since 1970 in UTC.
create table session (
    id text primary key,
    visitor text not null,
    -- What the client calls it, unique per visitor only; null once erased.
    name text,
    status text not null,
    context text not null,
    language text,
    episode bigint not null,
    -- The escalation that is not over; all null without one.
    escalation_reason text,
    escalation_rule text,
    escalation_severity text,
    escalation_details text,
    escalation_at bigint,
    -- Present only while live.
    agent text,
    -- Present only while pending.
    waiting_since bigint,
    -- Present only while live.
    taken_over_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    last_manual_end_at bigint,
    ai_fail_count bigint not null,
    -- Of the session's newest event.
    position bigint not null,
    -- Position of the newest message that was not withheld.
    last_message bigint,
    -- Messages up to this position are hidden from the customer; 0 for none.
    cleared_at bigint not null
)
