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
    -- Present only while pending: the first wait of this hand-off.
    waiting_since bigint,
    -- Present only while live: when its agent got it.
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
    cleared_at bigint not null,
    -- Present only while live: when the first of its agents got it.
    live_since bigint,
    -- While pending or live: when it first waited, so that a session which comes back keeps its place.
    first_waiting_at bigint,
    -- danger, vip, urgent, normal, as it was set; waiting raises it when the queue is read.
    class text not null,
    -- Who should take it; null for anybody.
    skill_group text,
    -- The newest mail about it; all null without one.
    mail text,
    -- requested, sent, failed
    mail_status text,
    mail_at bigint,
    mail_failure text,
    -- 1 once the customer gave an address; it is null again once erased.
    has_email bigint not null,
    email text,
    -- The offer that waits for an answer; all null without one.
    offer text,
    offer_agent text,
    offer_expires_at bigint,
    -- The transfer that waits for an answer; all null without one. It is to an agent or to a group.
    transfer text,
    transfer_from text,
    transfer_to_agent text,
    transfer_to_group text,
    transfer_expires_at bigint,
    transfer_reason text,
    -- A list as JSON, in order.
    tags text not null,
    -- How many internal notes it has, without those that were removed.
    notes bigint not null,
    -- The rating that was last asked for; all null without one. From 1 to 5 once it was given.
    rating_asked_at bigint,
    rating_open_until bigint,
    rating_score bigint,
    rating_comment text,
    -- What the shop's page last passed along, an object as JSON, and the position of the message that it came with; both null
    -- for nothing, and once erased.
    parameters text,
    parameters_at bigint
)
