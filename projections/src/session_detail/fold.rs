//! How the events of a session change its row.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{
    SessionId,
    session::{
        Event, Status,
        event::{AssistantReplied, Escalated, Opened, Outcome},
    },
};
use event_store::{
    Position,
    sql::{SqlError, Transaction},
};
use jiff::Timestamp;
use journal::Decoded;

use super::{
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
    // The list, newest first, whole or of one status.
    "create index if not exists session_by_time on session (updated_at)",
    "create index if not exists session_by_status on session (status, updated_at)",
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
];
const INSERT: &str = include_str!("../sql/session_insert.sql");
const REPLACE: &str = include_str!("../sql/session_replace.sql");

#[async_trait]
impl Projection for SessionsProjection {
    fn name(&self) -> &'static str {
        "session"
    }

    fn version(&self) -> u32 {
        1
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
    let found = rows::with_ids(tx, SELECT, &ids).await?;
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
        }
        self.agent = None;
        self.taken_over_at = (status == Status::ManualLive).then_some(at);
        self.waiting_since = (status == Status::PendingManual).then_some(at);
        self.status = status;
    }

    /// What an event changes beside the status; the position is its own already.
    fn note(&mut self, event: &Event) {
        match event {
            Event::CustomerMessageSent(sent) => {
                self.episode = sent.episode;
                self.language = Some(sent.language);
                self.last_message = Some(self.position);
            }
            Event::ContextStarted(started) => {
                self.context = started.context;
                if started.cleared {
                    self.cleared_at = self.position;
                }
            }
            Event::AssistantReplied(replied) => self.note_reply(replied),
            Event::Escalated(escalated) => self.escalation = Some(EscalationView::of(escalated, self.updated_at)),
            Event::AgentTookOver(taken) => self.agent = Some(taken.agent),
            Event::Opened(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentMessageSent(_)
            | Event::NoticeGiven(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::Transferred(_)
            | Event::OfferMade(_)
            | Event::OfferAccepted(_)
            | Event::OfferExpired(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// A failed run ends in the fallback reply, whose outcome is `Unavailable`; so only replies are counted, each failure once.
    fn note_reply(&mut self, replied: &AssistantReplied) {
        self.last_message = Some(self.position);
        self.ai_fail_count = match replied.outcome {
            Outcome::Answered => 0,
            Outcome::DoesNotKnow | Outcome::Unavailable => self.ai_fail_count + 1,
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
