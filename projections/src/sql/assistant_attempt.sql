-- One row per attempt of an assistant to answer. Times are microseconds since 1970 in UTC.
create table assistant_attempt (
    -- Position of the event that began it.
    began bigint primary key,
    -- The same over all attempts at one answer.
    run text not null,
    -- From 1.
    attempt bigint not null,
    session text not null,
    -- Who was asked.
    assistant text not null,
    -- The variant that the session was in, if an experiment ran.
    variant text,
    began_at bigint not null,
    -- Null while nothing is known of its end.
    ended_at bigint,
    -- answered, offered, does_not_know, hands_over, blocked, cut_off, unavailable, failed, withheld, retaken
    outcome text,
    -- Of a failure: unavailable, timed_out, rate_limited, refused, out_of_credit, rejected, malformed
    failure_code text,
    -- The other side's code for it.
    error_code text,
    -- Null where the assistant does not count.
    tokens_in bigint,
    tokens_out bigint,
    -- In millionths of the currency; null where no price is set.
    cost_micros bigint,
    currency text,
    -- Of the newest event that changed this row.
    position bigint not null
)
