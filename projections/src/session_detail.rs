//! The view of sessions: one row per session with everything the original's `SessionState` has, but for the messages.
//!
//! Invariants: the row's status is the one that the domain's fold gives (a property test); an escalation is gone as soon as
//! the session is released, cancelled or closed, and a wait is counted only while the session waits.

mod row;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use async_trait::async_trait;
use domain::{
    AgentId, ContextId, Language, SessionId, VisitorId,
    session::{
        Event, Status,
        event::{AssistantReplied, Escalated, EscalationReason, Opened, Outcome, Severity},
    },
};
use event_store::{
    Position,
    sql::{SqlError, Transaction},
};
use jiff::Timestamp;

use row::Kept;

use crate::{
    fact::Fact,
    reading::Reading,
    rows,
    view::View,
    views::{Views, ViewsError},
};

/// A session as staff sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Its id.
    pub session: SessionId,
    /// Whose it is.
    pub visitor: VisitorId,
    /// What the client calls it; `None` once erased.
    pub name: Option<String>,
    /// Who has it.
    pub status: Status,
    /// What the assistant remembers: `conversation_id` on the wire.
    pub context: ContextId,
    /// The language of the customer's last message.
    pub language: Option<Language>,
    /// Episodes so far.
    pub episode: u32,
    /// Why a person was wanted, until the session is released, cancelled or closed.
    pub escalation: Option<EscalationView>,
    /// Who serves it, while it is live.
    pub agent: Option<AgentId>,
    /// Since when it waits for a person, while it does: the escalation, or the return to the queue.
    pub waiting_since: Option<Timestamp>,
    /// Since when the agent serves it, while one does.
    pub taken_over_at: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything last happened in it.
    pub updated_at: Timestamp,
    /// When a person last stopped serving it: a release, or a close while live.
    pub last_manual_end_at: Option<Timestamp>,
    /// Replies since the last good one in which the assistant did not know or was unavailable.
    pub ai_fail_count: u32,
    /// Position of its newest event.
    pub position: Position,
    /// Position of its newest message that was not withheld.
    pub(crate) last_message: Option<Position>,
    /// Messages up to here are hidden from the customer: the last time that the screen was cleared.
    pub cleared_at: Position,
}

/// An escalation that is not over.
#[derive(Clone, PartialEq, Eq)]
pub struct EscalationView {
    /// On the wire.
    pub reason: EscalationReason,
    /// The policy's rule that fired.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// What the rule saw, for staff only; `None` once erased.
    pub details: Option<String>,
    /// When it was asked for; asking again does not restart it.
    pub trigger_at: Timestamp,
}

impl fmt::Debug for SessionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("SessionView");
        session.field("session", &self.session).field("status", &self.status).field("position", &self.position);
        session.finish_non_exhaustive()
    }
}

impl fmt::Debug for EscalationView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EscalationView").field("reason", &self.reason).field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl Reading {
    /// A session by id.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&mut self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        let rows = self.rows.fetch(BY_ID, &[(&*session.to_string()).into()]).await?;
        Ok(rows.first().map(SessionView::from_row).transpose()?)
    }
}

impl Views {
    /// [`Reading::session`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        self.reading().await?.session(session).await
    }

    /// The sessions with exactly this name, oldest first: names are unique per visitor only.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn find_by_name(&self, name: &str) -> Result<Vec<SessionId>, ViewsError> {
        let rows = self.database().fetch(BY_NAME, &[name.into()]).await?;
        Ok(rows.iter().map(|row| rows::id(row, 0)).collect::<Result<_, _>>()?)
    }
}

/// The view.
#[derive(Debug)]
pub struct SessionsView;

const SCHEMA: &[&str] = &[include_str!("sql/session.sql")];
const INDEXES: &[&str] = &[
    // Staff address sessions by name.
    "create index if not exists session_by_name on session (name)",
    // The list, newest first, whole or of one status.
    "create index if not exists session_by_time on session (updated_at)",
    "create index if not exists session_by_status on session (status, updated_at)",
];
const SELECT: &str = include_str!("sql/session_select.sql");
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
const INSERT: &str = include_str!("sql/session_insert.sql");
const REPLACE: &str = include_str!("sql/session_replace.sql");
const BY_ID: &str = include_str!("sql/session_by_id.sql");
const BY_NAME: &str = "select id from session where name = $1 order by created_at, id";

#[async_trait]
impl View for SessionsView {
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

    async fn apply(&self, tx: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError> {
        let mut sessions = load(tx, facts).await?;
        for fact in facts {
            fold(&mut sessions, fact);
        }
        let kept: Vec<Kept> = sessions.values().map(Kept::of).collect();
        let values: Vec<_> = sessions.values().zip(&kept).map(|(session, kept)| kept.values(session)).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await
    }
}

type Sessions = BTreeMap<SessionId, SessionView>;

async fn load(tx: &mut Transaction, facts: &[Fact]) -> Result<Sessions, SqlError> {
    let ids: BTreeSet<SessionId> = facts.iter().map(|fact| fact.session).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = rows::with_ids(tx, SELECT, &ids).await?;
    let sessions = found.iter().map(SessionView::from_row).map(|view| view.map(|view| (view.session, view)));
    sessions.collect()
}

fn fold(sessions: &mut Sessions, fact: &Fact) {
    match (sessions.get_mut(&fact.session), &fact.event) {
        (Some(session), _) if fact.position() <= session.position => {}
        (Some(session), _) => session.apply(fact),
        (None, Event::Opened(opened)) => drop(sessions.insert(fact.session, SessionView::opened(fact, opened))),
        // As in the domain's fold: before it is opened a session does not exist.
        (None, _) => {}
    }
}

impl SessionView {
    fn opened(fact: &Fact, opened: &Opened) -> Self {
        let at = fact.recorded.recorded_at;
        Self {
            session: fact.session,
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
            position: fact.position(),
            last_message: None,
            cleared_at: Position::START,
        }
    }

    fn apply(&mut self, fact: &Fact) {
        self.position = fact.position();
        if matches!(fact.event, Event::CommandConfirmed(_)) {
            return;
        }
        self.updated_at = fact.recorded.recorded_at;
        if let Some(status) = fact.status_after(Some(self.status)).filter(|status| *status != self.status) {
            self.move_to(status, self.updated_at);
        }
        self.take_in(fact);
    }

    /// What every change of status brings, whichever event made it.
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

    fn take_in(&mut self, fact: &Fact) {
        match &fact.event {
            Event::CustomerMessageSent(sent) => {
                self.episode = sent.episode;
                self.language = Some(sent.language);
                self.last_message = Some(fact.position());
            }
            Event::ContextStarted(started) => {
                self.context = started.context;
                if started.cleared {
                    self.cleared_at = fact.position();
                }
            }
            Event::AssistantReplied(replied) => self.hear_assistant(replied, fact.position()),
            Event::Escalated(escalated) => self.escalation = Some(EscalationView::of(escalated, self.updated_at)),
            Event::AgentTookOver(taken) => self.agent = Some(taken.agent),
            Event::Opened(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// A failed run ends in a reply of the house's own, `Unavailable`; so replies alone are counted, each failure once.
    fn hear_assistant(&mut self, replied: &AssistantReplied, position: Position) {
        self.last_message = Some(position);
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
