//! Events and commands with small numbers for ids, so that a test reads like what happened.

use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, Personal, RunId, VisitorId,
    session::{
        Command, Event,
        command::{Answer, Escalate, Failure, Opening, SendMessage, StartRun},
        event::{
            AfterHoursNoticeGiven, AgentTookOver, AssistantFailed, AssistantReplied, AssistantReplyWithheld,
            AssistantRunStarted, CancelReason, CloseReason, Closed, ContextStarted, CustomerMessageSent, Escalated,
            EscalationCancelled, EscalationReason, Evidence, FailureCode, FailureDetail, Named, Opened, Outcome,
            Released, Reopened, Reply, ReturnReason, ReturnedToQueue, Severity, Tokens, Withheld, WithheldReason,
            Words,
        },
    },
    text::{MessageText, SessionName},
};
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) const ANA: u8 = 1;
pub(crate) const BO: u8 = 2;

const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xa0));
const NODE: Incarnation = Incarnation(Uuid::from_u128(0xb0));

pub(crate) fn agent(n: u8) -> AgentId {
    AgentId(Uuid::from_u128(0xc00 + u128::from(n)))
}

pub(crate) fn context_id(n: u8) -> ContextId {
    ContextId(Uuid::from_u128(0xd00 + u128::from(n)))
}

pub(crate) fn message_id(n: u32) -> MessageId {
    MessageId(Uuid::from_u128(0xe0_0000 + u128::from(n)))
}

pub(crate) fn run_id(n: u32) -> RunId {
    RunId(Uuid::from_u128(0xf0_0000 + u128::from(n)))
}

/// The number that [`run_id`] was given.
pub(crate) fn run_number(run: RunId) -> u32 {
    u32::try_from(run.0.as_u128() - 0xf0_0000).unwrap()
}

pub(crate) fn reply_id(run: u32, attempt: u32) -> MessageId {
    MessageId(Uuid::from_u128(0x1_0000_0000 + u128::from(run) * 1000 + u128::from(attempt)))
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::constant(1_763_899_200, 0)
}

pub(crate) fn text(said: &str) -> MessageText {
    MessageText::parse(said.to_owned()).unwrap()
}

fn words() -> Words {
    Words { text: text("刹车异响怎么办？"), parameters: serde_json::Map::new() }
}

pub(crate) fn opening() -> Opening {
    Opening {
        visitor: VISITOR,
        name: SessionName::parse("session_1763899200_ab".to_owned()).unwrap(),
        context: context_id(1),
    }
}

// What can be asked.

pub(crate) fn open() -> Command {
    Command::Open(opening())
}

pub(crate) fn send(n: u32) -> Command {
    let (message, language) = (message_id(n), Language::Zh);
    Command::SendMessage(SendMessage { opening: opening(), message, words: words(), language, incarnation: NODE })
}

pub(crate) fn new_context(n: u8) -> Command {
    Command::StartContext { opening: opening(), context: context_id(n), clear: false }
}

pub(crate) fn clear(n: u8) -> Command {
    Command::StartContext { opening: opening(), context: context_id(n), clear: true }
}

fn start(run: u32) -> StartRun {
    StartRun { run: run_id(run), incarnation: NODE, assistant: "faq".to_owned(), deadline: noon() }
}

pub(crate) fn start_run(run: u32) -> Command {
    Command::StartRun(start(run))
}

pub(crate) fn retake_run(run: u32, attempt: u32) -> Command {
    Command::RetakeRun { attempt, start: start(run) }
}

fn answer(run: u32, attempt: u32) -> Answer {
    Answer {
        run: run_id(run),
        attempt,
        message: reply_id(run, attempt),
        outcome: Outcome::Answered,
        language: Language::Zh,
        confidence_permille: Some(870),
        tokens: Some(Tokens { input: 120, output: 40 }),
        sources: vec!["brakes/squeal".to_owned()],
        text: text("请先清洁刹车盘。"),
        assistant_context: Some("7543".to_owned()),
        shown: "请先清洁".to_owned(),
    }
}

pub(crate) fn reply(run: u32, attempt: u32) -> Command {
    Command::Reply(answer(run, attempt))
}

fn failure(run: u32, attempt: u32, last_words: Option<Answer>) -> Command {
    let detail = FailureDetail { text: "upstream said 503".to_owned() };
    Command::Fail(Failure { run: run_id(run), attempt, code: FailureCode::Unavailable, detail, last_words })
}

pub(crate) fn fail(run: u32, attempt: u32) -> Command {
    failure(run, attempt, None)
}

pub(crate) fn fail_for_good(run: u32, attempt: u32) -> Command {
    failure(run, attempt, Some(answer(run, attempt)))
}

/// The house's own answer was written for another run.
pub(crate) fn fail_with_the_words_of(other: u32, run: u32, attempt: u32) -> Command {
    let words = Answer { run: run_id(other), attempt: 9, ..answer(run, attempt) };
    failure(run, attempt, Some(words))
}

pub(crate) fn escalate() -> Command {
    Command::Escalate(Escalate {
        reason: EscalationReason::Keyword,
        rule: "R1".to_owned(),
        severity: Severity::High,
        policy_version: 3,
        details: "命中关键词: 人工".to_owned(),
    })
}

pub(crate) fn cancel() -> Command {
    Command::CancelEscalation { reason: CancelReason::NobodyCame }
}

pub(crate) fn give_after_hours_notice() -> Command {
    Command::GiveAfterHoursNotice { opens_at: Some(noon()) }
}

pub(crate) fn take_over(by: u8) -> Command {
    Command::TakeOver { agent: agent(by), from_any: false }
}

pub(crate) fn take_over_from_any(by: u8) -> Command {
    Command::TakeOver { agent: agent(by), from_any: true }
}

pub(crate) fn release(by: u8) -> Command {
    Command::Release { agent: agent(by) }
}

pub(crate) fn hand_back(by: u8) -> Command {
    Command::ReturnToQueue { agent: agent(by), reason: ReturnReason::HandedBack }
}

pub(crate) fn lose(by: u8) -> Command {
    Command::ReturnToQueue { agent: agent(by), reason: ReturnReason::AgentLost }
}

pub(crate) fn close() -> Command {
    Command::Close { reason: CloseReason::Resolved }
}

pub(crate) fn close_idle(last_written: Option<MessageId>) -> Command {
    Command::CloseIdle { last_written }
}

// What has happened.

fn ids(numbers: &[u32]) -> Vec<MessageId> {
    numbers.iter().copied().map(message_id).collect()
}

pub(crate) fn opened() -> Event {
    let Opening { visitor, name, context } = opening();
    Event::Opened(Opened { visitor, context, name: Personal::Known(Named { session_name: name }) })
}

pub(crate) fn said_in_episode(n: u32, episode: u32) -> Event {
    Event::CustomerMessageSent(CustomerMessageSent {
        message: message_id(n),
        episode,
        language: Language::Zh,
        incarnation: NODE,
        words: Personal::Known(words()),
    })
}

pub(crate) fn said(n: u32) -> Event {
    said_in_episode(n, 1)
}

pub(crate) fn context_started(n: u8) -> Event {
    Event::ContextStarted(ContextStarted { context: context_id(n), cleared: false })
}

pub(crate) fn cleared(n: u8) -> Event {
    Event::ContextStarted(ContextStarted { context: context_id(n), cleared: true })
}

pub(crate) fn run_started(run: u32, attempt: u32, messages: &[u32]) -> Event {
    let StartRun { run, incarnation, assistant, deadline } = start(run);
    let messages = ids(messages);
    Event::AssistantRunStarted(AssistantRunStarted { run, attempt, incarnation, assistant, deadline, messages })
}

pub(crate) fn replied(run: u32, attempt: u32, answers: &[u32]) -> Event {
    let said = answer(run, attempt);
    Event::AssistantReplied(AssistantReplied {
        run: said.run,
        attempt,
        message: said.message,
        answers: ids(answers),
        outcome: said.outcome,
        language: said.language,
        confidence_permille: said.confidence_permille,
        tokens: said.tokens,
        sources: said.sources,
        reply: Personal::Known(Reply { text: said.text, assistant_context: said.assistant_context }),
    })
}

pub(crate) fn failed(run: u32, attempt: u32, retries: bool) -> Event {
    Event::AssistantFailed(AssistantFailed {
        run: run_id(run),
        attempt,
        code: FailureCode::Unavailable,
        retries,
        detail: Personal::Known(FailureDetail { text: "upstream said 503".to_owned() }),
    })
}

pub(crate) fn withheld(run: u32, attempt: u32, reason: WithheldReason) -> Event {
    let Answer { text, shown, .. } = answer(run, attempt);
    let withheld = Personal::Known(Withheld { text, shown });
    Event::AssistantReplyWithheld(AssistantReplyWithheld { run: run_id(run), attempt, reason, withheld })
}

pub(crate) fn escalated(messages: &[u32]) -> Event {
    Event::Escalated(Escalated {
        reason: EscalationReason::Keyword,
        rule: "R1".to_owned(),
        severity: Severity::High,
        policy_version: 3,
        messages: ids(messages),
        evidence: Personal::Known(Evidence { details: "命中关键词: 人工".to_owned() }),
    })
}

pub(crate) fn cancelled() -> Event {
    Event::EscalationCancelled(EscalationCancelled { reason: CancelReason::NobodyCame })
}

pub(crate) fn after_hours_notice_given() -> Event {
    Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at: Some(noon()) })
}

pub(crate) fn taken_over(by: u8, messages: &[u32]) -> Event {
    Event::AgentTookOver(AgentTookOver { agent: agent(by), messages: ids(messages) })
}

pub(crate) fn released(by: u8) -> Event {
    Event::Released(Released { agent: agent(by) })
}

pub(crate) fn handed_back(by: u8) -> Event {
    Event::ReturnedToQueue(ReturnedToQueue { agent: agent(by), reason: ReturnReason::HandedBack })
}

pub(crate) fn lost(by: u8) -> Event {
    Event::ReturnedToQueue(ReturnedToQueue { agent: agent(by), reason: ReturnReason::AgentLost })
}

pub(crate) fn closed(messages: &[u32]) -> Event {
    closed_for(CloseReason::Resolved, messages)
}

pub(crate) fn closed_for(reason: CloseReason, messages: &[u32]) -> Event {
    Event::Closed(Closed { reason, messages: ids(messages) })
}

pub(crate) fn reopened() -> Event {
    Event::Reopened(Reopened {})
}
