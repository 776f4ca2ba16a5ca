//! What routing knows of a session: that it waits, or who has it, or who had it last.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Moment, REST};
use crate::{
    id::{AgentId, OfferId},
    language::Language,
    session::{
        Event,
        event::{Escalated, OfferEnd, OfferExpired, OfferMade, ReturnReason, ReturnedToQueue},
        priority::PriorityClass,
    },
    text::Skill,
};

/// A session that routing has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Session {
    Waiting(Waiting),
    Live(Live),
    Served(Served),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The beginning of the first wait of this service: a session that comes back keeps it.
    pub(super) since: Timestamp,
    pub(super) class: PriorityClass,
    pub(super) group: Option<Skill>,
    /// `None` where nobody said.
    pub(super) language: Option<Language>,
}

/// It waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) wanted: Wanted,
    /// Who had it last.
    pub(super) served_by: Option<AgentId>,
    /// The event since which it waits without an offer.
    pub(super) cause: Uuid,
    pub(super) offer: Option<Offer>,
    passed: Vec<Passed>,
    /// To whom it is being offered: the event is not here yet. Not kept: a repeat has the same outcome.
    #[serde(skip)]
    pub(super) reserved_for: Option<AgentId>,
}

/// An open offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) offer: OfferId,
    pub(super) agent: AgentId,
    pub(super) made_by: Uuid,
    pub(super) made_at: Timestamp,
}

/// An agent who let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Passed {
    agent: AgentId,
    at: Timestamp,
}

/// A person has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) agent: AgentId,
    wanted: Wanted,
}

/// A person had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Served {
    pub(super) by: AgentId,
    pub(super) at: Timestamp,
}

impl Session {
    fn served_by(&self) -> Option<AgentId> {
        match self {
            Self::Waiting(waiting) => waiting.served_by,
            Self::Live(live) => Some(live.agent),
            Self::Served(served) => Some(served.by),
        }
    }
}

impl Waiting {
    fn new(wanted: Wanted, served_by: Option<AgentId>, moment: Moment) -> Self {
        Self { wanted, served_by, cause: moment.event, offer: None, passed: Vec::new(), reserved_for: None }
    }

    /// Whether the agent let it pass a moment ago.
    pub(super) fn was_passed_by(&self, agent: AgentId, now: Timestamp) -> bool {
        self.passed.iter().any(|passed| passed.agent == agent && passed.rests(now))
    }

    fn pass(&mut self, agent: AgentId, at: Timestamp) {
        self.passed.retain(|passed| passed.agent != agent && passed.rests(at));
        self.passed.push(Passed { agent, at });
    }

    fn offered(&mut self, made: &OfferMade, moment: Moment) {
        let OfferMade { offer, agent, .. } = *made;
        self.offer = Some(Offer { offer, agent, made_by: moment.event, made_at: moment.at });
        self.reserved_for = None;
    }

    fn offer_ended(&mut self, expired: &OfferExpired, moment: Moment) {
        let offer = self.offer.take();
        self.reserved_for = None;
        self.cause = moment.event;
        match (offer, expired.reason) {
            (Some(offer), OfferEnd::Declined | OfferEnd::Expired) => self.pass(offer.agent, moment.at),
            (Some(_), OfferEnd::Withdrawn) | (None, _) => {}
        }
    }
}

impl Passed {
    fn rests(self, now: Timestamp) -> bool {
        now.duration_since(self.at) < REST
    }
}

/// Folds an event into what is known of a session; whether that changed anything.
pub(super) fn fold(row: &mut Option<Session>, event: &Event, moment: Moment) -> bool {
    match event {
        Event::Escalated(escalated) => *row = Some(escalated_from(row.as_ref(), escalated, moment)),
        Event::ReturnedToQueue(returned) => *row = Some(returned_from(row.take(), returned, moment)),
        Event::AgentTookOver(taken) => *row = Some(taken_by(taken.agent, row.take(), moment)),
        Event::Transferred(transferred) => *row = Some(taken_by(transferred.to, row.take(), moment)),
        Event::EscalationCancelled(_) | Event::AfterHoursNoticeGiven(_) | Event::Released(_) | Event::Closed(_) => {
            let served_by = row.take().and_then(|session| session.served_by());
            *row = served_by.map(|by| Session::Served(Served { by, at: moment.at }));
        }
        Event::OfferMade(_) | Event::OfferExpired(_) | Event::PriorityChanged(_) => {
            return row.as_mut().is_some_and(|session| change(session, event, moment));
        }
        Event::Opened(_)
        | Event::CustomerMessageSent(_)
        | Event::ContextStarted(_)
        | Event::AssistantRunStarted(_)
        | Event::AssistantReplied(_)
        | Event::AssistantAsked(_)
        | Event::AssistantFailed(_)
        | Event::AssistantReplyWithheld(_)
        | Event::AgentMessageSent(_)
        | Event::NoticeGiven(_)
        | Event::TransferRequested(_)
        | Event::TransferAccepted(_)
        | Event::TransferDeclined(_)
        // The takeover follows, in the same append.
        | Event::OfferAccepted(_)
        | Event::MailRequested(_)
        | Event::MailSent(_)
        | Event::MailFailed(_)
        | Event::ProfileChanged(_)
        | Event::NoteAdded(_)
        | Event::NoteEdited(_)
        | Event::NoteRemoved(_)
        | Event::TagsChanged(_)
        | Event::RatingGiven(_)
        | Event::Reopened(_)
        | Event::CommandConfirmed(_) => return false,
    }
    true
}

fn change(session: &mut Session, event: &Event, moment: Moment) -> bool {
    match (session, event) {
        (Session::Waiting(waiting), Event::OfferMade(made)) => waiting.offered(made, moment),
        (Session::Waiting(waiting), Event::OfferExpired(expired)) => waiting.offer_ended(expired, moment),
        (Session::Waiting(Waiting { wanted, .. }) | Session::Live(Live { wanted, .. }), Event::PriorityChanged(p)) => {
            wanted.class = p.class;
        }
        _not_waiting => return false,
    }
    true
}

fn escalated_from(row: Option<&Session>, escalated: &Escalated, moment: Moment) -> Session {
    let wanted = Wanted {
        since: moment.at,
        class: escalated.class,
        group: escalated.group.clone(),
        language: Some(escalated.language),
    };
    Session::Waiting(Waiting::new(wanted, row.and_then(Session::served_by), moment))
}

/// Who gave it away is not asked first, but rests; who was lost is asked first once back.
fn returned_from(row: Option<Session>, returned: &ReturnedToQueue, moment: Moment) -> Session {
    let mut wanted = wanted_of(row, moment);
    if returned.group.is_some() {
        wanted.group.clone_from(&returned.group);
    }
    match returned.reason {
        ReturnReason::AgentLost => Session::Waiting(Waiting::new(wanted, Some(returned.agent), moment)),
        ReturnReason::HandedBack | ReturnReason::Transferred => {
            let mut waiting = Waiting::new(wanted, None, moment);
            waiting.pass(returned.agent, moment.at);
            Session::Waiting(waiting)
        }
    }
}

fn taken_by(agent: AgentId, row: Option<Session>, moment: Moment) -> Session {
    Session::Live(Live { agent, wanted: wanted_of(row, moment) })
}

/// Of a session that was taken without having waited nothing is asked for.
fn wanted_of(row: Option<Session>, moment: Moment) -> Wanted {
    match row {
        Some(Session::Waiting(Waiting { wanted, .. }) | Session::Live(Live { wanted, .. })) => wanted,
        Some(Session::Served(_)) | None => {
            Wanted { since: moment.at, class: PriorityClass::default(), group: None, language: None }
        }
    }
}
