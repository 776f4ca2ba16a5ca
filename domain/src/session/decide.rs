//! The rules: from a state and a command to events, or a rejection. Pure; no events mean "valid, nothing to change".

mod assistant;
mod customer;
mod escalation;
mod mail;
mod notes;
mod ownership;
mod priority;
mod queue;
mod rating;
mod transfer;

use jiff::Timestamp;

use crate::{
    id::{ContextId, MessageId},
    personal::Personal,
    session::{
        command::{Command, Opening},
        event::{CloseReason, Closed, ContextStarted, Event, Named, NoticeGiven, Opened, Reopened},
        notice::Notice,
        rejection::Rejection,
        state::{Phase, Session, State},
        status::Status,
    },
};

pub use notes::MAX_TAGS;

type Decision = Result<Vec<Event>, Rejection>;

/// Decides a command.
///
/// # Errors
/// A rule refuses the command.
pub fn decide(state: &State, command: Command) -> Decision {
    match (state, command) {
        (State::New, Command::Open(opening) | Command::StartContext { opening, .. }) => Ok(vec![open(opening)]),
        (State::New, Command::SendMessage(message)) => customer::first_message(message),
        (State::New, Command::Escalate(request)) => escalation::first_request(request),
        (State::New, _) => Err(Rejection::NoSession),
        (State::Open(session), command) => decide_open(session, command),
    }
}

fn decide_open(session: &Session, command: Command) -> Decision {
    match command {
        Command::Open(_) => Ok(Vec::new()),
        Command::SendMessage(message) => customer::send_message(session, message),
        Command::StartContext { context, clear, .. } => Ok(start_context(session, context, clear)),
        Command::StartRun(start) => Ok(assistant::start_run(session, start)),
        Command::RetakeRun { attempt, start } => Ok(assistant::retake_run(session, attempt, start)),
        Command::NoteAsked { run, attempt, asked } => Ok(assistant::note_asked(run, attempt, asked)),
        Command::Reply(answer) => Ok(assistant::reply(session, answer)),
        Command::Fail(failure) => Ok(assistant::fail(session, failure)),
        Command::Escalate(request) => escalation::request(session, request),
        Command::EnterQueue { policy_version } => Ok(escalation::enter_queue(session, policy_version)),
        Command::CancelEscalation { reason, notice } => escalation::cancel(session, reason, notice),
        Command::GiveAfterHoursNotice { opens_at, is_open, mail } => {
            escalation::give_after_hours_notice(session, opens_at, is_open, mail)
        }
        Command::TakeOver { agent, from_any, notice } => ownership::take_over(session, agent, from_any, notice),
        Command::Steal { by, notice } => ownership::steal(session, by, notice),
        Command::SendAgentMessage(message) => ownership::send_message(session, message),
        Command::Transfer(transfer) => transfer::at_once(session, transfer),
        Command::RequestTransfer { transfer, request, expires_at } => {
            transfer::request(session, transfer, request, expires_at)
        }
        Command::AnswerTransfer { transfer, agent, groups, accept, notice } => {
            transfer::answer(session, transfer, &transfer::Answering { agent, groups, accept, notice })
        }
        Command::EndTransfer { transfer, reason, by } => transfer::end(session, transfer, reason, by),
        Command::MakeOffer { offer, agent, expires_at } => Ok(queue::make_offer(session, offer, agent, expires_at)),
        Command::EndOffer { offer, reason } => Ok(queue::end_offer(session, offer, reason)),
        Command::Release { by, reason, notice, at } => ownership::release(session, by, reason, notice, at),
        Command::ReturnToQueue { agent, reason, group, notice } => {
            ownership::return_to_queue(session, agent, reason, group, notice)
        }
        Command::RequestMail { mail, kind } => Ok(mail::request(session, mail, kind)),
        Command::RecordMail { mail, attempts, failure } => Ok(mail::record(session, mail, attempts, failure)),
        Command::Close { reason, notice, by, at } => ownership::close(session, reason, notice, by, at),
        Command::CloseIdle { last_written, notice, at } => Ok(close_idle(session, last_written, notice, at)),
        Command::AddNote(note) => Ok(notes::add(note)),
        Command::EditNote(edit) => notes::edit(session, edit),
        Command::RemoveNote { note, by, seen } => notes::remove(session, note, by, seen),
        Command::ChangeTags { add, remove } => notes::change_tags(session, add, remove),
        Command::SetPriority { class } => priority::set(session, class),
        Command::Rate { score, comment, at } => rating::give(session, score, comment, at),
        Command::Reopen => only_while(session, &[Status::Closed], vec![Event::Reopened(Reopened {})]),
    }
}

fn open(opening: Opening) -> Event {
    let Opening { visitor, name, context } = opening;
    Event::Opened(Opened { visitor, context, name: Personal::Known(Named { session_name: name }) })
}

fn start_context(session: &Session, context: ContextId, clear: bool) -> Vec<Event> {
    let anything_to_do = if clear { session.said_on_screen } else { session.said_in_context };
    if !anything_to_do {
        return Vec::new();
    }
    vec![Event::ContextStarted(ContextStarted { context, cleared: clear })]
}

/// Quiet where somebody wrote since the wait began, and where the session is not to be closed for it.
fn close_idle(session: &Session, last_written: Option<MessageId>, ending: MessageId, at: Timestamp) -> Vec<Event> {
    if session.last_written != last_written || !session.may_close_idle() {
        return Vec::new();
    }
    let mut events = queue::withdrawn(session);
    events.extend(rating::asked(session, ending, at));
    events.push(closed(session, CloseReason::Idle));
    events
}

fn closed(session: &Session, reason: CloseReason) -> Event {
    Event::Closed(Closed { reason, messages: unanswered(session) })
}

/// What the server tells the customer, in the language of the session.
fn notice(session: &Session, message: MessageId, notice: Notice) -> Event {
    Event::NoticeGiven(NoticeGiven { message, language: session.language.unwrap_or_default(), notice })
}

fn only_while(session: &Session, statuses: &[Status], events: Vec<Event>) -> Decision {
    if statuses.contains(&session.status()) { Ok(events) } else { invalid(session) }
}

fn invalid(session: &Session) -> Decision {
    Err(Rejection::InvalidStatus { status: session.status() })
}

/// Who has the session, if a person has.
fn owner(session: &Session) -> Result<crate::id::AgentId, Rejection> {
    match session.phase {
        Phase::ManualLive { agent } => Ok(agent),
        Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => {
            Err(Rejection::InvalidStatus { status: session.status() })
        }
    }
}

fn unanswered(session: &Session) -> Vec<MessageId> {
    session.unanswered().map(|waiting| waiting.message).collect()
}
