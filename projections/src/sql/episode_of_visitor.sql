select e.session, s.name, e.episode, e.began, e.started_at, e.ended, e.ended_at, e.rating, e.rated,
    (select count(*) from message m
        where m.session = e.session and m.position >= e.began and (e.ended is null or m.position <= e.ended)
            and m.withheld = 0 and m.role <> 'system'),
    (select x.reason from escalation x
        where x.session = e.session and (e.ended is null or x.position <= e.ended)
            and x.position > coalesce(
                (select max(p.ended) from episode p where p.session = e.session and p.episode < e.episode), 0)
        order by x.position desc limit 1)
from episode e
join session s on s.id = e.session
where s.visitor = $1
order by e.started_at desc, e.began desc
limit $2
