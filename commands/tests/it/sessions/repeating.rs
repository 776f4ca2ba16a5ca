//! A question that comes again is seen (R13), whichever node takes it and whatever happened in between.

use std::sync::Arc;

use commands::{Node, Rules, Sessions};
use domain::{policy::Rule, session::Event};

use super::fixture::{Fixture, Script, message, rules, send, session};

/// A node with what it remembers.
struct Taker {
    sessions: Arc<Sessions>,
    node: Node,
    rules: Arc<Rules>,
}

impl Taker {
    fn new(fixture: &Fixture, name: &str) -> Self {
        Self { sessions: fixture.sessions(), node: Node::new(name), rules: rules() }
    }

    async fn take(&self, text: &str) {
        self.sessions.receive_message(&self.node, &self.rules, message(text, None)).await.unwrap();
    }
}

/// For each message of the customer, whether it was seen to come again.
async fn seen(fixture: &Fixture) -> Vec<bool> {
    let sent = |event: &Event| match event {
        Event::CustomerMessageSent(sent) => Some(sent.rule_signals.contains(&Rule::R13)),
        _other => None,
    };
    fixture.events(session()).await.iter().filter_map(sent).collect()
}

#[tokio::test]
async fn a_question_comes_again_among_the_last_three_messages() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let taker = Taker::new(&fixture, "a");
    for text in
        ["How far does it go?", "how far DOES it go", "one more", "two more", "three more", "How far does it go?"]
    {
        taker.take(text).await;
    }
    assert_eq!(seen(&fixture).await, [false, true, false, false, false, false]);
}

#[tokio::test]
async fn it_is_seen_by_a_node_that_took_none_of_the_messages_before() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let (one, other) = (Taker::new(&fixture, "a"), Taker::new(&fixture, "b"));
    one.take("How far does it go?").await;
    other.take("Where is my parcel?").await;
    one.take("where is my parcel").await;
    other.take("How far does it go?").await;
    Taker::new(&fixture, "c").take("Where is my parcel?").await;
    assert_eq!(seen(&fixture).await, [false, false, true, true, true]);
}

#[tokio::test]
async fn it_is_seen_after_an_answer() {
    let fixture = Fixture::new(vec![Script::Says("Far.")]);
    let runner = fixture.node("a").await;
    for answers in 1..=2 {
        send(&runner, "How far does it go?").await;
        let is_reply = |event: &&Event| matches!(event, Event::AssistantReplied(_));
        fixture.wait_for(session(), |events| events.iter().filter(is_reply).count() == answers).await;
    }
    assert_eq!(seen(&fixture).await, [false, true]);
}

#[tokio::test]
async fn what_this_node_took_last_is_compared_without_reading_the_log() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    let taker = Taker::new(&fixture, "a");
    taker.take("How far does it go?").await;
    fixture.fail_reads(usize::MAX);
    taker.take("Where is my parcel?").await;
    taker.take("How far does it go?").await;
    fixture.fail_reads(0);
    assert_eq!(seen(&fixture).await, [false, false, true]);
}
