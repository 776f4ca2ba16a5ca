//! How the events of a session change its row.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{
    AgentId, SessionId,
    session::{
        Event, Status,
        event::{AssistantReplied, CustomerMessageSent, Escalated, Opened, Outcome, TagsChanged},
        notice::Notice,
        priority::PriorityClass,
    },
};
use event_store::{
    Position,
    sql::{SqlError, Transaction},
};
use jiff::Timestamp;
use journal::Decoded;

use super::{
    hand_off::{MailStatus, OfferView, TransferView},
    rating::RatingView,
    row::RowTexts,
    view::{EscalationView, SessionView},
};
use crate::{projection::Projection, rows};

/// Folds the events of sessions.
#[derive(Debug)]
pub struct SessionsProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/session.sql")];
const INDEXES: &[&str] = &[
    // Staff address sessions by name.
    "create index if not exists session_by_name on session (name)",
    // A customer's other sessions.
    "create index if not exists session_by_visitor on session (visitor, created_at)",
    // The list, newest first, whole or of one status.
    "create index if not exists session_by_time on session (updated_at)",
    "create index if not exists session_by_status on session (status, updated_at)",
    // An agent's sessions, and everybody's load: only live sessions have one.
    "create index if not exists session_by_agent on session (agent) where agent is not null",
    // What waits for somebody's answer, by when it is over.
    "create index if not exists session_by_offer on session (offer_expires_at) where offer is not null",
    "create index if not exists session_by_transfer on session (transfer_expires_at) where transfer is not null",
];
const SELECT: &str = include_str!("../sql/session_select.sql");
const PLAIN: &[&str] = &[
    "id",
    "visitor",
    "status",
    "context",
    "language",
    "escalation_reason",
    "escalation_rule",
    "escalation_severity",
    "agent",
    "class",
    "skill_group",
    "mail",
    "mail_status",
    "mail_failure",
    "offer",
    "offer_agent",
    "transfer",
    "transfer_from",
    "transfer_to_agent",
    "transfer_to_group",
    "tags",
];
const INSERT: &str = include_str!("../sql/session_insert.sql");
const REPLACE: &str = include_str!("../sql/session_replace.sql");

#[async_trait]
impl Projection for SessionsProjection {
    fn name(&self) -> &'static str {
        "session"
    }

    fn version(&self) -> u32 {
        3
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let mut sessions = load(tx, events).await?;
        for event in events {
            fold(&mut sessions, event);
        }
        let texts: Vec<RowTexts> = sessions.values().map(RowTexts::of).collect();
        let values: Vec<_> = sessions.values().zip(&texts).map(|(session, texts)| texts.values(session)).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await
    }
}

type Sessions = BTreeMap<SessionId, SessionView>;

async fn load(tx: &mut Transaction, events: &[Decoded]) -> Result<Sessions, SqlError> {
    let ids: BTreeSet<SessionId> = events.iter().filter_map(|event| Some(event.event().session()?.0)).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = rows::with_ids(tx, SELECT, "id", &ids).await?;
    let sessions = found.iter().map(SessionView::from_row).map(|view| view.map(|view| (view.session, view)));
    sessions.collect()
}

fn fold(sessions: &mut Sessions, decoded: &Decoded) {
    let Some((id, event)) = decoded.opened_event().session() else { return };
    match (sessions.get_mut(&id), event) {
        (Some(session), _) if decoded.position() <= session.position => {}
        (Some(session), event) => session.apply(decoded, event),
        (None, Event::Opened(opened)) => drop(sessions.insert(id, SessionView::opened(id, decoded, opened))),
        // As in the domain's fold: before it is opened a session does not exist.
        (None, _) => {}
    }
}

impl SessionView {
    fn opened(session: SessionId, decoded: &Decoded, opened: &Opened) -> Self {
        let at = decoded.recorded().recorded_at;
        Self {
            session,
            visitor: opened.visitor,
            name: opened.name.known().map(|named| named.session_name.as_str().to_owned()),
            status: Status::BotActive,
            context: opened.context,
            language: None,
            episode: 0,
            escalation: None,
            agent: None,
            waiting_since: None,
            taken_over_at: None,
            created_at: at,
            updated_at: at,
            last_manual_end_at: None,
            ai_fail_count: 0,
            position: decoded.position(),
            last_message: None,
            cleared_at: Position::START,
            first_waiting_at: None,
            live_since: None,
            class: PriorityClass::default(),
            group: None,
            offer: None,
            transfer: None,
            mail: None,
            has_email: false,
            email: None,
            tags: BTreeSet::new(),
            notes: 0,
            rating: None,
            parameters: None,
        }
    }

    fn apply(&mut self, decoded: &Decoded, event: &Event) {
        self.position = decoded.position();
        if matches!(event, Event::CommandConfirmed(_)) {
            return;
        }
        self.updated_at = decoded.recorded().recorded_at;
        if let Some(status) = event.status_after(Some(self.status)).filter(|status| *status != self.status) {
            self.move_to(status, self.updated_at);
        }
        self.note(event);
    }

    /// What every change of status brings, whichever event caused it.
    fn move_to(&mut self, status: Status, at: Timestamp) {
        let ends_service = matches!(status, Status::BotActive | Status::Closed);
        if self.status == Status::ManualLive && ends_service {
            self.last_manual_end_at = Some(at);
        }
        if ends_service {
            self.escalation = None;
            self.class = PriorityClass::default();
            self.group = None;
        }
        self.first_waiting_at = match status {
            Status::PendingManual => self.first_waiting_at.or(Some(at)),
            Status::ManualLive => self.first_waiting_at,
            Status::BotActive | Status::AfterHoursEmail | Status::Closed => None,
        };
        self.waiting_since = self.first_waiting_at.filter(|_| status == Status::PendingManual);
        self.live_since = (status == Status::ManualLive).then_some(at);
        (self.agent, self.taken_over_at) = (None, None);
        self.status = status;
    }

    fn serve(&mut self, agent: AgentId) {
        (self.agent, self.taken_over_at) = (Some(agent), Some(self.updated_at));
    }

    /// What an event changes beside the status; the position is its own already.
    fn note(&mut self, event: &Event) {
        match event {
            Event::CustomerMessageSent(sent) => self.note_message(sent),
            Event::ContextStarted(started) => {
                self.context = started.context;
                if started.cleared {
                    self.cleared_at = self.position;
                }
            }
            Event::AssistantReplied(replied) => self.note_reply(replied),
            Event::Escalated(escalated) => self.note_escalation(escalated),
            Event::AgentTookOver(taken) => self.serve(taken.agent),
            Event::Transferred(transferred) => self.serve(transferred.to),
            Event::AgentMessageSent(_) => self.last_message = Some(self.position),
            Event::NoticeGiven(given) => self.note_notice(given.notice),
            Event::PriorityChanged(changed) => self.class = changed.class,
            Event::ReturnedToQueue(returned) => self.group.clone_from(&returned.group),
            Event::OfferMade(made) => self.offer = Some(OfferView::of(made)),
            Event::OfferAccepted(_) | Event::OfferExpired(_) => self.offer = None,
            Event::TransferRequested(requested) => self.transfer = Some(TransferView::of(requested)),
            Event::TransferAccepted(_) | Event::TransferDeclined(_) => self.transfer = None,
            Event::MailRequested(requested) => self.note_mail(requested.mail, MailStatus::Requested, None),
            Event::MailSent(sent) => self.note_mail(sent.mail, MailStatus::Sent, None),
            Event::MailFailed(failed) => self.note_mail(failed.mail, MailStatus::Failed, Some(failed.code)),
            Event::ProfileChanged(changed) => self.note_contact(changed),
            Event::NoteAdded(_) => self.notes += 1,
            Event::NoteRemoved(_) => self.notes = self.notes.saturating_sub(1),
            Event::TagsChanged(changed) => self.note_tags(changed),
            Event::RatingGiven(given) => self.rating.iter_mut().for_each(|rating| rating.give(given)),
            Event::Opened(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::NoteEdited(_)
            | Event::Released(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// A message without parameters says nothing about those of before.
    fn note_message(&mut self, sent: &CustomerMessageSent) {
        self.episode = sent.episode;
        self.language = Some(sent.language);
        self.last_message = Some(self.position);
        if let Some(words) = sent.words.known().filter(|words| !words.parameters.is_empty()) {
            self.parameters = Some((words.parameters.clone(), self.position));
        }
    }

    fn note_notice(&mut self, notice: Notice) {
        self.last_message = Some(self.position);
        if let Notice::RatingAsked { open_until } = notice {
            self.rating = Some(RatingView::asked(self.updated_at, open_until));
        }
    }

    fn note_tags(&mut self, changed: &TagsChanged) {
        self.tags.retain(|tag| !changed.removed.contains(tag));
        self.tags.extend(changed.added.iter().cloned());
    }

    fn note_escalation(&mut self, escalated: &Escalated) {
        self.escalation = Some(EscalationView::of(escalated, self.updated_at));
        self.class = escalated.class;
        self.group.clone_from(&escalated.group);
    }

    /// A failed run ends in the fallback reply, whose outcome is `Unavailable`; so only replies are counted, each failure once.
    fn note_reply(&mut self, replied: &AssistantReplied) {
        self.last_message = Some(self.position);
        self.ai_fail_count = match replied.outcome {
            Outcome::Answered | Outcome::Offered => 0,
            Outcome::DoesNotKnow | Outcome::CutOff | Outcome::Unavailable => self.ai_fail_count + 1,
            // Neither an answer nor a failure.
            Outcome::HandsOver | Outcome::Blocked => self.ai_fail_count,
        };
    }
}

impl EscalationView {
    fn of(escalated: &Escalated, at: Timestamp) -> Self {
        Self {
            reason: escalated.reason,
            rule: escalated.rule.clone(),
            severity: escalated.severity,
            details: escalated.evidence.known().map(|evidence| evidence.details.clone()),
            trigger_at: at,
        }
    }
}
