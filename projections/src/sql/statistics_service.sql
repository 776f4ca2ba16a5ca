-- Mean time of service of all that are live now, in seconds; and how many different agents serve.
select
    cast(coalesce(avg($1 - taken_over_at), 0) as double precision) / 1000000,
    cast(count(distinct agent) as double precision)
from session
where status = 'manual_live'
