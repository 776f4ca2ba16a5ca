select s.id, s.visitor, s.name, s.status, s.updated_at, s.escalation_reason, s.escalation_rule, s.escalation_severity,
    s.escalation_at, s.waiting_since, s.agent, s.class, s.skill_group, s.position,
    m.role, substr(m.content, 1, 51), m.notice, m.at,
    s.tags, s.notes, s.rating_asked_at, s.rating_open_until, s.rating_score, s.rating_comment
from session s
left join message m on m.position = s.last_message
