-- Mean time of service of all that are live now, in seconds; and how many different agents serve. A clock that is behind
-- the log's gives no negative time.
select
    cast(coalesce(avg(case when $1 > live_since then $1 - live_since else 0 end), 0) as double precision) / 1000000,
    cast(count(distinct agent) as double precision)
from session
where status = 'manual_live'
