//! The rules: from a state and a command to events, or a rejection. Pure; no events mean "valid, nothing to change".

use crate::{
    id::{ContextId, MessageId},
    personal::Personal,
    session::{
        command::{Answer, Command, Escalate, Failure, Opening, SendMessage, StartRun},
        event::{
            AfterHoursNoticeGiven, AgentTookOver, AssistantFailed, AssistantReplied, AssistantReplyWithheld,
            AssistantRunStarted, CloseReason, Closed, ContextStarted, CustomerMessageSent, Escalated,
            EscalationCancelled, Event, Evidence, Named, Opened, Released, Reopened, Reply, ReturnedToQueue, Withheld,
            WithheldReason,
        },
        rejection::Rejection,
        state::{Phase, Run, Session, State},
        status::Status,
    },
};

type Decision = Result<Vec<Event>, Rejection>;

/// Decides a command.
///
/// # Errors
/// A rule refuses the command.
pub fn decide(state: &State, command: Command) -> Decision {
    match (state, command) {
        (State::New, Command::Open(opening) | Command::StartContext { opening, .. }) => Ok(vec![open(opening)]),
        (State::New, Command::SendMessage(message)) => {
            let opened = open(message.opening.clone());
            Ok(vec![opened, sent(message, 1)])
        }
        (State::New, _) => Err(Rejection::NoSession),
        (State::Open(session), command) => decide_open(session, command),
    }
}

fn decide_open(session: &Session, command: Command) -> Decision {
    match command {
        Command::Open(_) => Ok(Vec::new()),
        Command::SendMessage(message) => send_message(session, message),
        Command::StartContext { context, clear, .. } => Ok(start_context(session, context, clear)),
        Command::StartRun(start) => Ok(start_run(session, start)),
        Command::RetakeRun { attempt, start } => Ok(retake_run(session, attempt, start)),
        Command::Reply(answer) => Ok(reply(session, answer)),
        Command::Fail(failure) => Ok(fail(session, failure)),
        Command::Escalate(escalate) => self::escalate(session, escalate),
        Command::CancelEscalation { reason } => {
            let cancelled = Event::EscalationCancelled(EscalationCancelled { reason });
            only_while(session, &[Status::PendingManual, Status::AfterHoursEmail], cancelled)
        }
        Command::GiveAfterHoursNotice { opens_at } => give_after_hours_notice(session, opens_at),
        Command::TakeOver { agent, from_any } => take_over(session, agent, from_any),
        Command::Release { agent } => leave(session, agent, Event::Released(Released { agent })),
        Command::ReturnToQueue { agent, reason } => {
            leave(session, agent, Event::ReturnedToQueue(ReturnedToQueue { agent, reason }))
        }
        Command::Close { reason } => Ok(match session.phase {
            Phase::Closed => Vec::new(),
            _open => vec![closed(session, reason)],
        }),
        Command::CloseIdle { last_written } => Ok(close_idle(session, last_written)),
    }
}

fn open(opening: Opening) -> Event {
    let Opening { visitor, name, context } = opening;
    Event::Opened(Opened { visitor, context, name: Personal::Known(Named { session_name: name }) })
}

fn sent(message: SendMessage, episode: u32) -> Event {
    let SendMessage { opening: _, message, words, language, incarnation } = message;
    let words = Personal::Known(words);
    Event::CustomerMessageSent(CustomerMessageSent { message, episode, language, incarnation, words })
}

fn send_message(session: &Session, message: SendMessage) -> Decision {
    let episode = if session.episode_began { session.episode } else { session.episode + 1 };
    match session.phase {
        Phase::BotActive | Phase::AfterHoursEmail => Ok(vec![sent(message, episode)]),
        Phase::Closed => Ok(vec![Event::Reopened(Reopened {}), sent(message, episode)]),
        Phase::PendingManual | Phase::ManualLive { .. } => Err(Rejection::InManualMode { status: session.status() }),
    }
}

fn start_context(session: &Session, context: ContextId, clear: bool) -> Vec<Event> {
    let anything_to_do = if clear { session.said_on_screen } else { session.said_in_context };
    if !anything_to_do {
        return Vec::new();
    }
    vec![Event::ContextStarted(ContextStarted { context, cleared: clear })]
}

fn start_run(session: &Session, start: StartRun) -> Vec<Event> {
    if !session.assistant_answers() || session.run.is_some() || session.waiting.is_empty() {
        return Vec::new();
    }
    vec![run_started(start, 1, session.waiting.iter().map(|waiting| waiting.message).collect())]
}

fn retake_run(session: &Session, attempt: u32, start: StartRun) -> Vec<Event> {
    match &session.run {
        Some(run) if run.run == start.run && run.attempt == attempt => {
            vec![run_started(start, attempt + 1, run.messages.iter().map(|waiting| waiting.message).collect())]
        }
        Some(_) | None => Vec::new(),
    }
}

fn run_started(start: StartRun, attempt: u32, messages: Vec<MessageId>) -> Event {
    let StartRun { run, incarnation, assistant, deadline } = start;
    Event::AssistantRunStarted(AssistantRunStarted { run, attempt, incarnation, assistant, deadline, messages })
}

fn current_run(session: &Session, run: crate::id::RunId, attempt: u32) -> Option<&Run> {
    session.run.as_ref().filter(|current| current.run == run && current.attempt == attempt)
}

fn reply(session: &Session, answer: Answer) -> Vec<Event> {
    match current_run(session, answer.run, answer.attempt) {
        Some(run) => vec![replied(run, answer)],
        None => vec![withheld(session, answer)],
    }
}

fn replied(run: &Run, answer: Answer) -> Event {
    Event::AssistantReplied(AssistantReplied {
        run: answer.run,
        attempt: answer.attempt,
        message: answer.message,
        answers: run.messages.iter().map(|waiting| waiting.message).collect(),
        outcome: answer.outcome,
        language: answer.language,
        confidence_permille: answer.confidence_permille,
        tokens: answer.tokens,
        sources: answer.sources,
        reply: Personal::Known(Reply { text: answer.text, assistant_context: answer.assistant_context }),
    })
}

fn withheld(session: &Session, answer: Answer) -> Event {
    let reason = match session.phase {
        Phase::PendingManual | Phase::ManualLive { .. } => WithheldReason::HandedOver,
        Phase::Closed => WithheldReason::Closed,
        Phase::BotActive | Phase::AfterHoursEmail => WithheldReason::Superseded,
    };
    let Answer { run, attempt, text, shown, .. } = answer;
    let withheld = Personal::Known(Withheld { text, shown });
    Event::AssistantReplyWithheld(AssistantReplyWithheld { run, attempt, reason, withheld })
}

fn fail(session: &Session, failure: Failure) -> Vec<Event> {
    let Failure { run, attempt, code, detail, last_words } = failure;
    let Some(current) = current_run(session, run, attempt) else { return Vec::new() };
    let retries = last_words.is_none();
    let failed = AssistantFailed { run, attempt, code, retries, detail: Personal::Known(detail) };
    let mut events = vec![Event::AssistantFailed(failed)];
    events.extend(last_words.map(|answer| replied(current, Answer { run, attempt, ..answer })));
    events
}

/// Escalating twice neither restarts the wait nor changes its reason.
fn escalate(session: &Session, escalate: Escalate) -> Decision {
    match session.phase {
        Phase::PendingManual | Phase::ManualLive { .. } => Ok(Vec::new()),
        Phase::Closed => Err(Rejection::InvalidStatus { status: session.status() }),
        Phase::BotActive | Phase::AfterHoursEmail => {
            let Escalate { reason, rule, severity, policy_version, details } = escalate;
            let messages = unanswered(session);
            let evidence = Personal::Known(Evidence { details });
            Ok(vec![Event::Escalated(Escalated { reason, rule, severity, policy_version, messages, evidence })])
        }
    }
}

fn give_after_hours_notice(session: &Session, opens_at: Option<jiff::Timestamp>) -> Decision {
    if session.phase == Phase::AfterHoursEmail {
        return Ok(Vec::new());
    }
    let given = Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at });
    only_while(session, &[Status::BotActive, Status::PendingManual], given)
}

fn take_over(session: &Session, agent: crate::id::AgentId, from_any: bool) -> Decision {
    match session.phase {
        Phase::ManualLive { agent: current } if current == agent => Ok(Vec::new()),
        Phase::ManualLive { agent } => Err(Rejection::HandledByAnotherAgent { agent }),
        Phase::BotActive | Phase::AfterHoursEmail if !from_any => invalid(session),
        Phase::Closed => invalid(session),
        Phase::PendingManual | Phase::BotActive | Phase::AfterHoursEmail => {
            Ok(vec![Event::AgentTookOver(AgentTookOver { agent, messages: unanswered(session) })])
        }
    }
}

fn leave(session: &Session, agent: crate::id::AgentId, event: Event) -> Decision {
    match session.phase {
        Phase::ManualLive { agent: current } if current == agent => Ok(vec![event]),
        Phase::ManualLive { agent } => Err(Rejection::HandledByAnotherAgent { agent }),
        Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => invalid(session),
    }
}

/// Quiet where somebody wrote since the wait began, and where the session is not to be closed for it.
fn close_idle(session: &Session, last_written: Option<MessageId>) -> Vec<Event> {
    if session.last_written != last_written || !session.may_close_idle() {
        return Vec::new();
    }
    vec![closed(session, CloseReason::Idle)]
}

fn closed(session: &Session, reason: CloseReason) -> Event {
    Event::Closed(Closed { reason, messages: unanswered(session) })
}

fn only_while(session: &Session, statuses: &[Status], event: Event) -> Decision {
    if statuses.contains(&session.status()) { Ok(vec![event]) } else { invalid(session) }
}

fn invalid(session: &Session) -> Decision {
    Err(Rejection::InvalidStatus { status: session.status() })
}

fn unanswered(session: &Session) -> Vec<MessageId> {
    session.unanswered().map(|waiting| waiting.message).collect()
}
