-- Mean and longest wait of all that wait now, in seconds. A clock that is behind the log's gives no negative wait.
select
    cast(coalesce(avg(case when $1 > waiting_since then $1 - waiting_since else 0 end), 0) as double precision) / 1000000,
    cast(coalesce(max(case when $1 > waiting_since then $1 - waiting_since else 0 end), 0) as double precision) / 1000000
from session
where status = 'pending_manual'
