//! One event of every type with every optional field filled: the source of the golden files.

mod hand_off;
mod staff;

use domain::{
    AgentId, ContextId, Encoded, Incarnation, Language, MessageId, Personal, RunId, VisitorId, access, agent, customer,
    policy::Rule,
    session::{
        self, Event,
        event::{
            AfterHoursNoticeGiven, AgentTookOver, Asked, AssistantAsked, AssistantFailed, AssistantReplied,
            AssistantReplyWithheld, AssistantRunStarted, CancelReason, CloseReason, Closed, CommandConfirmed,
            ContextStarted, Cost, CustomerMessageSent, Escalated, EscalationCancelled, EscalationReason, Evidence,
            FailureCode, FailureDetail, Named, Opened, Outcome, Recipient, Released, Reopened, Reply, ReturnReason,
            ReturnedToQueue, Severity, Tokens, Withheld, WithheldReason, Words,
        },
        priority::PriorityClass,
    },
    settings,
    text::{EmailAddress, MessageText, PersonName, ReasonCode, SessionName, ShopCustomerId, Skill},
};
use jiff::Timestamp;
use serde_json::json;
use uuid::{Uuid, uuid};

pub(crate) use hand_off::OTHER_AGENT;

pub(crate) const SESSION_NAME: &str = "session_1763899200_xiaoming";
pub(crate) const VISITOR: VisitorId = VisitorId(uuid!("0b5f2c1e-6d1a-4a55-9f5e-1f6f0c9a7d11"));
const CONTEXT: ContextId = ContextId(uuid!("5a0c5f0e-92b4-4c61-8f4d-6a1f3c2e8b22"));
const NODE: Incarnation = Incarnation(uuid!("c7d1e0aa-31f7-4e6a-8a54-0d2b9f4e6c33"));
const RUN: RunId = RunId(uuid!("e3b98a44-7c0d-4f2e-b1d6-4c8f2a7e5d44"));
pub(crate) const AGENT: AgentId = AgentId(uuid!("f4a1b2c3-d4e5-4f60-8172-93a4b5c6d755"));
const FIRST: Uuid = uuid!("11111111-2222-4333-8444-555555555566");
const SECOND: Uuid = uuid!("11111111-2222-4333-8444-555555555577");
const ANSWER: Uuid = uuid!("11111111-2222-4333-8444-555555555588");

fn noon() -> Timestamp {
    "2026-11-23T12:00:00.123456Z".parse().unwrap()
}

fn text(said: &str) -> MessageText {
    MessageText::parse(said.to_owned()).unwrap()
}

fn group() -> Skill {
    Skill::parse("batteries").unwrap()
}

fn cost() -> Cost {
    Cost { micros: 1_250, currency: "EUR".to_owned() }
}

fn messages() -> Vec<MessageId> {
    vec![MessageId(FIRST), MessageId(SECOND)]
}

/// Every type once.
pub(crate) fn every_type() -> Vec<Encoded> {
    let people = [peoples(), hand_off::between_people(), hand_off::mails(), hand_off::notes()].concat();
    let sessions = [customers(), assistants(), people].concat();
    let sessions = sessions.iter().map(session::encode);
    let customers = of_a_customer().into_iter().map(|event| customer::encode(&event));
    let accounts = [staff::accounts(), staff::second_factor_and_keys()].concat();
    let accounts = accounts.iter().map(agent::encode);
    let looks = staff::looks().into_iter().map(|event| access::encode(&event));
    let settings = staff::settings().into_iter().chain(staff::quick_replies()).chain(staff::restores());
    let settings = settings.map(|event| settings::encode(&event));
    sessions.chain(customers).chain(accounts).chain(looks).chain(settings).collect()
}

fn of_a_customer() -> Vec<customer::Event> {
    use customer::event::{CommandConfirmed, DataErased, Identified, LeaveReason, Profile, ProfileChanged, SignedOut};
    let profile = |email, name| {
        Personal::Known(Profile {
            sub: ShopCustomerId::parse("shop-4711").unwrap(),
            email: Some(EmailAddress::parse(email).unwrap()),
            name: Some(PersonName::parse(name).unwrap()),
        })
    };
    vec![
        customer::Event::Identified(Identified { vip: false, profile: profile("xiaoming@example.com", "王小明") }),
        customer::Event::ProfileChanged(ProfileChanged {
            vip: true,
            profile: profile("xiaoming@example.org", "王小明 “Ming”"),
        }),
        customer::Event::SignedOut(SignedOut { reason: LeaveReason::AnotherCustomer }),
        customer::Event::CommandConfirmed(CommandConfirmed { command: "identify".to_owned() }),
        customer::Event::DataErased(DataErased {
            key_ids: vec![format!("{VISITOR}/contact/2026-11"), format!("{VISITOR}/message/2026-11")],
            cause: domain::ErasureCause::Request,
        }),
    ]
}

fn customers() -> Vec<Event> {
    let session_name = SessionName::parse(SESSION_NAME.to_owned()).unwrap();
    let parameters = json!({"user_name": "王小明", "vip": false, "odometer_km": 1234.5, "model": ["D11", "D4S"]});
    let parameters = parameters.as_object().cloned().unwrap();
    vec![
        Event::Opened(Opened { visitor: VISITOR, context: CONTEXT, name: Personal::Known(Named { session_name }) }),
        Event::CustomerMessageSent(CustomerMessageSent {
            message: MessageId(FIRST),
            episode: 1,
            language: Language::Zh,
            incarnation: NODE,
            recipient: Recipient::Person,
            rule_signals: vec![Rule::R4, Rule::R13],
            words: Personal::Known(Words { text: text("刹车异响，怎么办？\n“急” \\ 🚲"), parameters }),
        }),
        Event::ContextStarted(ContextStarted { context: CONTEXT, cleared: true }),
        Event::CommandConfirmed(CommandConfirmed { command: "conversation_clear".to_owned() }),
        Event::Reopened(Reopened {}),
    ]
}

fn assistants() -> Vec<Event> {
    vec![
        Event::AssistantRunStarted(AssistantRunStarted {
            run: RUN,
            attempt: 2,
            incarnation: NODE,
            assistant: "faq".to_owned(),
            variant: Some("short".to_owned()),
            deadline: noon(),
            messages: messages(),
        }),
        Event::AssistantAsked(AssistantAsked {
            run: RUN,
            attempt: 2,
            asked: Personal::Known(Asked {
                context: Some("7543210987".to_owned()),
                chat: Some("7382159487131697202".to_owned()),
                log_id: Some("20241210152726467C48D89D6DB2".to_owned()),
            }),
        }),
        Event::AssistantReplied(AssistantReplied {
            run: RUN,
            attempt: 2,
            message: MessageId(ANSWER),
            answers: messages(),
            outcome: Outcome::Answered,
            language: Language::En,
            confidence_permille: Some(870),
            tokens: Some(Tokens { input: 120, output: 40 }),
            cost: Some(cost()),
            sources: vec!["brakes/squeal".to_owned()],
            rule_signals: vec![Rule::R3, Rule::R6],
            reply: Personal::Known(Reply {
                text: text("Clean the disc first, 王小明."),
                suggestions: vec!["How often do I change the pads?".to_owned()],
                assistant_context: Some("7543210987".to_owned()),
            }),
        }),
        Event::AssistantFailed(AssistantFailed {
            run: RUN,
            attempt: 1,
            code: FailureCode::TimedOut,
            error_code: Some("4013".to_owned()),
            retries: true,
            tokens: Some(Tokens { input: 120, output: 0 }),
            cost: Some(cost()),
            detail: Personal::Known(FailureDetail { text: "no answer to “刹车异响” within 30 s".to_owned() }),
        }),
        Event::AssistantReplyWithheld(AssistantReplyWithheld {
            run: RUN,
            attempt: 2,
            reason: WithheldReason::HandedOver,
            tokens: Some(Tokens { input: 120, output: 8 }),
            cost: Some(cost()),
            withheld: Personal::Known(Withheld {
                text: text("请先清洁刹车盘。"), shown: "请先清洁".to_owned()
            }),
        }),
    ]
}

fn peoples() -> Vec<Event> {
    vec![
        Event::Escalated(Escalated {
            reason: EscalationReason::Keyword,
            rule: "R2".to_owned(),
            severity: Severity::High,
            policy_version: 3,
            class: PriorityClass::Urgent,
            group: Some(group()),
            language: Language::En,
            messages: messages(),
            evidence: Personal::Known(Evidence { details: "命中关键词: 刹车".to_owned() }),
        }),
        Event::EscalationCancelled(EscalationCancelled { reason: CancelReason::NobodyCame }),
        Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at: Some(noon()) }),
        Event::AgentTookOver(AgentTookOver { agent: AGENT, messages: messages() }),
        Event::Released(Released { agent: AGENT, reason: ReasonCode::parse("no_further_questions").unwrap() }),
        Event::ReturnedToQueue(ReturnedToQueue { agent: AGENT, reason: ReturnReason::AgentLost, group: Some(group()) }),
        Event::Closed(Closed { reason: CloseReason::CustomerLeft, messages: messages() }),
    ]
}
