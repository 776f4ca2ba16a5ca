-- One row per escalation that ever was. Times are microseconds since 1970 in UTC.
create table escalation (
    -- Of the event.
    position bigint primary key,
    session text not null,
    at bigint not null,
    -- keyword, fail_loop, sentiment, vip, manual
    reason text not null
)
