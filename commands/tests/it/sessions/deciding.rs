//! Loading, deciding and appending: keys, caches and other nodes.

use std::sync::Arc;

use commands::{
    CommandError, CommandId, Node, Sessions,
    executor::CommandMetadata,
    sessions::{Execution, StartContext},
};
use domain::{
    AgentId,
    session::{
        Command, Event, Rejection, Status,
        event::{CancelReason, EscalationReason},
    },
    text::SessionName,
};
use event_store::Actor;
use testkit::session::new_message;
use uuid::Uuid;

use super::fixture::{Fixture, Script, VISITOR, message, rules, session};

fn metadata(actor: &str) -> CommandMetadata {
    let id = CommandId::random(Uuid::from_u128(1));
    CommandMetadata { actor: Actor::new("agent", actor), correlation_id: Uuid::new_v4(), causation_id: None, id }
}

async fn act(sessions: &Sessions, command: Command) -> Result<Execution, CommandError> {
    sessions.execute(session(), &metadata("ana"), command).await
}

fn escalate() -> Command {
    testkit::session::escalate(EscalationReason::Manual, "用户主动请求人工服务")
}

#[tokio::test]
async fn the_same_key_gives_one_message_and_the_same_answer() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let (sessions, node) = (fixture.sessions(), Node::new("a"));
    let first = sessions.receive_message(&node, &rules(), message("hello", Some("k"))).await.unwrap();
    let again = sessions.receive_message(&node, &rules(), message("hello", Some("k"))).await.unwrap();
    let elsewhere =
        fixture.sessions().receive_message(&Node::new("b"), &rules(), message("hello", Some("k"))).await.unwrap();
    assert_eq!((first, first), (again, elsewhere));
    let other = sessions.receive_message(&node, &rules(), message("other words", Some("k"))).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    let sent = fixture.events(session()).await.iter().filter(|e| matches!(e, Event::CustomerMessageSent(_))).count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn the_same_key_at_the_same_time_on_two_nodes_gives_one_message() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    for round in 0..20 {
        let key = format!("k{round}");
        let send = |sessions: Arc<Sessions>| {
            let request = message(&format!("hello {round}"), Some(&key));
            tokio::spawn(async move { sessions.receive_message(&Node::new("n"), &rules(), request).await.unwrap() })
        };
        let (one, other) = (send(fixture.sessions()), send(fixture.sessions()));
        assert_eq!(one.await.unwrap(), other.await.unwrap());
    }
    let sent = fixture.events(session()).await.iter().filter(|e| matches!(e, Event::CustomerMessageSent(_))).count();
    assert_eq!(sent, 20);
}

#[tokio::test]
async fn a_rejection_from_a_cached_state_is_decided_again_before_it_is_answered() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let (here, there, node) = (fixture.sessions(), fixture.sessions(), Node::new("a"));
    here.receive_message(&node, &rules(), message("hello", None)).await.unwrap();
    act(&here, escalate()).await.unwrap();
    let refused = here.receive_message(&node, &rules(), message("anybody?", None)).await;
    let expected = Rejection::InManualMode { status: Status::PendingManual };
    assert!(matches!(refused, Err(CommandError::Rejected(rejection)) if rejection == expected), "{refused:?}");
    act(&there, Command::CancelEscalation { reason: CancelReason::Cancelled, notice: new_message() }).await.unwrap();
    here.receive_message(&node, &rules(), message("again", None)).await.expect("the other node's cancelling is seen");
}

#[tokio::test]
async fn events_from_a_cached_state_are_not_appended_after_another_nodes() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let (here, there, node) = (fixture.sessions(), fixture.sessions(), Node::new("a"));
    here.receive_message(&node, &rules(), message("hello", None)).await.unwrap();
    let agent = AgentId(Uuid::from_u128(9));
    act(&there, Command::TakeOver { agent, from_any: true, notice: new_message() }).await.unwrap();
    let refused = here.receive_message(&node, &rules(), message("still there?", None)).await;
    assert!(matches!(refused, Err(CommandError::Rejected(Rejection::InManualMode { .. }))), "{refused:?}");
}

#[tokio::test]
async fn thirty_two_writers_on_two_nodes_are_all_stored() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let nodes = [fixture.sessions(), fixture.sessions()];
    let writers: Vec<_> = (0..32)
        .map(|writer| {
            let sessions = nodes[writer % 2].clone();
            let request = message(&format!("message {writer}"), None);
            tokio::spawn(async move { sessions.receive_message(&Node::new("n"), &rules(), request).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().expect("nobody is refused");
    }
    let sent = fixture.events(session()).await.iter().filter(|e| matches!(e, Event::CustomerMessageSent(_))).count();
    assert_eq!(sent, 32);
}

#[tokio::test]
async fn a_keyed_command_without_effect_is_confirmed_once() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let sessions = fixture.sessions();
    let start = |key: Option<&str>| StartContext {
        visitor: VISITOR,
        name: SessionName::parse("s1".to_owned()).unwrap(),
        clear: false,
        key: key.and_then(commands::IdempotencyKey::parse),
        correlation_id: Uuid::new_v4(),
    };
    let opened = sessions.start_context(start(None)).await.unwrap();
    let confirmed = sessions.start_context(start(Some("k"))).await.unwrap();
    let again = sessions.start_context(start(Some("k"))).await.unwrap();
    assert_eq!(confirmed, again);
    assert_eq!(opened.context, confirmed.context);
    let events = fixture.events(session()).await;
    assert!(
        matches!(&events[..], [Event::Opened(_), Event::CommandConfirmed(c)] if c.command == "start_context"),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_refused_append_is_an_error_and_a_repeat_succeeds() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let (sessions, node) = (fixture.sessions(), Node::new("a"));
    fixture.fail_appends(1);
    let away = sessions.receive_message(&node, &rules(), message("hello", Some("k"))).await;
    assert!(matches!(away, Err(CommandError::Unavailable(_))), "{away:?}");
    sessions.receive_message(&node, &rules(), message("hello", Some("k"))).await.unwrap();
    assert_eq!(fixture.events(session()).await.len(), 2);
}
