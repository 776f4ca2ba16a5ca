-- What attempts came to and cost, in groups that begin in the periods, a page of them; a row per group and currency.
with day(start, until) as (values {periods}),
attempt as (
    select {keys}, a.began, a.outcome, a.tokens_in, a.tokens_out, a.cost_micros, a.currency,
        case when a.ended_at is null then null when a.ended_at > a.began_at then a.ended_at - a.began_at else 0 end
            as took
    from day d
    cross join assistant_attempt a
    where a.began_at >= d.start and a.began_at < d.until
),
ranked as (
    select attempt.*,
        row_number() over (
            partition by day, assistant, variant, session, run, took is null order by took, began
        ) as place,
        count(took) over (partition by day, assistant, variant, session, run) as ended
    from attempt
),
page as (
    select day, assistant, variant, session, run, min(began) as first_began,
        count(*) as attempts,
        count(case when outcome = 'answered' then 1 end) as answered,
        count(case when outcome = 'offered' then 1 end) as offered,
        count(case when outcome = 'does_not_know' then 1 end) as does_not_know,
        count(case when outcome = 'hands_over' then 1 end) as hands_over,
        count(case when outcome in ('failed', 'unavailable') then 1 end) as failed,
        count(case when outcome = 'withheld' then 1 end) as withheld,
        cast(coalesce(sum(cast(tokens_in as double precision)), 0) as double precision) as tokens_in,
        cast(coalesce(sum(cast(tokens_out as double precision)), 0) as double precision) as tokens_out,
        -- The smallest time that half of them, or 99 of 100, do not exceed.
        max(case when place = (ended * 50 + 99) / 100 then took end) as p50,
        max(case when place = (ended * 99 + 99) / 100 then took end) as p99
    from ranked
    group by day, assistant, variant, session, run
    order by day, first_began
    limit $1 offset $2
),
cost as (
    select day, assistant, variant, session, run, currency,
        cast(sum(cast(cost_micros as double precision)) as double precision) as micros
    from attempt
    where currency is not null
    group by day, assistant, variant, session, run, currency
)
select p.day, p.assistant, p.variant, p.session, p.run, p.attempts, p.answered, p.offered, p.does_not_know, p.hands_over,
    p.failed, p.withheld, p.tokens_in, p.tokens_out, p.p50, p.p99, c.currency, c.micros
from page p
left join cost c on c.day = p.day and c.assistant = p.assistant and c.variant = p.variant and c.session = p.session
    and c.run = p.run
order by p.day, p.first_began, c.currency
