-- Mean and longest wait of all that wait now, in seconds.
select
    cast(coalesce(avg($1 - waiting_since), 0) as double precision) / 1000000,
    cast(coalesce(max($1 - waiting_since), 0) as double precision) / 1000000
from session
where status = 'pending_manual'
