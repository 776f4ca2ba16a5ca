//! Settings are published, are in force on every node, and stay so after a restart.

use std::{sync::Arc, time::Duration};

use commands::{
    CommandError, PublishedSettings, SettingsInForce,
    executor::{Decider as _, new_event},
    settings::{SettingsDecider, SettingsError, VersionZero, stream_of},
};
use domain::{
    Language,
    policy::{Customer, Message, Policy, Rule},
    settings::{Event, Rejection, Topic, event::Published},
};
use event_store::{Actor, EventReader as _, Expected, Log, Position, Vault, memory::MemoryStore};
use journal::Tail;
use uuid::Uuid;

const LOG_ID: Uuid = Uuid::from_u128(1);
const PATIENCE: Duration = Duration::from_secs(10);

struct Fixture {
    store: MemoryStore,
    log: Log,
}

impl Fixture {
    fn new() -> Self {
        let store = MemoryStore::new(LOG_ID);
        let log = Log::new(Arc::new(store.clone()), Arc::new(Vault::in_memory()));
        Self { store, log }
    }

    fn node(&self) -> PublishedSettings {
        PublishedSettings::new(self.log.clone(), LOG_ID)
    }

    async fn load(&self, head: Position) -> Result<Arc<SettingsInForce>, SettingsError> {
        SettingsInForce::load(self.node().journal(), head, VersionZero::default()).await
    }

    /// What is in force on a node that follows from here on.
    async fn following(&self) -> Arc<SettingsInForce> {
        let head = self.store.head().await.unwrap();
        let tail = Tail::new(Arc::new(self.store.clone()), head);
        let in_force = self.load(head).await.unwrap();
        let (follower, running) = (in_force.clone(), tail.clone());
        tokio::spawn(async move { running.run().await.map(|_| ()) });
        tokio::spawn(async move { follower.follow(&tail).await.map(|_| ()) });
        in_force
    }
}

fn actor() -> Actor {
    Actor::new("agent", "ana")
}

async fn publish(node: &PublishedSettings, document: &str, seen: Option<u32>) -> Result<(u32, Position), CommandError> {
    let done = node.publish::<Policy>(actor(), document.to_owned(), None, seen, Uuid::nil()).await?;
    Ok((done.version, done.position))
}

fn fires(in_force: &SettingsInForce, text: &str) -> bool {
    let signals = in_force.policy().read_message(&Message::new(text), false, Language::En, Customer::default());
    signals.iter().any(|signal| signal.rule == Rule::R1)
}

const WORDS: &str = "[rules.R1.phrases]\nen = [\"concierge\"]\n";

#[tokio::test]
async fn what_one_node_publishes_is_in_force_on_another_and_after_a_restart() {
    let fixture = Fixture::new();
    let (node, other) = (fixture.node(), fixture.following().await);
    assert!(!fires(&other, "concierge"));
    let (version, position) = publish(&node, WORDS, Some(0)).await.unwrap();
    other.reach(position, PATIENCE).await;
    assert!(fires(&other, "concierge") && other.policy().version() == version);

    let back = node.roll_back::<Policy>(actor(), 0, None, None, Uuid::nil()).await.unwrap();
    other.reach(back.position, PATIENCE).await;
    assert_eq!((other.policy().version(), fires(&other, "concierge")), (2, false));
    let again = node.roll_back::<Policy>(actor(), 1, None, None, Uuid::nil()).await.unwrap();
    let restarted = fixture.following().await;
    assert_eq!((restarted.policy().version(), fires(&restarted, "concierge")), (again.version, true));
}

#[tokio::test]
async fn events_that_were_loaded_are_not_applied_again() {
    let fixture = Fixture::new();
    let (_, first) = publish(&fixture.node(), WORDS, None).await.unwrap();
    publish(&fixture.node(), "# nothing\n", None).await.unwrap();
    // As of a head before the second: the follower meets an event again that was read at the start.
    let in_force = fixture.load(first).await.unwrap();
    assert_eq!((in_force.policy().version(), in_force.position()), (2, first));
    let tail = Tail::new(Arc::new(fixture.store.clone()), first);
    let (follower, running) = (in_force.clone(), tail.clone());
    tokio::spawn(async move { running.run().await.map(|_| ()) });
    tokio::spawn(async move { follower.follow(&tail).await.map(|_| ()) });
    in_force.reach(Position(2), PATIENCE).await;
    assert_eq!((in_force.policy().version(), in_force.position()), (2, Position(2)));
}

#[tokio::test]
async fn a_wrong_document_and_a_stale_author_are_refused_and_leave_no_event() {
    let fixture = Fixture::new();
    let node = fixture.node();
    let wrong = publish(&node, "[rules.R1]\non = 1\n", None).await;
    assert!(matches!(&wrong, Err(CommandError::Document(error)) if error.line == 2), "{wrong:?}");
    publish(&node, WORDS, None).await.unwrap();
    let stale = publish(&node, "# other\n", Some(0)).await;
    assert!(matches!(stale, Err(CommandError::Settings(Rejection::Stale { current: 1 }))), "{stale:?}");
    let unknown = node.roll_back::<Policy>(actor(), 9, None, None, Uuid::nil()).await;
    assert!(matches!(unknown, Err(CommandError::Settings(Rejection::NoVersion { version: 9 }))), "{unknown:?}");
    assert_eq!(fixture.store.head().await.unwrap(), Position(1));
    assert_eq!(node.history(Topic::Policy).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_authors_at_once_get_one_version_each_or_412() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.node(), fixture.node());
    let both = tokio::join!(publish(&one, "# one\n", Some(0)), publish(&other, "# other\n", Some(0)));
    let outcomes = [both.0.is_ok(), both.1.is_ok()];
    assert_eq!(outcomes.iter().filter(|is_ok| **is_ok).count(), 1, "{both:?}");
}

/// As another program may have published it.
#[tokio::test]
async fn a_document_that_cannot_be_read_stops_the_follower_and_replaces_nothing() {
    let fixture = Fixture::new();
    let node = fixture.node();
    publish(&node, WORDS, None).await.unwrap();
    let head = fixture.store.head().await.unwrap();
    let in_force = fixture.load(head).await.unwrap();
    let metadata = commands::executor::CommandMetadata {
        actor: actor(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        id: commands::CommandId::random(LOG_ID),
    };
    let event = Event::Published(Published { version: 2, document: "[rules.R99]\n".to_owned(), reason: None });
    let new = new_event::<SettingsDecider>(&metadata, Uuid::nil(), 0, &event);
    fixture.log.append(&stream_of(Topic::Policy), Expected::Any, &[new]).await.unwrap();
    let tail = Tail::new(Arc::new(fixture.store.clone()), head);
    let running = tail.clone();
    tokio::spawn(async move { running.run().await.map(|_| ()) });
    let stopped = tokio::time::timeout(PATIENCE, in_force.follow(&tail)).await.unwrap();
    assert!(matches!(stopped, Err(SettingsError::Document { position: Position(2), .. })), "{stopped:?}");
    assert_eq!((in_force.policy().version(), fires(&in_force, "concierge")), (1, true));
    assert!(fixture.load(Position(2)).await.is_err(), "a start is refused");
    assert_eq!(SettingsDecider::stream(Topic::Policy).as_str(), "settings-policy");
}
