//! Any event at all: every type, any id, any text that the edge takes, any time.

mod hand_off;

use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, Personal, RunId, VisitorId,
    policy::Rule,
    session::{
        Event,
        event::{
            AfterHoursNoticeGiven, AgentTookOver, Asked, AssistantAsked, AssistantFailed, AssistantReplied,
            AssistantReplyWithheld, AssistantRunStarted, CancelReason, CloseReason, Closed, CommandConfirmed,
            ContextStarted, Cost, CustomerMessageSent, Escalated, EscalationCancelled, EscalationReason, Evidence,
            FailureCode, FailureDetail, Named, Opened, Outcome, Recipient, Released, Reopened, Reply, ReturnReason,
            ReturnedToQueue, Severity, Tokens, Withheld, WithheldReason, Words,
        },
        priority::PriorityClass,
    },
    text::{MessageText, ReasonCode, SessionName, Skill},
};
use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value};
use uuid::Uuid;

fn id() -> impl Strategy<Value = Uuid> + Clone {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn messages() -> impl Strategy<Value = Vec<MessageId>> {
    vec(id().prop_map(MessageId), 0..5)
}

/// Any character, with the awkward ones in every other text.
pub(crate) fn words() -> impl Strategy<Value = String> {
    let awkward = select(vec![
        "\u{1b}[2J",
        "\"\\",
        "\u{2028}",
        "\u{feff}",
        "👨‍👩‍👧",
        "\u{202e}",
        "电池",
        "\r\n\t",
        "\u{fffd}",
        "\u{10ffff}",
        "\u{7f}",
        "0",
    ]);
    prop_oneof![any::<String>(), (any::<String>(), awkward).prop_map(|(text, more)| text + more)]
}

fn text() -> impl Strategy<Value = MessageText> {
    words().prop_filter_map("the edge takes it", |text| MessageText::parse(text).ok())
}

fn name() -> impl Strategy<Value = SessionName> {
    let any_name = words().prop_filter_map("the edge takes it", |name| SessionName::parse(name).ok());
    prop_oneof![any_name, "[a-z_0-9电车 .@]{1,40}".prop_filter_map("the edge takes it", |n| SessionName::parse(n).ok())]
}

fn time() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond());
    prop_oneof![
        (first..=last).prop_map(|nanos| Timestamp::from_nanosecond(nanos).unwrap()),
        (0..4_000_000_000i64).prop_map(|seconds| Timestamp::from_second(seconds).unwrap()),
    ]
}

/// Any JSON that a request's body can bring.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(words(), inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn parameters() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(words(), json(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn language() -> impl Strategy<Value = Language> {
    select(Language::ALL.to_vec())
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(select(Rule::ALL.to_vec()), 0..3)
}

fn class() -> impl Strategy<Value = PriorityClass> {
    select(PriorityClass::ALL.to_vec())
}

fn group() -> impl Strategy<Value = Skill> {
    "[a-z电池]{1,12}".prop_filter_map("it is a skill", |name| Skill::parse(&name).ok())
}

fn customers_event() -> impl Strategy<Value = Event> {
    let opened = (id(), id(), name()).prop_map(|(visitor, context, session_name)| {
        let name = Personal::Known(Named { session_name });
        Event::Opened(Opened { visitor: VisitorId(visitor), context: ContextId(context), name })
    });
    let read = (select(vec![Recipient::Assistant, Recipient::Person]), rules());
    let sent = (id(), any::<u32>(), language(), id(), read, text(), parameters()).prop_map(
        |(message, episode, language, node, (recipient, rule_signals), text, parameters)| {
            Event::CustomerMessageSent(CustomerMessageSent {
                message: MessageId(message),
                episode,
                language,
                incarnation: Incarnation(node),
                recipient,
                rule_signals,
                words: Personal::Known(Words { text, parameters }),
            })
        },
    );
    let context = (id(), any::<bool>())
        .prop_map(|(context, cleared)| Event::ContextStarted(ContextStarted { context: ContextId(context), cleared }));
    let confirmed = words().prop_map(|command| Event::CommandConfirmed(CommandConfirmed { command }));
    prop_oneof![opened, sent, context, confirmed, Just(Event::Reopened(Reopened {}))]
}

fn spent() -> impl Strategy<Value = (Option<Tokens>, Option<Cost>)> {
    let tokens = any::<(u64, u64)>().prop_map(|(input, output)| Tokens { input, output });
    let cost = (any::<u64>(), words()).prop_map(|(micros, currency)| Cost { micros, currency });
    (option::of(tokens), option::of(cost))
}

fn replied() -> impl Strategy<Value = Event> {
    let outcome = select(Outcome::ALL.to_vec());
    let measured = (outcome, language(), option::of(any::<u16>()), spent(), vec(words(), 0..3), rules());
    let said = (text(), vec(words(), 0..4), option::of(words()));
    (id(), any::<u32>(), id(), messages(), measured, said).prop_map(
        |(run, attempt, message, answers, measured, said)| {
            let (outcome, language, confidence_permille, (tokens, cost), sources, rule_signals) = measured;
            let reply = Personal::Known(Reply { text: said.0, suggestions: said.1, assistant_context: said.2 });
            let (run, message) = (RunId(run), MessageId(message));
            Event::AssistantReplied(AssistantReplied {
                run,
                attempt,
                message,
                answers,
                outcome,
                language,
                confidence_permille,
                tokens,
                cost,
                sources,
                rule_signals,
                reply,
            })
        },
    )
}

fn assistants_event() -> impl Strategy<Value = Event> {
    let started = (id(), any::<u32>(), id(), words(), option::of(words()), time(), messages()).prop_map(
        |(run, attempt, node, assistant, variant, deadline, messages)| {
            let (run, incarnation) = (RunId(run), Incarnation(node));
            Event::AssistantRunStarted(AssistantRunStarted {
                run,
                attempt,
                incarnation,
                assistant,
                variant,
                deadline,
                messages,
            })
        },
    );
    let asked = (id(), any::<u32>(), option::of(words()), option::of(words()), option::of(words())).prop_map(
        |(run, attempt, context, chat, log_id)| {
            let asked = Personal::Known(Asked { context, chat, log_id });
            Event::AssistantAsked(AssistantAsked { run: RunId(run), attempt, asked })
        },
    );
    let failed =
        (id(), any::<u32>(), select(FailureCode::ALL.to_vec()), option::of(words()), any::<bool>(), spent(), words())
            .prop_map(|(run, attempt, code, error_code, retries, (tokens, cost), text)| {
                let (run, detail) = (RunId(run), Personal::Known(FailureDetail { text }));
                Event::AssistantFailed(AssistantFailed {
                    run,
                    attempt,
                    code,
                    error_code,
                    retries,
                    tokens,
                    cost,
                    detail,
                })
            });
    let reasons = [WithheldReason::HandedOver, WithheldReason::Superseded, WithheldReason::Closed];
    let withheld = (id(), any::<u32>(), select(reasons.to_vec()), spent(), text(), words()).prop_map(
        |(run, attempt, reason, (tokens, cost), text, shown)| {
            let (run, withheld) = (RunId(run), Personal::Known(Withheld { text, shown }));
            Event::AssistantReplyWithheld(AssistantReplyWithheld { run, attempt, reason, tokens, cost, withheld })
        },
    );
    prop_oneof![started, asked, replied(), failed, withheld]
}

fn escalated() -> impl Strategy<Value = Event> {
    let reasons = [
        EscalationReason::Keyword,
        EscalationReason::FailLoop,
        EscalationReason::Sentiment,
        EscalationReason::Vip,
        EscalationReason::Manual,
    ];
    let severity = select(vec![Severity::Low, Severity::High]);
    let place = (class(), option::of(group()), language());
    (select(reasons.to_vec()), words(), severity, any::<u32>(), place, messages(), words()).prop_map(
        |(reason, rule, severity, policy_version, (class, group, language), messages, details)| {
            let evidence = Personal::Known(Evidence { details });
            Event::Escalated(Escalated {
                reason,
                rule,
                severity,
                policy_version,
                class,
                group,
                language,
                messages,
                evidence,
            })
        },
    )
}

fn peoples_event() -> impl Strategy<Value = Event> {
    let cancelled = select(vec![CancelReason::Cancelled, CancelReason::NobodyCame])
        .prop_map(|reason| Event::EscalationCancelled(EscalationCancelled { reason }));
    let notice =
        option::of(time()).prop_map(|opens_at| Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at }));
    let taken = (id(), messages())
        .prop_map(|(agent, messages)| Event::AgentTookOver(AgentTookOver { agent: AgentId(agent), messages }));
    let reason = "[a-z0-9_]{1,40}".prop_map(|code| ReasonCode::parse(&code).unwrap());
    let released =
        (id(), reason).prop_map(|(agent, reason)| Event::Released(Released { agent: AgentId(agent), reason }));
    let reasons = vec![ReturnReason::AgentLost, ReturnReason::HandedBack, ReturnReason::Transferred];
    let returned = (id(), select(reasons), option::of(group())).prop_map(|(agent, reason, group)| {
        Event::ReturnedToQueue(ReturnedToQueue { agent: AgentId(agent), reason, group })
    });
    let closed = (select(vec![CloseReason::Resolved, CloseReason::CustomerLeft, CloseReason::Idle]), messages())
        .prop_map(|(reason, messages)| Event::Closed(Closed { reason, messages }));
    prop_oneof![escalated(), cancelled, notice, taken, released, returned, closed]
}

/// Any event.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => customers_event(),
        4 => assistants_event(),
        7 => peoples_event(),
        9 => hand_off::between_people(),
        4 => hand_off::mails(),
        5 => hand_off::notes(),
    ]
}
