//! The journal over a log in memory: what is decoded, what is opened, and what every follower gets.

use std::{pin::pin, sync::Arc};

use domain::{DomainEvent, MessageId, Personal, SessionId, VisitorId, session};
use event_store::{
    Actor, EventStore, Expected, KeyClass, Log, NewEvent, PersonalPart, Position, StreamName, StreamVersion, Vault,
    memory::MemoryStore, pages::PAGE,
};
use futures::StreamExt as _;
use jiff::Timestamp;
use journal::{Decoded, Journal, JournalError, Tail};
use uuid::Uuid;

const SESSION: SessionId = SessionId(Uuid::from_u128(1));
const VISITOR: VisitorId = VisitorId(Uuid::from_u128(2));
const TEXT: &str = "where is my bike?";

struct Fixture {
    store: Arc<MemoryStore>,
    vault: Arc<Vault>,
    journal: Journal,
}

impl Fixture {
    fn new() -> Self {
        let (store, vault) = (Arc::new(MemoryStore::default()), Arc::new(Vault::in_memory()));
        let journal = Journal::new(store.clone(), vault.clone());
        Self { store, vault, journal }
    }

    async fn append(&self, event: NewEvent) {
        let log = Log::new(self.store.clone() as Arc<dyn EventStore>, self.vault.clone());
        log.append(&stream(), Expected::Any, &[event]).await.expect("memory takes it");
    }

    async fn append_message(&self) {
        let message = MessageId(Uuid::nil());
        let data = serde_json::json!({"message": message, "episode": 1, "language": "en", "incarnation": Uuid::nil()});
        let personal = serde_json::json!({"text": TEXT, "parameters": {}}).to_string();
        let personal = PersonalPart { subject: VISITOR.0, class: KeyClass::Message, json: personal };
        let event = new_event("session.customer_message_sent", data.to_string());
        self.append(NewEvent { personal: Some(personal), ..event }).await;
    }

    /// A message that a follower is not sent but has to read.
    async fn append_large(&self) {
        let personal = serde_json::json!({"text": "x".repeat(5_000), "parameters": {}}).to_string();
        let data =
            serde_json::json!({"message": Uuid::nil(), "episode": 1, "language": "en", "incarnation": Uuid::nil()});
        let personal = PersonalPart { subject: VISITOR.0, class: KeyClass::Message, json: personal };
        let event = new_event("session.customer_message_sent", data.to_string());
        self.append(NewEvent { personal: Some(personal), ..event }).await;
    }

    async fn append_plain(&self) {
        self.append(new_event("session.reopened", "{}".to_owned())).await;
    }

    async fn append_unknown(&self) {
        self.append(new_event("session.from_the_future", "{}".to_owned())).await;
    }

    async fn only_event(&self) -> Decoded {
        let events = self.journal.whole_stream(&stream(), StreamVersion::NONE).await.expect("reads");
        <[Decoded; 1]>::try_from(events).expect("there is one")[0].clone()
    }
}

fn stream() -> StreamName {
    StreamName::of("session", SESSION.0)
}

fn new_event(event_type: &'static str, data: String) -> NewEvent {
    NewEvent {
        event_id: Uuid::new_v4(),
        event_type,
        schema: 1,
        actor: Actor::new("customer", "c"),
        correlation_id: Uuid::nil(),
        causation_id: None,
        data,
        personal: None,
    }
}

fn words(event: &DomainEvent) -> Personal<String> {
    match event.session() {
        Some((SESSION, session::Event::CustomerMessageSent(sent))) => {
            sent.words.as_ref().map(|words| words.text.as_str().to_owned())
        }
        other => panic!("not a message: {other:?}"),
    }
}

#[tokio::test]
async fn a_personal_part_is_sealed_until_it_is_opened() {
    let fixture = Fixture::new();
    fixture.append_message().await;
    let decoded = fixture.only_event().await;
    assert!(words(decoded.event()) == Personal::Sealed);
    assert!(words(decoded.opened_event()) == Personal::Sealed);
    fixture.journal.open(&decoded).await.expect("opens");
    assert!(words(decoded.opened_event()) == Personal::Known(TEXT.to_owned()));
    assert!(words(decoded.event()) == Personal::Sealed, "the event itself stays without it");
}

#[tokio::test]
async fn an_erased_part_opens_as_erased_and_one_without_a_vault_stays_sealed() {
    let fixture = Fixture::new();
    fixture.append_message().await;
    let sealed = Journal::sealed(fixture.store.clone());
    let decoded = fixture.only_event().await;
    sealed.open(&decoded).await.expect("nothing to open");
    assert!(words(decoded.opened_event()) == Personal::Sealed);
    fixture.vault.erase_subject(VISITOR.0, Timestamp::UNIX_EPOCH).await.expect("erases");
    let decoded = fixture.only_event().await;
    assert!(fixture.journal.open(&decoded).await.expect("opens").is_erased());
    assert!(words(decoded.opened_event()) == Personal::Erased);
}

#[tokio::test]
async fn an_event_without_a_personal_part_opens_as_itself() {
    let fixture = Fixture::new();
    fixture.append_plain().await;
    let decoded = fixture.only_event().await;
    assert_eq!(fixture.journal.open(&decoded).await.expect("opens").text(), None);
    assert_eq!(decoded.opened_event(), decoded.event());
}

#[tokio::test]
async fn every_follower_gets_the_same_decoded_event_opened_once() {
    let fixture = Fixture::new();
    let tail = Tail::start(fixture.store.clone(), Position::START);
    let (mut one, mut other) = (tail.follow(Position::START), tail.follow(Position::START));
    let mut of_stream = tail.follow_stream(&stream(), Position::START);
    let first = of_stream.next();
    let (first, ()) = futures::join!(first, fixture.append_message());
    let seen = [one.next().await, other.next().await].map(|next| next.expect("goes on").expect("is readable"));
    fixture.journal.open(&seen[0]).await.expect("opens");
    assert!(words(seen[1].opened_event()) == Personal::Known(TEXT.to_owned()), "opened for the other as well");
    assert_eq!(first.expect("goes on").expect("is readable").position(), Position(1));
}

#[tokio::test]
async fn a_stream_is_read_and_then_followed_without_a_gap() {
    let fixture = Fixture::new();
    fixture.append_plain().await;
    let tail = Tail::start(fixture.store.clone(), Position::START);
    let mut events = tail.follow_stream(&stream(), Position::START);
    assert_eq!(events.next().await.expect("goes on").expect("is readable").position(), Position(1));
    let last = 3 * u64::try_from(PAGE).expect("a small number");
    for _ in 1..last {
        fixture.append_plain().await;
    }
    for expected in 2..=last {
        assert_eq!(events.next().await.expect("goes on").expect("is readable").position(), Position(expected));
    }
    let mut nothing = tail.follow_stream(&StreamName::of("session", Uuid::max()), Position::START);
    assert!(futures::poll!(nothing.next()).is_pending());
}

#[tokio::test]
async fn large_events_come_once_and_in_order_to_whoever_waits_and_whoever_is_behind() {
    let fixture = Fixture::new();
    let tail = Tail::start(fixture.store.clone(), Position::START);
    let [mut waiting, mut behind] = [Position::START; 2].map(|after| tail.follow_stream(&stream(), after));
    for expected in (1..=40).map(Position) {
        let next = waiting.next();
        let (came, ()) = futures::join!(next, async {
            match expected.0 % 3 {
                0 => fixture.append_plain().await,
                _large => fixture.append_large().await,
            }
        });
        assert_eq!(came.expect("goes on").expect("is readable").position(), expected);
    }
    for expected in (1..=40).map(Position) {
        assert_eq!(behind.next().await.expect("goes on").expect("is readable").position(), expected);
    }
}

#[tokio::test]
async fn an_unreadable_event_is_an_error_that_does_not_end_a_follower() {
    let fixture = Fixture::new();
    fixture.append_unknown().await;
    fixture.append_plain().await;
    let tail = Tail::start(fixture.store.clone(), Position::START);
    for mut events in [tail.follow(Position::START), tail.follow_stream(&stream(), Position::START)] {
        match events.next().await {
            Some(Err(JournalError::Unreadable(unreadable))) => {
                assert_eq!(unreadable.to_string(), "the event at position 1 cannot be decoded");
            }
            other => panic!("not {other:?}"),
        }
        assert_eq!(events.next().await.expect("goes on").expect("is readable").position(), Position(2));
    }
    let recorded: Vec<_> = tail.follow_recorded(Position::START).take(2).collect().await;
    assert!(recorded.iter().all(Result::is_ok), "as it is stored anybody gets it");
}

#[tokio::test]
async fn an_event_in_a_stream_of_an_unknown_kind_is_unreadable() {
    let fixture = Fixture::new();
    let log = Log::new(fixture.store.clone() as Arc<dyn EventStore>, fixture.vault.clone());
    let stream = StreamName::parse("elsewhere-1").expect("a name");
    log.append(&stream, Expected::Any, &[new_event("session.reopened", "{}".to_owned())]).await.expect("is taken");
    let refused = fixture.journal.whole_stream(&stream, StreamVersion::NONE).await;
    assert!(matches!(refused, Err(JournalError::Unreadable(_))));
}

#[tokio::test]
async fn a_stream_is_read_page_by_page_from_any_version() {
    let fixture = Fixture::new();
    let total = 2 * PAGE + 10;
    for _ in 0..total {
        fixture.append_plain().await;
    }
    for after in [0, 1, PAGE - 1, PAGE, 2 * PAGE, total] {
        let after = StreamVersion(after as u64);
        let stream = stream();
        let mut pages = pin!(fixture.journal.read_stream(&stream, after));
        let mut expected = after;
        while let Some(page) = pages.next().await {
            let page = page.expect("reads");
            assert!(!page.is_empty() && page.len() <= PAGE);
            for decoded in page {
                expected = expected.next();
                assert_eq!(decoded.recorded().version, expected);
            }
        }
        assert_eq!(expected, StreamVersion(total as u64));
    }
}
