//! How the events of a session begin, change and end services.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{
    AgentId, SessionId,
    session::{
        Event,
        event::{ReturnReason, ReturnedToQueue},
    },
};
use event_store::sql::{SqlError, Transaction, Value};
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;

use super::{COLUMNS, ServiceEnd, ServiceStart, ServiceView};
use crate::{projection::Projection, rows};

/// Folds the services of sessions.
#[derive(Debug)]
pub struct ServicesProjection;

const SCHEMA: &[&str] = &[
    include_str!("../sql/service.sql"),
    // A session's services: to fold, and to show them.
    "create index service_by_session on service (session, began)",
];
const INDEXES: &[&str] = &[
    // An agent's figures of a day.
    "create index if not exists service_by_agent on service (agent, ended_at)",
    // The last ones.
    "create index if not exists service_by_end on service (ended_at, began) where ended_at is not null",
];
const PLAIN: &[&str] = &["session", "agent", "began_by", "ended_by"];
const INSERT: &str = "insert into service (began, session, agent, began_at, began_by, ended_at, ended_by,
    first_message_at, asked_at, answers, answer_time, position)";
const REPLACE: &str = "on conflict (began) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by,
    first_message_at = excluded.first_message_at, asked_at = excluded.asked_at, answers = excluded.answers,
    answer_time = excluded.answer_time, position = excluded.position where excluded.position > service.position";

#[async_trait]
impl Projection for ServicesProjection {
    fn name(&self) -> &'static str {
        "service"
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
        let mut services = Services::load(tx, events).await?;
        for decoded in events {
            if let Some((session, event)) = decoded.event().session() {
                services.take(session, decoded, event);
            }
        }
        let rows: Vec<RowTexts<'_>> = services.all().map(RowTexts::of).collect();
        let values: Vec<_> = rows.iter().map(RowTexts::values).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await
    }
}

/// The newest service of each session of a batch, if it was not over before it, and those that the batch ended.
#[derive(Default)]
struct Services {
    newest: BTreeMap<SessionId, ServiceView>,
    over: Vec<ServiceView>,
}

impl Services {
    async fn load(tx: &mut Transaction, events: &[Decoded]) -> Result<Self, SqlError> {
        let ids: BTreeSet<SessionId> = events.iter().filter_map(|event| Some(event.event().session()?.0)).collect();
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let found = rows::with_ids(tx, COLUMNS, "ended_at is null and session", &ids).await?;
        let open = found.iter().map(ServiceView::from_row).map(|one| one.map(|one| (one.session, one)));
        Ok(Self { newest: open.collect::<Result<_, _>>()?, over: Vec::new() })
    }

    fn all(&self) -> impl Iterator<Item = &ServiceView> {
        self.over.iter().chain(self.newest.values())
    }

    fn take(&mut self, session: SessionId, decoded: &Decoded, event: &Event) {
        let newest = self.newest.get_mut(&session);
        if newest.as_ref().is_some_and(|newest| newest.position >= decoded.position()) {
            return;
        }
        if let Some(newest) = newest.filter(|newest| newest.ended.is_none()) {
            newest.apply(decoded, event);
        }
        let begun = match event {
            Event::AgentTookOver(taken) => Some((taken.agent, ServiceStart::TookOver)),
            Event::Transferred(given) => Some((given.to, ServiceStart::Transferred)),
            _nobody_gets_it => None,
        };
        if let Some((agent, how)) = begun {
            self.over.extend(self.newest.insert(session, ServiceView::begun(session, agent, how, decoded)));
        }
    }
}

impl ServiceView {
    fn begun(session: SessionId, agent: AgentId, began_by: ServiceStart, decoded: &Decoded) -> Self {
        Self {
            began: decoded.position(),
            session,
            agent,
            began_at: decoded.recorded().recorded_at,
            began_by,
            ended: None,
            first_message_at: None,
            asked_at: None,
            answers: 0,
            answer_time: SignedDuration::ZERO,
            position: decoded.position(),
        }
    }

    fn apply(&mut self, decoded: &Decoded, event: &Event) {
        let at = decoded.recorded().recorded_at;
        match event {
            Event::CustomerMessageSent(_) => self.asked_at = self.asked_at.or(Some(at)),
            Event::AgentMessageSent(_) => self.answer(at),
            Event::Transferred(_) => self.ended = Some((ServiceEnd::Transferred, at)),
            Event::Released(_) => self.ended = Some((ServiceEnd::Released, at)),
            Event::Closed(_) => self.ended = Some((ServiceEnd::Closed, at)),
            Event::ReturnedToQueue(returned) => self.ended = Some((ServiceEnd::of(returned), at)),
            Event::Opened(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
            | Event::NoticeGiven(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::OfferMade(_)
            | Event::OfferAccepted(_)
            | Event::OfferExpired(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => return,
        }
        self.position = decoded.position();
    }

    fn answer(&mut self, at: Timestamp) {
        self.first_message_at = self.first_message_at.or(Some(at));
        if let Some(asked_at) = self.asked_at.take() {
            self.answers += 1;
            // A clock may have been set back meanwhile.
            self.answer_time += at.duration_since(asked_at).max(SignedDuration::ZERO);
        }
    }
}

impl ServiceEnd {
    fn of(returned: &ReturnedToQueue) -> Self {
        match returned.reason {
            ReturnReason::AgentLost => Self::AgentLost,
            ReturnReason::HandedBack => Self::HandedBack,
            ReturnReason::Transferred => Self::TransferredToGroup,
        }
    }
}

/// A service with the columns that are stored as texts, for the statement's values to borrow.
struct RowTexts<'a> {
    service: &'a ServiceView,
    ids: [String; 2],
    began_by: String,
    ended_by: Option<String>,
}

impl<'a> RowTexts<'a> {
    fn of(service: &'a ServiceView) -> Self {
        Self {
            service,
            ids: [service.session.to_string(), service.agent.to_string()],
            began_by: rows::code(&service.began_by),
            ended_by: service.ended.map(|(how, _)| rows::code(&how)),
        }
    }

    /// In the order of [`INSERT`].
    fn values(&self) -> Vec<Value<'_>> {
        let service = self.service;
        let us = |time: Option<Timestamp>| Value::Int(time.map(Timestamp::as_microsecond));
        let answer_time = i64::try_from(service.answer_time.as_micros()).unwrap_or(i64::MAX);
        vec![
            service.began.0.into(),
            (&*self.ids[0]).into(),
            (&*self.ids[1]).into(),
            us(Some(service.began_at)),
            (&*self.began_by).into(),
            us(service.ended.map(|(_, at)| at)),
            self.ended_by.as_deref().into(),
            us(service.first_message_at),
            us(service.asked_at),
            service.answers.into(),
            answer_time.into(),
            service.position.0.into(),
        ]
    }
}
