select m.position, m.id, m.role, m.content, m.at, m.agent, m.withheld, m.shown, m.notice, m.suggestions,
    case when coalesce(q.position, m.position) <= s.cleared_at then cast(1 as bigint) else 0 end
from message m
join session s on s.id = m.session
left join message q on q.id = m.answers and q.session = m.session
where m.session = $1 and m.position < $2
order by m.position desc
limit $3
