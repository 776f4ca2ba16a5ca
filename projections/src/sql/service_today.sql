-- What an agent has finished in a period: sessions, mean time of service in seconds, answers, and mean time until an answer.
select
    count(distinct session),
    cast(coalesce(avg(case when ended_at > began_at then ended_at - began_at else 0 end), 0) as double precision)
        / 1000000,
    cast(coalesce(sum(answers), 0) as double precision),
    cast(coalesce(sum(answer_time), 0) as double precision) / 1000000
from service
where agent = $1 and ended_at >= $2 and ended_at <= $3
