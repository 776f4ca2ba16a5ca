insert into session (id, visitor, name, status, context, language, episode,
    escalation_reason, escalation_rule, escalation_severity, escalation_details, escalation_at,
    agent, waiting_since, taken_over_at, created_at, updated_at, last_manual_end_at,
    ai_fail_count, position, last_message, cleared_at)
