select id, visitor, name, status, context, language, episode,
    escalation_reason, escalation_rule, escalation_severity, escalation_details, escalation_at,
    agent, waiting_since, taken_over_at, created_at, updated_at, last_manual_end_at,
    ai_fail_count, position, last_message, cleared_at,
    live_since, first_waiting_at, class, skill_group, mail, mail_status, mail_at, mail_failure, has_email, email,
    offer, offer_agent, offer_expires_at,
    transfer, transfer_from, transfer_to_agent, transfer_to_group, transfer_expires_at, transfer_reason,
    tags, notes, rating_asked_at, rating_open_until, rating_score, rating_comment, parameters, parameters_at
from session
where id = $1
