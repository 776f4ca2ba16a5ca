//! A machine burns down under load: what was acknowledged more than a moment before is back, proves itself, fits the checkpoints of
//! before, and serves.

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use event_store::{
    EventReader, RecordedEvent,
    kurrentdb::{KurrentLog, KurrentSettings},
    postgres::PostgresStore,
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use tests::{
    desk::{Customer, Desk, Setup, program},
    shop::{Order, bulk},
};
use tokio::task::block_in_place;

use super::follower::{Following, Shelf, run};
use crate::{copy_log::place::all_of, crash::Backend};

const CUSTOMERS: usize = 8;
/// The bar is a minute; a follower with a pace of a second stays far below on a busy machine.
const RPO: Duration = Duration::from_secs(30);
/// What was acknowledged so long before the fire is back in any case.
const SAFE: Duration = Duration::from_secs(6);

/// An answer of success, and when it came.
struct Acknowledged {
    position: u64,
    at: Timestamp,
}

type Ledger = Arc<Mutex<Vec<Acknowledged>>>;

fn chat(url: String, number: usize, is_over: Arc<AtomicBool>, ledger: Ledger) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let customer = Customer::new(url);
        let mut chats = 0;
        while !is_over.load(Ordering::Relaxed) {
            // The machine goes while some of them wait.
            let Ok(answer) = customer.chat(&format!("s-{number}-{}", chats / 3), "多久发货？").await else {
                return;
            };
            assert_eq!(answer["success"], true, "{answer}");
            let position = answer["position"].as_u64().unwrap();
            ledger.lock().unwrap().push(Acknowledged { position, at: Timestamp::now() });
            chats += 1;
        }
    })
}

pub(crate) async fn reader_of(backend: &Backend, data_dir: &Path) -> Arc<dyn EventReader> {
    match backend {
        Backend::Files => SqliteStore::open_reader(&data_dir.join("events.db")).await.unwrap(),
        Backend::Postgres(database) => PostgresStore::open_reader(&database.url()).await.unwrap(),
        Backend::Kurrent { log, .. } => {
            KurrentLog::open_reader(KurrentSettings::parse(&log.url()).unwrap()).await.unwrap()
        }
    }
}

/// A machine with its data directory in a folder that burns, and what is kept elsewhere beside it.
fn setup(backend: &Backend, data_dir: &Path) -> Setup {
    Setup { data_dir: Some(data_dir.to_owned()), ..backend.setup().with_patient_rules() }
}

fn replay(store: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program("desk-replay"));
    let output = command.env_clear().args(["--store", store]).args(arguments).output().unwrap();
    (output.status.code(), super::said(&output))
}

/// What a disaster cost.
pub(crate) struct Cost {
    /// Until the desk was ready again.
    pub(crate) back_after: Duration,
    /// Between the last event that is back and the fire.
    pub(crate) lost: Duration,
}

/// Burns a machine down that had so many events, and brings it back.
pub(crate) async fn comes_back(burnt: Backend, fresh: Backend, events: u64) -> Cost {
    let (machine, shelf) = (tempfile::tempdir().unwrap(), Shelf::new());
    let data_dir = machine.path().join("data");
    if events > 0 {
        let order = Order::stress(events, 7, Timestamp::now());
        let url = burnt.database().map(|database| database.url());
        bulk::write(order, &data_dir, url.as_deref(), &mut |_| {}).await.unwrap();
        std::fs::rename(data_dir.join("master-key"), machine.path().join("test-master-key")).unwrap();
    }
    // A clean stop leaves a checkpoint, which is kept elsewhere, as the keys are.
    let mut desk = block_in_place(|| Desk::start(setup(&burnt, &data_dir)));
    desk.customer().chat("early", "How long does shipping take?").await.unwrap();
    assert_eq!(block_in_place(|| desk.terminate()), Some(0));
    for name in ["checkpoints/latest.checkpoint", "checkpoint-key", "checkpoint-key.pub"] {
        let kept = shelf.path().join(Path::new(name).file_name().unwrap());
        std::fs::copy(data_dir.join(name), kept).unwrap();
    }
    block_in_place(|| desk.start_again());
    let mut following = Following::start(desk.command(&["backup", "--follow"]), &data_dir, &shelf);
    following.has_shipped(events.max(1)).await;
    let (is_over, ledger) = (Arc::new(AtomicBool::new(false)), Ledger::default());
    let chatting: Vec<_> =
        (0..CUSTOMERS).map(|number| chat(desk.url(), number, is_over.clone(), ledger.clone())).collect();
    tokio::time::sleep(Duration::from_secs(8)).await;
    let burnt_at = Timestamp::now();
    desk.kill();
    following.kill();
    is_over.store(true, Ordering::Relaxed);
    for chats in chatting {
        chats.await.unwrap();
    }
    let before = all_of(&*reader_of(&burnt, &data_dir).await).await;
    drop(desk);
    std::fs::remove_dir_all(&data_dir).unwrap();

    let began = Instant::now();
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::copy(shelf.path().join("checkpoint-key"), data_dir.join("checkpoint-key")).unwrap();
    std::fs::create_dir(data_dir.join("checkpoints")).unwrap();
    std::fs::copy(shelf.path().join("latest.checkpoint"), data_dir.join("checkpoints/latest.checkpoint")).unwrap();
    let mut rebuilt = Desk::prepared(setup(&fresh, &data_dir));
    let (code, said) = run(rebuilt.command(&["restore"]), &shelf);
    println!("{said}");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("missing    nothing that the newest checkpoint"), "{said}");
    block_in_place(|| rebuilt.start_again());
    let back_after = began.elapsed();
    println!("back after {back_after:?}");

    let reader = reader_of(&fresh, &data_dir).await;
    let after = all_of(&*reader).await;
    let restored = after.iter().position(|event| &*event.event.event_type == "log.restored").unwrap();
    is_a_beginning(&before, &after[..restored]);
    let acknowledged = std::mem::take(&mut *ledger.lock().unwrap());
    let last = after[restored - 1].clone();
    let safe = acknowledged.iter().filter(|one| one.at < burnt_at - SAFE);
    let number = before.iter().position(|event| event.hash == last.hash).unwrap();
    let lost = acknowledged.iter().filter(|one| one.position > before[number].position.0).count();
    println!("{} acknowledged, {lost} lost, of {} events {}", acknowledged.len(), before.len(), restored);
    assert!(acknowledged.len() > 20, "there was load");
    for one in safe {
        assert!(one.position <= before[number].position.0, "acknowledged at {} and gone", one.at);
    }
    let lost = burnt_at.duration_since(last.recorded_at).unsigned_abs();
    assert!(lost < RPO, "{lost:?} were lost");

    let store = fresh.store(&rebuilt);
    let (code, said) = replay(&store, &["verify"]);
    assert_eq!(code, Some(0), "{said}");
    let (note, key) = (shelf.path().join("latest.checkpoint"), shelf.path().join("checkpoint-key.pub"));
    let mut arguments = vec!["verify", "--checkpoint", note.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let map = data_dir.join("position-map-1-to-2").display().to_string();
    if matches!(fresh, Backend::Kurrent { .. }) {
        arguments.splice(0..0, ["--map", &map]);
    }
    let (code, said) = replay(&store, &arguments);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(rebuilt.customer().chat("new", "多久发货？").await.unwrap()["success"], true);
    Cost { back_after, lost }
}

/// The same events in the same order; positions may be others.
fn is_a_beginning(before: &[Arc<RecordedEvent>], after: &[Arc<RecordedEvent>]) {
    assert!(!after.is_empty() && after.len() <= before.len());
    for (one, other) in before.iter().zip(after) {
        assert_eq!((one.hash, &one.event, one.recorded_at), (other.hash, &other.event, other.recorded_at));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn burnt_machine_is_back_on_sqlite() {
    comes_back(Backend::Files, Backend::Files, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn burnt_machine_is_back_on_postgres() {
    comes_back(Backend::postgres().await, Backend::postgres().await, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn burnt_machine_is_back_on_kurrentdb() {
    if tests::test_scale::is_long() {
        comes_back(Backend::kurrent().await, Backend::kurrent().await, 0).await;
    }
}
