//! The assistant's runs: one at a time, and only the current attempt may reply.
//!
//! Invariant: a rule on the reply is decided in the append that records it.

use crate::{
    id::{MessageId, RunId},
    personal::Personal,
    session::{
        command::{Answer, Failure, StartRun},
        decide::{customer::rules_of, escalation, notice},
        event::{
            Asked, AssistantAsked, AssistantFailed, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted,
            Event, Reply, Withheld, WithheldReason,
        },
        notice::Notice,
        state::{Phase, Run, Session},
        status::Status,
    },
};

pub(super) fn start_run(session: &Session, start: StartRun) -> Vec<Event> {
    if !session.assistant_answers() || session.run.is_some() || session.waiting.is_empty() {
        return Vec::new();
    }
    vec![run_started(start, 1, session.waiting.iter().map(|waiting| waiting.message).collect())]
}

pub(super) fn retake_run(session: &Session, attempt: u32, start: StartRun) -> Vec<Event> {
    match &session.run {
        Some(run) if run.run == start.run && run.attempt == attempt => {
            vec![run_started(start, attempt + 1, run.messages.iter().map(|waiting| waiting.message).collect())]
        }
        Some(_) | None => Vec::new(),
    }
}

fn run_started(start: StartRun, attempt: u32, messages: Vec<MessageId>) -> Event {
    let StartRun { run, incarnation, assistant, variant, deadline } = start;
    Event::AssistantRunStarted(AssistantRunStarted {
        run,
        attempt,
        incarnation,
        assistant,
        variant,
        deadline,
        messages,
    })
}

/// Recorded whoever has the session by now: what the other side stored is there in any case.
pub(super) fn note_asked(run: RunId, attempt: u32, asked: Asked) -> Vec<Event> {
    vec![Event::AssistantAsked(AssistantAsked { run, attempt, asked: Personal::Known(asked) })]
}

fn current_run(session: &Session, run: RunId, attempt: u32) -> Option<&Run> {
    session.run.as_ref().filter(|current| current.run == run && current.attempt == attempt)
}

pub(super) fn reply(session: &Session, answer: Answer) -> Vec<Event> {
    match current_run(session, answer.run, answer.attempt) {
        Some(run) => replied(session, run, answer),
        None => vec![withheld(session, answer)],
    }
}

/// The reply, and the escalation if a rule asks for one; after hours none does.
fn replied(session: &Session, run: &Run, answer: Answer) -> Vec<Event> {
    let (signals, circumstances) = (answer.signals.clone(), answer.circumstances.clone());
    let replied = reply_event(run, answer);
    let mut after = session.clone();
    after.apply(&replied);
    let mut events = vec![replied];
    if session.status() != Status::BotActive {
        return events;
    }
    match circumstances.policy.on_reply(&after.counts, &signals) {
        Some(firing) => events.extend(escalation::escalated(&after, firing, &circumstances)),
        None if circumstances.policy.offers_person(&after.counts) => {
            events.push(notice(&after, circumstances.notice("offers_person"), Notice::OffersPerson));
        }
        None => {}
    }
    events
}

fn reply_event(run: &Run, answer: Answer) -> Event {
    Event::AssistantReplied(AssistantReplied {
        run: answer.run,
        attempt: answer.attempt,
        message: answer.message,
        answers: run.messages.iter().map(|waiting| waiting.message).collect(),
        outcome: answer.outcome,
        language: answer.language,
        confidence_permille: answer.confidence_permille,
        tokens: answer.tokens,
        cost: answer.cost,
        sources: answer.sources,
        rule_signals: rules_of(&answer.signals),
        reply: Personal::Known(Reply {
            text: answer.text,
            suggestions: answer.suggestions,
            assistant_context: answer.assistant_context,
        }),
    })
}

fn withheld(session: &Session, answer: Answer) -> Event {
    let reason = match session.phase {
        Phase::PendingManual | Phase::ManualLive { .. } => WithheldReason::HandedOver,
        Phase::Closed => WithheldReason::Closed,
        Phase::BotActive | Phase::AfterHoursEmail => WithheldReason::Superseded,
    };
    let Answer { run, attempt, tokens, cost, text, shown, .. } = answer;
    let withheld = Personal::Known(Withheld { text, shown });
    Event::AssistantReplyWithheld(AssistantReplyWithheld { run, attempt, reason, tokens, cost, withheld })
}

pub(super) fn fail(session: &Session, failure: Failure) -> Vec<Event> {
    let Failure { run, attempt, code, error_code, tokens, cost, detail, last_words } = failure;
    let Some(current) = current_run(session, run, attempt) else { return Vec::new() };
    let retries = last_words.is_none();
    let detail = Personal::Known(detail);
    let failed = AssistantFailed { run, attempt, code, error_code, retries, tokens, cost, detail };
    let mut events = vec![Event::AssistantFailed(failed)];
    if let Some(answer) = last_words {
        events.extend(replied(session, current, Answer { run, attempt, ..answer }));
    }
    events
}
