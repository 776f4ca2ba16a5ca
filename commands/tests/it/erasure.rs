//! An erasure is on record before the keys go, also if the process ends in between.

use std::sync::Arc;

use commands::{Erasure, erasure::Person};
use domain::{AgentId, ErasureCause, VisitorId};
use event_store::{
    Actor, Expected, KeyClass, Log, NewEvent, PersonalPart, Position, RecordedEvent, Unsealed, Vault, log::LogError,
    memory::MemoryStore, vault::VaultError,
};
use jiff::Timestamp;
use uuid::Uuid;

const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xa001));
const AGENT: AgentId = AgentId(Uuid::from_u128(0xc001));

fn by() -> Actor {
    Actor::new("agent", "ana")
}

async fn says(log: &Log, person: Person, class: KeyClass, subject: Uuid) -> Result<(), LogError> {
    let event = NewEvent {
        event_id: Uuid::new_v4(),
        event_type: "session.noted",
        schema: 1,
        actor: by(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        data: "{}".to_owned(),
        personal: Some(PersonalPart { subject, class, json: "{}".to_owned() }),
    };
    log.append(&person.stream(), Expected::Any, &[event]).await.map(drop)
}

async fn log_with_texts() -> Log {
    let log = Log::new(Arc::new(MemoryStore::default()), Arc::new(Vault::in_memory()));
    for class in [KeyClass::Message, KeyClass::Contact] {
        says(&log, Person::Customer(VISITOR), class, VISITOR.0).await.unwrap();
    }
    says(&log, Person::Staff(AGENT), KeyClass::Staff, AGENT.0).await.unwrap();
    log
}

async fn events(log: &Log) -> Vec<Arc<RecordedEvent>> {
    log.reader().read_all(Position::START, 100).await.unwrap()
}

async fn is_erased(log: &Log, event: &RecordedEvent) -> bool {
    log.open(event).await.unwrap() == Unsealed::Erased
}

#[tokio::test]
async fn erasure_names_every_key_and_destroys_them() {
    let log = log_with_texts().await;
    for _again in 1..=2 {
        Erasure::new(log.clone()).erase(Person::Customer(VISITOR), ErasureCause::Request, by()).await.unwrap();
    }
    let events = events(&log).await;
    assert_eq!(events.len(), 4, "it is recorded once");
    let record = &events[3].event;
    assert_eq!((&*record.event_type, record.actor.as_str()), ("customer.data_erased", "agent:ana"));
    for event in &events[..2] {
        assert!(record.data.contains(event.event.key_id.as_deref().unwrap()), "{}", record.data);
        assert!(is_erased(&log, event).await);
    }
    assert!(!is_erased(&log, &events[2]).await, "the agent's is another key");
    let refused = says(&log, Person::Customer(VISITOR), KeyClass::Note, VISITOR.0).await;
    assert!(matches!(refused, Err(LogError::Vault(VaultError::SubjectErased(_)))), "{refused:?}");
}

#[tokio::test]
async fn erasure_that_a_process_left_half_done_is_completed_on_record() {
    let log = log_with_texts().await;
    // The process ended before it could record anything.
    log.vault().close_subject(AGENT.0, Timestamp::now()).await.unwrap();
    let before = events(&log).await;
    assert!(!is_erased(&log, &before[2]).await, "nothing is destroyed without a record");
    let erasure = Erasure::new(log.clone());
    assert_eq!(erasure.complete().await.unwrap(), 1);
    let after = events(&log).await;
    assert_eq!(&*after[3].event.event_type, "agent.data_erased");
    assert!(is_erased(&log, &after[2]).await);
    assert_eq!(erasure.complete().await.unwrap(), 0);
    assert_eq!(events(&log).await.len(), 4);
}
