//! Keys that an erasure destroyed do not come back, whatever is restored; their backup goes after its time.

use std::{path::Path, sync::Arc};

use commands::{Erasure, erasure::Person};
use domain::{ErasureCause, VisitorId};
use event_store::{
    Actor, EventStore, Log, RecordedEvent, Unsealed, Vault,
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};
use uuid::Uuid;

use super::follower::{Following, Shipped, on_files};
use crate::{copy_log::place::all_of, crash::proves_itself};

async fn log_in(folder: &Path) -> (Log, Arc<dyn EventStore>) {
    let store: Arc<dyn EventStore> = Arc::new(SqliteStore::open(&folder.join("events.db")).await.unwrap());
    let keys = Database::sqlite(&folder.join("keys.db"), Access::Durable).await.unwrap();
    let master = MasterKey::read(&folder.join("master-key")).unwrap();
    (Log::new(store.clone(), Arc::new(Vault::new(Arc::new(SqlKeys::new(keys)), master))), store)
}

/// A customer of whom something can be opened.
async fn somebody(log: &Log, events: &[Arc<RecordedEvent>]) -> Uuid {
    for event in events {
        if event.event.key_id.as_ref().is_some_and(|id| id.contains("/message/"))
            && matches!(log.open(event).await, Ok(Unsealed::Known(_)))
        {
            return event.event.subject.unwrap();
        }
    }
    panic!("nobody has said anything");
}

async fn erase(log: &Log, subject: Uuid) {
    let person = Person::Customer(VisitorId(subject));
    Erasure::new(log.clone()).erase(person, ErasureCause::Request, Actor::new("agent", "x")).await.unwrap();
}

/// How many of a person's events open, and how many are erased.
async fn opened(folder: &Path, subject: Uuid) -> (usize, usize) {
    let (log, store) = log_in(folder).await;
    let (mut known, mut erased) = (0, 0);
    for event in all_of(&*store).await.iter().filter(|event| event.event.subject == Some(subject)) {
        match log.open(event).await.unwrap() {
            Unsealed::Known(_) => known += 1,
            Unsealed::Erased => erased += 1,
            Unsealed::Nothing => {}
        }
    }
    (known, erased)
}

#[tokio::test(flavor = "multi_thread")]
async fn destroyed_keys_stay_destroyed_before_and_behind_the_restored_position() {
    let shipped = Shipped::of(600, 91).await;
    let source = shipped.source.path();
    let before = shipped.events.last().unwrap().position;
    let subject = {
        let (log, store) = log_in(&source).await;
        let subject = somebody(&log, &shipped.events).await;
        erase(&log, subject).await;
        store.flush().await.unwrap();
        subject
    };
    let mut following = shipped.follow();
    following.has_shipped(before.0 + 1).await;
    assert_eq!(following.terminate(), Some(0));
    let whole = shipped.empty();
    let (code, said) = shipped.restore(whole.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(", 0 of them recorded again"), "{said}");
    let earlier = shipped.empty();
    let (code, said) = shipped.restore(earlier.path(), &["--to-position", &before.0.to_string()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(", 1 of them recorded again"), "{said}");
    for restored in [whole.path(), earlier.path()] {
        let (known, erased) = opened(restored, subject).await;
        assert!(known == 0 && erased > 0, "{known} of the person's events open");
        proves_itself(&restored.display().to_string());
        let (_, store) = log_in(restored).await;
        let records = all_of(&*store).await;
        let of_the_person = records
            .iter()
            .filter(|event| &*event.event.event_type == "customer.data_erased" && event.stream.id() == Some(subject));
        assert_eq!(of_the_person.count(), 1, "it is on record once");
        assert_eq!(store.identity().await.unwrap().generation, 2);
    }
}

/// The clock is moved: rounds of keys that are older than the retention go, and those that are needed stay.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_before_an_erasure_are_removed_when_the_retention_has_passed() {
    let shipped = Shipped::of(300, 92).await;
    let source = shipped.source.path();
    let rounds = || -> Vec<String> {
        let mut names: Vec<String> = shipped.shelf.files_of(".end.keys");
        names.sort();
        names
    };
    let first = rounds();
    assert_eq!(first.len(), 1);
    let clock = shipped.shelf.path().join("clock");
    let moved = async |days: u64| {
        std::fs::write(&clock, (days * 86_400).to_string()).unwrap();
        let clock = clock.display().to_string();
        let command = on_files(&source, &["--dev", "--clock-file", &clock, "backup", "--follow"]);
        let mut following = Following::start(command, &source, &shipped.shelf);
        following.has_shipped(1).await;
        assert_eq!(following.terminate(), Some(0));
    };
    moved(2).await;
    let second = rounds();
    assert!(second.len() == 2 && second.contains(&first[0]), "a day later all keys go out again: {second:?}");
    moved(6).await;
    assert!(rounds().contains(&first[0]), "the retention has not passed");
    moved(8).await;
    let last = rounds();
    assert!(!last.contains(&first[0]) && !last.is_empty(), "{last:?}");
    let to = shipped.empty();
    let (code, said) = shipped.restore(to.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
}
