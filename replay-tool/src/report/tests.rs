//! The page has the same elements whatever texts are in the log.

use std::sync::Arc;

use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, Personal, PersonalText, RunId, VisitorId,
    session::{
        Event, State, encode,
        event::{
            AgentTookOver, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, CommandConfirmed,
            ContextStarted, CustomerMessageSent, Escalated, EscalationReason, Evidence, Named, Opened, Outcome,
            Recipient, Reply, Severity, Withheld, WithheldReason, Words,
        },
        priority::PriorityClass,
    },
    text::{MessageText, SessionName},
    texts::Names,
};
use event_store::{Actor, Identity, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion};
use jiff::{Timestamp, tz::TimeZone};
use journal::Decoded;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::page;
use crate::{history::HistoryEvent, session_history::SessionHistory};

/// Events with `name` as the session's name, and `text` in every other field.
fn events_of(name: &str, text: &str) -> Vec<(&'static str, Event)> {
    let said = MessageText::repaired(text);
    let (message, run) = (|n| MessageId(Uuid::from_u128(n)), RunId(Uuid::from_u128(9)));
    let session_name = SessionName::parse(name.to_owned()).expect("a name");
    let parameters = json!({ (text): text }).as_object().cloned().unwrap_or_default();
    let visitor = VisitorId(Uuid::nil());
    let incarnation = Incarnation(Uuid::nil());
    vec![
        (
            "customer",
            Event::Opened(Opened {
                visitor,
                context: ContextId(Uuid::nil()),
                name: Personal::Known(Named { session_name }),
            }),
        ),
        (
            "customer",
            Event::CustomerMessageSent(CustomerMessageSent {
                message: message(1),
                episode: 1,
                language: Language::Zh,
                incarnation,
                recipient: Recipient::Assistant,
                rule_signals: Vec::new(),
                words: Personal::Known(Words { text: said.clone(), parameters }),
            }),
        ),
        (
            "policy",
            Event::AssistantRunStarted(AssistantRunStarted {
                run,
                attempt: 1,
                incarnation,
                assistant: text.to_owned(),
                variant: None,
                deadline: Timestamp::UNIX_EPOCH,
                messages: vec![message(1)],
            }),
        ),
        (
            "assistant",
            Event::AssistantReplied(AssistantReplied {
                run,
                attempt: 1,
                message: message(2),
                answers: vec![message(1)],
                outcome: Outcome::Answered,
                language: Language::En,
                confidence_permille: Some(500),
                tokens: None,
                cost: None,
                sources: vec![text.to_owned()],
                rule_signals: Vec::new(),
                reply: Personal::Known(Reply {
                    text: said.clone(),
                    suggestions: Vec::new(),
                    assistant_context: Some(text.to_owned()),
                }),
            }),
        ),
        ("customer", Event::ContextStarted(ContextStarted { context: ContextId(Uuid::nil()), cleared: true })),
        (
            "policy",
            Event::Escalated(Escalated {
                reason: EscalationReason::Keyword,
                rule: text.to_owned(),
                severity: Severity::High,
                policy_version: 1,
                class: PriorityClass::Normal,
                group: None,
                language: Language::Zh,
                messages: Vec::new(),
                evidence: Personal::Known(Evidence { details: text.to_owned() }),
            }),
        ),
        (
            "assistant",
            Event::AssistantReplyWithheld(AssistantReplyWithheld {
                run,
                attempt: 1,
                reason: WithheldReason::HandedOver,
                tokens: None,
                cost: None,
                withheld: Personal::Known(Withheld { text: said, shown: format!("x{text}") }),
            }),
        ),
        ("agent", Event::AgentTookOver(AgentTookOver { agent: AgentId(Uuid::nil()), messages: Vec::new() })),
        ("system", Event::CommandConfirmed(CommandConfirmed { command: text.to_owned() })),
    ]
}

/// Also with `text` as actor id and event type.
fn recorded(number: usize, kind: &str, text: &str) -> Arc<RecordedEvent> {
    let place = u64::try_from(number + 1).expect("few");
    Arc::new(RecordedEvent {
        position: Position(place),
        stream: StreamName::of("session", Uuid::nil()),
        version: StreamVersion(place),
        recorded_at: Timestamp::from_second(i64::try_from(place).expect("few")).expect("a time"),
        event: SealedEvent {
            event_id: Uuid::nil(),
            event_type: text.into(),
            schema: 1,
            actor: Actor::new(kind, text),
            subject: None,
            key_id: None,
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: "{}".into(),
            personal: None,
        },
        prev_hash: [0; 32],
        hash: [0; 32],
    })
}

/// The event as it is decoded from its stored form, which has a type of ours.
fn decoded(recorded: &RecordedEvent, event: &Event) -> Decoded {
    let encoded = encode(event);
    let mut recorded = recorded.clone();
    recorded.event.event_type = encoded.event_type.into();
    recorded.event.schema = encoded.schema;
    recorded.event.data = encoded.data.into();
    recorded.event.personal = encoded.personal.as_ref().map(|_| Vec::new().into());
    let text = encoded.personal.map_or(PersonalText::Absent, |(_, text)| PersonalText::Known(text));
    Decoded::with_text(Arc::new(recorded), text).expect("an event of ours")
}

async fn page_of(name: &str, text: &str) -> String {
    let mut events: Vec<HistoryEvent> = Vec::new();
    for (number, (kind, event)) in events_of(name, text).into_iter().enumerate() {
        let after = events.last().map_or(State::New, |before| before.after.clone()).evolve(&event);
        let recorded = recorded(number, kind, text);
        let (decoded, personal) = (decoded(&recorded, &event), PersonalText::Known(String::new()));
        events.push(HistoryEvent { recorded, decoded, personal, is_lost: false, event, after });
    }
    let (identity, head) = (Identity { log_id: Uuid::nil(), generation: 1 }, Position(99));
    let history = SessionHistory::of(identity, head, events, 99, Names::new(TimeZone::UTC, [])).await.expect("folded");
    page::page(&history, None, Timestamp::UNIX_EPOCH).into_string()
}

/// Names and attributes of all elements in order, without the text between them.
fn elements(page: &str) -> Vec<String> {
    let after_style = page.split_once("</style>").expect("a style").1;
    let tags = after_style.split('<').skip(1);
    tags.map(|tag| tag.split_once('>').map_or(tag, |(tag, _)| tag).to_owned()).collect()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

#[test]
fn the_page_has_no_scripts_and_no_external_resources() {
    let page = block_on(page_of("name", "text"));
    for outside in ["<script", "<link", "<img", "src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for expected in
        ["<html lang=\"en\">", "lang=\"zh\"", "lang=\"en\" dir=\"auto\"", "<ol", "<th scope=\"row\">", "<h1>"]
    {
        assert!(page.contains(expected), "{expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_becomes_markup(name in "[<>&\"'=a-z]{1,20}", text in "([<>&\"'/=!;# \n\r\u{1b}\u{0}\u{202e}a-c电]|<script>|</title>|<!--|-->|</style>|&lt;){1,20}") {
        prop_assume!(!text.trim().is_empty());
        let (plain, hostile) = block_on(async { (page_of("name", "text").await, page_of(&name, &text).await) });
        prop_assert_eq!(elements(&hostile), elements(&plain));
        let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        prop_assert!(!hostile.chars().any(is_raw), "a control character");
    }
}
