//! Answers of the views in the types of the oracle, for comparison.
//!
//! Invariant: structs are destructured completely, so that a new field is compared or does not compile.

use event_store::StreamName;
use projections::{
    AuditEntry, EscalationView, MessageView, Preview, SessionSummary, SessionView, Statistics, Today, as_of::Decision,
};
use serde::Serialize;
use tests::oracle::{Decided, Entry, Escalation, Figures, Row, Said, Shown};

/// The name on the wire of a value of a closed set.
fn code(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(super) fn stream(session: domain::SessionId) -> String {
    StreamName::of("session", session.0).to_string()
}

pub(super) fn shown(view: SessionView) -> Shown {
    Shown {
        stream: stream(view.session),
        visitor: view.visitor.to_string(),
        name: view.name,
        status: view.status.to_string(),
        context: view.context.to_string(),
        language: view.language.map(code),
        episode: view.episode.into(),
        escalation: view.escalation.map(escalation),
        agent: text(view.agent),
        waiting_since: view.waiting_since,
        taken_over_at: view.taken_over_at,
        created_at: view.created_at,
        updated_at: view.updated_at,
        last_manual_end_at: view.last_manual_end_at,
        ai_fail_count: view.ai_fail_count.into(),
        position: view.position,
        cleared_at: view.cleared_at,
    }
}

fn escalation(view: EscalationView) -> Escalation {
    let EscalationView { reason, rule, severity, details, trigger_at } = view;
    Escalation { reason: code(reason), rule, severity: code(severity), details, trigger_at }
}

pub(super) fn said(view: MessageView) -> Said {
    let MessageView { message, role, content, at, position, agent, hidden, withheld, shown } = view;
    let (id, role, agent) = (message.to_string(), role.as_str().to_owned(), text(agent));
    Said { position, id, role, content, at, agent, hidden, withheld, shown }
}

pub(super) fn entry(view: AuditEntry) -> Entry {
    // The target is what was asked for.
    let AuditEntry { position, at, actor, event_type, target: _, status_from, status_to, details } = view;
    Entry { position, at, actor, event_type, status_from: text(status_from), status_to: text(status_to), details }
}

pub(super) fn row(view: SessionSummary) -> Row {
    let SessionSummary {
        session,
        visitor,
        name,
        status,
        updated_at,
        last_message,
        escalation,
        waiting_since,
        agent,
        position,
    } = view;
    Row {
        stream: stream(session),
        visitor: visitor.to_string(),
        name,
        status: status.to_string(),
        updated_at,
        last_message: last_message.map(|Preview { role, content, at }| (role.as_str().to_owned(), content, at)),
        escalation: escalation.map(|(reason, at)| (code(reason), at)),
        waiting_since,
        agent: text(agent),
        position,
    }
}

pub(super) fn figures(statistics: Statistics) -> Figures {
    let Statistics {
        total_sessions,
        by_status,
        active_sessions,
        avg_waiting_time,
        max_waiting_time,
        avg_service_time,
        active_agents,
        by_escalation_reason,
        today: Today { total_escalations, pending, serving },
    } = statistics;
    Figures {
        total_sessions,
        active_sessions,
        by_status: by_status.into_iter().map(|(status, count)| (status.to_string(), count)).collect(),
        avg_waiting_time,
        max_waiting_time,
        avg_service_time,
        active_agents,
        by_escalation_reason: by_escalation_reason.into_iter().map(|(reason, count)| (code(reason), count)).collect(),
        todays_escalations: total_escalations,
        pending,
        serving,
    }
}

pub(super) fn decided(decision: Decision) -> Decided {
    let Decision { position, at, reason, rule, severity, policy_version, evidence } = decision;
    let (reason, severity) = (code(reason), code(severity));
    let evidence = evidence.known().cloned();
    Decided { position, at, reason, rule, severity, policy_version: policy_version.into(), evidence }
}
