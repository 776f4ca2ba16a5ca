select e.session, e.episode, m.agent, min(m.position)
from episode e
join session s on s.id = e.session
join message m on m.session = e.session and m.position >= e.began and (e.ended is null or m.position <= e.ended)
where s.visitor = $1 and m.agent is not null
group by e.session, e.episode, m.agent
order by min(m.position)
