//! What becomes of a message once it is recorded.

use std::sync::Arc;

use commands::{
    CommandError, CommandId, LiveSubscription,
    executor::CommandMetadata,
    sessions::{StaffRequest, StartContext},
};
use domain::{
    AgentId,
    session::{
        Command, Event, Rejection,
        command::Staff,
        event::{CloseReason, EscalationReason, Outcome, WithheldReason},
    },
    text::SessionName,
};
use event_store::Actor;
use futures::future::join_all;
use testkit::session::new_message;
use uuid::Uuid;

use super::fixture::{Fixture, PATIENCE, Script, VISITOR, replies, send, session};

fn agent_metadata() -> CommandMetadata {
    let id = CommandId::random(Uuid::from_u128(1));
    CommandMetadata { actor: Actor::new("agent", "ana"), correlation_id: Uuid::new_v4(), causation_id: None, id }
}

#[tokio::test]
async fn a_message_is_answered_once_and_listed_in_its_reply() {
    let fixture = Fixture::new(vec![Script::Says("Four hours.")]);
    let node = fixture.node("a").await;
    let received = send(&node, "How long?").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    let reply = replies(&events)[0];
    assert_eq!(reply.answers, [received.message]);
    assert_eq!(reply.reply.known().unwrap().text.as_str(), "Four hours.");
    assert_eq!(reply.confidence_permille, Some(500));
    assert_eq!(replies(&events).len(), 1);
}

#[tokio::test]
async fn an_assistant_that_fails_is_asked_three_times_before_the_fallback_reply() {
    let fixture = Fixture::new(vec![Script::Fails { retryable: true }]);
    let node = fixture.node("a").await;
    let received = send(&node, "你好").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    let reply = replies(&events)[0];
    assert_eq!((reply.outcome, reply.attempt), (Outcome::Unavailable, 3));
    assert_eq!(reply.answers, [received.message]);
    assert!(reply.reply.known().unwrap().text.as_str().contains("抱歉"));
    let failed: Vec<bool> =
        events.iter().filter_map(|e| if let Event::AssistantFailed(f) = e { Some(f.retries) } else { None }).collect();
    assert_eq!(failed, [true, true, false]);
}

#[tokio::test]
async fn a_failure_that_is_not_retryable_is_not_repeated() {
    let fixture = Fixture::new(vec![Script::Fails { retryable: false }]);
    let node = fixture.node("a").await;
    send(&node, "hello").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].attempt, 1);
}

#[tokio::test]
async fn a_second_attempt_may_answer_and_its_text_is_the_reply() {
    let fixture = Fixture::new(vec![Script::Fails { retryable: true }, Script::BreaksOff, Script::Says("At last.")]);
    let node = fixture.node("a").await;
    send(&node, "hello").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    let reply = replies(&events)[0];
    assert_eq!((reply.outcome, reply.attempt), (Outcome::Answered, 3));
    assert_eq!(reply.reply.known().unwrap().text.as_str(), "At last.");
}

#[tokio::test]
async fn messages_that_arrive_during_a_run_are_answered_together_by_the_next() {
    let fixture = Fixture::new(vec![Script::Waits("one", "!"), Script::Says("both")]);
    let node = fixture.node("a").await;
    let first = send(&node, "first").await;
    fixture.wait_for(session(), |events| events.iter().any(|e| matches!(e, Event::AssistantRunStarted(_)))).await;
    let second = send(&node, "second").await;
    let third = send(&node, "third").await;
    fixture.go_on();
    let events = fixture.wait_for(session(), |events| replies(events).len() == 2).await;
    let answers: Vec<_> = replies(&events).iter().map(|reply| reply.answers.clone()).collect();
    assert_eq!(answers, [vec![first.message], vec![second.message, third.message]]);
    let asked = fixture.assistant.asked.lock().unwrap();
    assert_eq!(asked[1].messages, ["second", "third"]);
    let history: Vec<&str> = asked[1].history.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(history, ["first", "one!"]);
}

/// Waits for the beginning of the answer, of which so much is sent to the customer.
async fn shown(fixture: &Fixture, text: &str) -> LiveSubscription {
    let mut watcher = fixture.live.follow_reply(session());
    while watcher.current().is_none_or(|reply| reply.text.is_empty()) {
        assert!(watcher.changed().await);
    }
    watcher.mark_shown(text.len());
    watcher
}

fn is_withheld(event: &Event) -> bool {
    matches!(event, Event::AssistantReplyWithheld(_))
}

/// The assistant is never told to go on: what ends the run is the takeover.
#[tokio::test]
async fn a_run_is_given_up_at_a_takeover_and_withheld_with_what_was_shown() {
    let fixture = Fixture::new(vec![Script::Waits("Begin", "ning and end")]);
    let node = fixture.node("a").await;
    let received = send(&node, "hello").await;
    let mut watcher = shown(&fixture, "Beg").await;
    let take_over = Command::TakeOver { agent: AgentId(Uuid::from_u128(9)), from_any: true, notice: new_message() };
    node.sessions().execute(session(), &agent_metadata(), take_over).await.unwrap();
    let events = fixture.wait_for(session(), |events| events.iter().any(is_withheld)).await;
    assert!(replies(&events).is_empty());
    let Some(Event::AssistantReplyWithheld(withheld)) = events.last() else { panic!("{events:?}") };
    assert_eq!(withheld.reason, WithheldReason::HandedOver);
    assert_eq!(withheld.withheld.known().unwrap().shown, "Beg");
    assert_eq!(withheld.withheld.known().unwrap().text.as_str(), "Begin");
    let handed =
        events.iter().find_map(|e| if let Event::AgentTookOver(taken) = e { Some(&taken.messages) } else { None });
    assert_eq!(handed, Some(&vec![received.message]));
    assert!(watcher.current().is_none(), "nothing more is published");
    assert_eq!(Arc::strong_count(&fixture.assistant.streams), 1, "the assistant's stream is dropped");
}

#[tokio::test]
async fn a_run_is_given_up_when_the_session_is_escalated_or_closed() {
    let close = Command::Close {
        reason: CloseReason::Resolved,
        notice: new_message(),
        by: None,
        at: testkit::session::circumstances().at,
    };
    let escalate = testkit::session::escalate(EscalationReason::Manual, "");
    for (command, reason) in [(close, WithheldReason::Closed), (escalate, WithheldReason::HandedOver)] {
        let fixture = Fixture::new(vec![Script::Waits("Begin", "ning and end")]);
        let node = fixture.node("a").await;
        send(&node, "hello").await;
        shown(&fixture, "").await;
        node.sessions().execute(session(), &agent_metadata(), command).await.unwrap();
        let events = fixture.wait_for(session(), |events| events.iter().any(is_withheld)).await;
        let Some(Event::AssistantReplyWithheld(withheld)) = events.last() else { panic!("{events:?}") };
        assert_eq!((withheld.reason, withheld.withheld.known().unwrap().shown.as_str()), (reason, ""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_agents_who_take_over_while_an_answer_streams_one_has_the_session() {
    let fixture = Fixture::new(vec![Script::Waits("Begin", "ning and end")]);
    let node = fixture.node("a").await;
    send(&node, "hello").await;
    shown(&fixture, "Begin").await;
    let agents = (1..=200).map(|number| AgentId(Uuid::from_u128(number)));
    let takeovers = agents.map(async |agent| {
        let by = Staff { agent, is_supervisor: false };
        let request = StaffRequest { session: session(), by, key: None, correlation_id: Uuid::new_v4() };
        (agent, node.sessions().take_over(request, true).await)
    });
    let (taken, refused): (Vec<_>, Vec<_>) = join_all(takeovers).await.into_iter().partition(|(_, done)| done.is_ok());
    let [(winner, _)] = taken.as_slice() else { panic!("{} have it", taken.len()) };
    assert_eq!(refused.len(), 199);
    for (_, error) in &refused {
        let error = error.as_ref().unwrap_err();
        let is_named =
            matches!(error, CommandError::Rejected(Rejection::HandledByAnotherAgent { agent }) if agent == winner);
        assert!(is_named, "{error:?}");
    }
    let events = fixture.wait_for(session(), |events| events.iter().any(is_withheld)).await;
    assert!(replies(&events).is_empty());
    assert_eq!(events.iter().filter(|event| matches!(event, Event::AgentTookOver(_))).count(), 1);
}

#[tokio::test]
async fn an_answer_waits_for_a_log_that_is_away() {
    let fixture = Fixture::new(vec![Script::Waits("kept ", "safe")]);
    let node = fixture.node("a").await;
    send(&node, "hello").await;
    fixture.wait_for(session(), |events| events.iter().any(|e| matches!(e, Event::AssistantRunStarted(_)))).await;
    fixture.fail_appends(3);
    fixture.go_on();
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].reply.known().unwrap().text.as_str(), "kept safe");
    assert_eq!(fixture.assistant.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_null_character_of_an_assistant_is_replaced() {
    let fixture = Fixture::new(vec![Script::Says("a\0b")]);
    let node = fixture.node("a").await;
    send(&node, "hello").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].reply.known().unwrap().text.as_str(), "a\u{fffd}b");
}

#[tokio::test]
async fn a_late_answer_of_an_earlier_context_is_not_in_the_new_context() {
    let fixture = Fixture::new(vec![Script::Waits("old", " answer"), Script::Says("new answer")]);
    let node = fixture.node("a").await;
    send(&node, "old question").await;
    fixture.wait_for(session(), |events| events.iter().any(|e| matches!(e, Event::AssistantRunStarted(_)))).await;
    node.sessions().start_context(new_context()).await.unwrap();
    fixture.go_on();
    fixture.wait_for(session(), |events| replies(events).len() == 1).await;
    send(&node, "new question").await;
    fixture.wait_for(session(), |events| replies(events).len() == 2).await;
    let asked = fixture.assistant.asked.lock().unwrap();
    assert_eq!(asked[1].messages, ["new question"]);
    assert!(asked[1].history.is_empty());
}

fn new_context() -> StartContext {
    let name = SessionName::parse("s1".to_owned()).unwrap();
    StartContext { visitor: VISITOR, name, clear: false, key: None, correlation_id: Uuid::new_v4() }
}

/// Nobody else would: the node lives.
#[tokio::test]
async fn a_run_that_the_log_does_not_take_begins_when_the_log_is_back() {
    let fixture = Fixture::new(vec![Script::Says("here")]);
    let runner = fixture.idle_node("a");
    let received = send(&runner, "hello").await;
    fixture.fail_appends(2);
    runner.take_up(session(), Uuid::new_v4(), Uuid::new_v4());
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!((replies(&events).len(), &replies(&events)[0].answers), (1, &vec![received.message]));
}

#[tokio::test]
async fn a_begun_run_whose_question_could_not_be_read_goes_on_when_the_log_is_back() {
    let fixture = Fixture::new(vec![Script::Says("here")]);
    let runner = fixture.idle_node("a");
    let received = send(&runner, "hello").await;
    fixture.fail_reads(1);
    runner.take_up(session(), Uuid::new_v4(), Uuid::new_v4());
    let asked = async {
        while fixture.assistant.asked.lock().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it goes on");
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!((replies(&events).len(), &replies(&events)[0].answers), (1, &vec![received.message]));
}
