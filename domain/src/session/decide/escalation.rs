//! A person is needed, or is not any more.
//!
//! Invariants: escalating twice neither restarts the wait nor changes its reason. While nobody works the customer is told so once
//! for each time that the shop is closed, the team gets a mail, and the assistant goes on; danger waits for a person all the same.

use jiff::Timestamp;

use crate::{
    calendar::Hours,
    id::{MailId, MessageId},
    language::Language,
    personal::Personal,
    policy::{Firing, Rule},
    session::{
        command::{Circumstances, Escalate},
        decide::{Decision, invalid, notice, only_while, open, queue::withdrawn, unanswered},
        event::{
            AfterHoursNoticeGiven, CancelReason, Escalated, EscalationCancelled, EscalationReason, Event, Evidence,
            MailKind, MailRequested, Reopened, Severity,
        },
        notice::Notice,
        priority::PriorityClass,
        rejection::Rejection,
        state::{Phase, Session, State},
        status::Status,
    },
    text::Skill,
};

/// The rule under which sessions enter the queue when the shop opens.
const OPENING_TIME: &str = "opening_time";

impl Circumstances {
    /// The id of a notice.
    pub(super) fn notice(&self, which: &str) -> MessageId {
        notice_of(self.mail, which)
    }
}

fn notice_of(mail: MailId, which: &str) -> MessageId {
    MessageId(uuid::Uuid::new_v5(&mail.0, which.as_bytes()))
}

/// A customer whose first act it is to ask for a person.
pub(super) fn first_request(request: Escalate) -> Decision {
    let Some(opening) = request.opening.clone() else { return Err(Rejection::NoSession) };
    let opened = open(opening);
    after(&State::New, opened, request)
}

pub(super) fn request(session: &Session, request: Escalate) -> Decision {
    match session.phase {
        Phase::PendingManual => Ok(Vec::new()),
        Phase::ManualLive { .. } => Err(Rejection::ManualInProgress),
        Phase::Closed if request.opening.is_some() => {
            after(&State::Open(session.clone()), Event::Reopened(Reopened {}), request)
        }
        Phase::Closed => invalid(session),
        Phase::AfterHoursEmail if is_closed(&request.firing, &request.circumstances) => Ok(Vec::new()),
        Phase::BotActive | Phase::AfterHoursEmail => {
            let spoken = in_language(session, request.language);
            Ok(escalated(&spoken, request.firing, &request.circumstances))
        }
    }
}

/// The event that makes the session one of the assistant, and the escalation.
fn after(state: &State, event: Event, request: Escalate) -> Decision {
    let state = state.clone().evolve(&event);
    let session = in_language(state.session().expect("the event opened it"), request.language);
    let mut events = vec![event];
    events.extend(escalated(&session, request.firing, &request.circumstances));
    Ok(events)
}

fn in_language(session: &Session, page: Option<Language>) -> Session {
    Session { language: session.language.or(page), ..session.clone() }
}

fn is_closed(firing: &Firing, circumstances: &Circumstances) -> bool {
    matches!(circumstances.hours(firing.group.as_ref()), Hours::Closed { .. })
}

impl Circumstances {
    fn hours(&self, group: Option<&Skill>) -> Hours {
        self.calendars.hours(group, self.at)
    }
}

/// A rule fired while the assistant has the session.
pub(super) fn escalated(session: &Session, firing: Firing, circumstances: &Circumstances) -> Vec<Event> {
    let hours = circumstances.hours(firing.group.as_ref());
    let is_danger = firing.rule == Rule::R0;
    let mut events = vec![escalation(session, firing, circumstances.policy.version())];
    match hours {
        Hours::Closed { opens_at } if !is_danger => {
            events.extend(after_hours(session, opens_at, false, circumstances.mail));
        }
        Hours::Closed { .. } => {
            events.push(notice(session, circumstances.notice("queued"), Notice::Queued));
            events.push(mail(circumstances.mail));
        }
        Hours::Open { .. } => events.push(notice(session, circumstances.notice("queued"), Notice::Queued)),
    }
    events
}

fn escalation(session: &Session, firing: Firing, policy_version: u32) -> Event {
    let Firing { rule, reason, severity, class, group, details } = firing;
    Event::Escalated(Escalated {
        reason,
        rule: rule.as_str().to_owned(),
        severity,
        policy_version,
        // Urgent words may have come before the rule.
        class: class.min(session.class),
        group,
        language: session.language.unwrap_or_default(),
        messages: unanswered(session),
        evidence: Personal::Known(Evidence { details }),
    })
}

/// Nobody works, or nobody came: the customer hears it once until the shop opens, and so does the team.
fn after_hours(session: &Session, opens_at: Option<Timestamp>, is_open: bool, mail_id: MailId) -> Vec<Event> {
    let mut events = vec![Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at })];
    if session.told_closed_until != Some(opens_at) {
        let asks_for_email = !session.was_asked_for_email && !session.has_email;
        let told = if is_open {
            Notice::NobodyFree { opens_at, asks_for_email }
        } else {
            Notice::AfterHours { opens_at, asks_for_email }
        };
        events.push(notice(session, notice_of(mail_id, "after_hours"), told));
        events.push(mail(mail_id));
    }
    events
}

fn mail(mail: MailId) -> Event {
    Event::MailRequested(MailRequested { mail, kind: MailKind::Escalation })
}

/// The shop opens.
pub(super) fn enter_queue(session: &Session, policy_version: u32) -> Vec<Event> {
    if session.phase != Phase::AfterHoursEmail {
        return Vec::new();
    }
    vec![Event::Escalated(Escalated {
        reason: session.escalation.as_ref().map_or(EscalationReason::Manual, |escalation| escalation.reason),
        rule: OPENING_TIME.to_owned(),
        severity: session.escalation.as_ref().map_or(Severity::Low, |escalation| escalation.severity),
        policy_version,
        class: session.class,
        group: session.group.clone(),
        language: session.language.unwrap_or_default(),
        messages: unanswered(session),
        evidence: Personal::Known(Evidence { details: String::new() }),
    })]
}

/// Danger stays in the queue where nobody came in time.
pub(super) fn cancel(session: &Session, reason: CancelReason, notice_id: MessageId) -> Decision {
    if reason == CancelReason::NobodyCame && session.class == PriorityClass::Danger {
        return Ok(Vec::new());
    }
    let told = match reason {
        CancelReason::Cancelled => Notice::EscalationCancelled,
        CancelReason::NobodyCame => Notice::NobodyCame,
    };
    let mut events = withdrawn(session);
    events.push(notice(session, notice_id, told));
    events.push(Event::EscalationCancelled(EscalationCancelled { reason }));
    only_while(session, &[Status::PendingManual, Status::AfterHoursEmail], events)
}

/// Nobody came in time, or nobody works: the team gets a mail instead. Danger stays in the queue.
pub(super) fn give_after_hours_notice(
    session: &Session,
    opens_at: Option<Timestamp>,
    is_open: bool,
    mail_id: MailId,
) -> Decision {
    if session.phase == Phase::AfterHoursEmail || session.class == PriorityClass::Danger {
        return Ok(Vec::new());
    }
    let mut events = withdrawn(session);
    events.extend(after_hours(session, opens_at, is_open, mail_id));
    only_while(session, &[Status::BotActive, Status::PendingManual], events)
}
