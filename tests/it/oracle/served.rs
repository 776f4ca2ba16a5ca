//! Answers of the views in the types of the oracle, for comparison.
//!
//! Invariant: structs are destructured completely, so that a new field is compared or does not compile.

use std::collections::BTreeMap;

use event_store::StreamName;
use projections::{
    AgentToday, AttemptView, AuditEntry, EscalationSummary, EscalationView, MailView, MessageView, OfferView, Preview,
    QueueEntry, QueuePlace, QuickReplyView, RatingView, ServiceView, SessionCounts, SessionSummary, SessionView,
    Statistics, Today, TransferView, Usage, as_of::Decision,
};
use serde::Serialize;
use serde_json::json;
use tests::oracle::{
    self, Attempt, Counts, Decided, Entry, Escalation, Figures, InQueue, Mail, Newest, Offer, QuickReply, Rating, Row,
    Said, Service, Shown, Transfer,
};

/// The name on the wire of a value of a closed set.
pub(super) fn code(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

pub(super) fn text(value: Option<impl ToString>) -> Option<String> {
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
        first_waiting_at: view.first_waiting_at,
        taken_over_at: view.taken_over_at,
        live_since: view.live_since,
        class: code(view.class),
        group: view.group.map(code),
        offer: view.offer.map(offer),
        transfer: view.transfer.map(transfer),
        mail: view.mail.map(mail),
        has_email: view.has_email,
        email: view.email,
        created_at: view.created_at,
        updated_at: view.updated_at,
        last_manual_end_at: view.last_manual_end_at,
        ai_fail_count: view.ai_fail_count.into(),
        position: view.position,
        cleared_at: view.cleared_at,
        tags: view.tags.into_iter().map(code).collect(),
        notes: view.notes,
        rating: view.rating.map(rating),
        parameters: view.parameters.map(|(parameters, position)| (parameters.into(), position)),
    }
}

fn escalation(view: EscalationView) -> Escalation {
    let EscalationView { reason, rule, severity, details, trigger_at } = view;
    Escalation { reason: code(reason), rule, severity: code(severity), details, trigger_at }
}

pub(super) fn offer(view: OfferView) -> Offer {
    let OfferView { offer, agent, expires_at } = view;
    Offer { offer: offer.to_string(), agent: agent.to_string(), expires_at }
}

pub(super) fn transfer(view: TransferView) -> Transfer {
    let TransferView { transfer, from, to, expires_at, reason } = view;
    Transfer { transfer: transfer.to_string(), from: from.to_string(), to: json!(to), expires_at, reason }
}

fn mail(view: MailView) -> Mail {
    let MailView { mail, status, at, failure } = view;
    Mail { mail: mail.to_string(), status: code(status), at, failure: failure.map(code) }
}

pub(super) fn service(view: ServiceView) -> Service {
    let ServiceView {
        began,
        session,
        agent,
        began_at,
        began_by,
        ended,
        first_message_at,
        asked_at,
        answers,
        answer_time,
        position,
    } = view;
    Service {
        began,
        stream: stream(session),
        agent: agent.to_string(),
        began_at,
        began_by: code(began_by),
        ended: ended.map(|(how, at)| (code(how), at)),
        first_message_at,
        asked_at,
        answers,
        answer_micros: answer_time.as_micros().try_into().unwrap(),
        position,
    }
}

pub(super) fn in_queue(view: QueueEntry) -> InQueue {
    let QueueEntry { place: QueuePlace { position, class, waited, estimated_wait }, session } = view;
    InQueue {
        position,
        class: code(class),
        waited_nanos: waited.as_nanos(),
        estimated_seconds: estimated_wait.map(|wait| wait.as_secs()),
        row: row(session),
    }
}

pub(super) fn today(view: AgentToday) -> oracle::Today {
    let AgentToday { processed_count, avg_response_time, avg_duration } = view;
    oracle::Today { processed_count, avg_response_time, avg_duration }
}

pub(super) fn said(view: MessageView) -> Said {
    let MessageView { message, role, content, notice, at, position, agent, hidden, withheld, shown, suggestions } =
        view;
    let (id, role, agent) = (message.to_string(), role.as_str().to_owned(), text(agent));
    let notice = notice.map(|notice| json!(notice));
    Said { position, id, role, content, notice, at, agent, hidden, withheld, shown, suggestions }
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
        class,
        group,
        agent,
        tags,
        notes,
        rating: asked,
        position,
    } = view;
    Row {
        stream: stream(session),
        visitor: visitor.to_string(),
        name,
        status: status.to_string(),
        updated_at,
        last_message: last_message.map(newest),
        escalation: escalation.map(|EscalationSummary { reason, rule, severity, trigger_at }| {
            (code(reason), rule, code(severity), trigger_at)
        }),
        waiting_since,
        class: code(class),
        group: group.map(code),
        agent: text(agent),
        position,
        tags: tags.into_iter().map(code).collect(),
        notes,
        rating: asked.map(rating),
    }
}

fn rating(view: RatingView) -> Rating {
    let RatingView { asked_at, open_until, score, comment } = view;
    Rating { asked_at, open_until, score: score.map(|score| u8::from(score).into()), comment }
}

fn newest(view: Preview) -> Newest {
    let Preview { role, content, notice, at } = view;
    Newest { role: role.as_str().to_owned(), content, notice: notice.map(|notice| json!(notice)), at }
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

pub(super) fn attempt(view: AttemptView) -> Attempt {
    let AttemptView {
        began,
        run,
        attempt,
        session,
        assistant,
        variant,
        began_at,
        ended,
        failure,
        error_code,
        tokens,
        cost,
        position,
    } = view;
    Attempt {
        began,
        run: run.to_string(),
        attempt: attempt.into(),
        stream: stream(session),
        assistant,
        variant,
        began_at,
        ended: ended.map(|(end, at)| (code(end), at)),
        failure: failure.map(code),
        error_code,
        tokens: tokens.map(|tokens| (tokens.input, tokens.output)),
        cost: cost.map(|cost| (cost.micros, cost.currency)),
        position,
    }
}

/// Figures of the oracle that `Usage` has.
pub(super) fn usage(view: Usage) -> serde_json::Value {
    let Usage {
        day,
        assistant,
        variant,
        session,
        run,
        attempts,
        answered,
        offered,
        does_not_know,
        hands_over,
        failed,
        withheld,
        tokens,
        cost,
        p50,
        p99,
    } = view;
    let group = oracle::Group { day, assistant, variant, stream: session.map(stream), run: text(run) };
    let cost: BTreeMap<String, u64> = cost.into_iter().map(|cost| (cost.currency, cost.micros)).collect();
    json!({
        "group": group,
        "attempts": attempts,
        "ended": [answered, offered, does_not_know, hands_over, failed, withheld],
        "tokens": (tokens.input, tokens.output),
        "cost": cost,
        "p50_micros": p50.map(|p50| p50.as_micros()),
        "p99_micros": p99.map(|p99| p99.as_micros()),
    })
}

pub(super) fn counts(view: SessionCounts) -> Counts {
    let SessionCounts { mine, queue, live, after_hours, all } = view;
    let [mine, queue, live, after_hours, all] =
        [mine, queue, live, after_hours, all].map(|count| usize::try_from(count).unwrap());
    Counts { mine, queue, live, after_hours, all }
}

/// Those that are not as the program brings them, and how often each was sent that was.
pub(super) fn quick_replies(views: Vec<QuickReplyView>) -> (Vec<QuickReply>, BTreeMap<String, u64>) {
    let sent = views.iter().filter(|view| view.uses > 0);
    let uses = sent.map(|view| (view.reply.to_string(), view.uses)).collect();
    let mut written: Vec<QuickReply> = views.into_iter().filter_map(quick_reply).collect();
    written.sort_by(|one, other| one.id.cmp(&other.id));
    (written, uses)
}

fn quick_reply(view: QuickReplyView) -> Option<QuickReply> {
    let QuickReplyView { reply, owner, words, category, language, version, updated_at, uses: _ } = view;
    Some(QuickReply {
        id: reply.to_string(),
        owner: text(owner),
        title: words.title.as_str().to_owned(),
        content: words.content.as_str().to_owned(),
        category,
        language: code(language),
        version: version.into(),
        updated_at: updated_at?,
    })
}
