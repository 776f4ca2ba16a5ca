//! Generated logs as written on SQLite and on PostgreSQL.

use std::{path::Path, process::ExitCode, sync::Arc};

use domain::{
    PersonalText,
    session::{decode, encode},
};
use event_store::{
    EventReader, Position, RecordedEvent, Unsealed, Vault,
    postgres::PostgresStore,
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};
use replay_tool::{
    Cli,
    cli::{Action, VerifyArgs},
    run,
    source::StoreArgs,
};
use serde_json::{Value, json};
use tests::{
    postgres::Postgres,
    shop::{Order, bulk},
};

use super::{both, evening};

pub(super) async fn write(order: Order, folder: &Path, database_url: Option<&str>) {
    bulk::write(order, folder, database_url, &mut |_| {}).await.unwrap();
}

async fn read(folder: &Path) -> Vec<Arc<RecordedEvent>> {
    all_of(&*SqliteStore::open_reader(&folder.join("events.db")).await.unwrap()).await
}

async fn all_of(reader: &dyn EventReader) -> Vec<Arc<RecordedEvent>> {
    let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |last| last.position);
        let page = reader.read_all(after, 1_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

async fn vault_in(folder: &Path) -> Vault {
    let keys = Database::sqlite(&folder.join("keys.db"), Access::ReadOnly).await.unwrap();
    Vault::new(Arc::new(SqlKeys::new(keys)), MasterKey::read(&folder.join("master-key")).unwrap())
}

/// What `desk-replay --json verify` says.
async fn verified(store: String) -> (Value, ExitCode) {
    let store = StoreArgs { store, ..StoreArgs::default() };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code =
        run(Cli { store, json: true, action: Action::Verify(VerifyArgs::default()) }, &mut out, &mut errors).await;
    (serde_json::from_slice(&out).unwrap(), code)
}

#[tokio::test]
async fn desk_replay_verifies_a_generated_log_on_sqlite() {
    for order in both(6_000, 21) {
        let folder = tempfile::tempdir().unwrap();
        write(order, folder.path(), None).await;
        let (report, code) = verified(folder.path().display().to_string()).await;
        assert_eq!((&report["ok"], &report["events"], code), (&json!(true), &json!(6_000), ExitCode::SUCCESS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_replay_verifies_a_generated_log_on_postgres() {
    let database = Postgres::shared().await.fresh_database().await;
    let folder = tempfile::tempdir().unwrap();
    let order = Order::stress(6_000, 22, evening());
    write(order, folder.path(), Some(&database.url())).await;
    let (report, code) = verified(database.url()).await;
    assert_eq!((&report["ok"], &report["events"], code), (&json!(true), &json!(6_000), ExitCode::SUCCESS));
    let on_the_server = all_of(&*PostgresStore::open_reader(&database.url()).await.unwrap()).await;
    write(order, &folder.path().join("file"), None).await;
    assert_same(&on_the_server, &read(&folder.path().join("file")).await);
    let again = bulk::write(order, &folder.path().join("again"), Some(&database.url()), &mut |_| {}).await;
    assert!(again.unwrap_err().to_string().contains("--database-url"));
}

/// Every column that does not depend on keys and nonces.
fn assert_same(one: &[Arc<RecordedEvent>], other: &[Arc<RecordedEvent>]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        let mut plain = (**one).clone();
        plain.event.personal.clone_from(&other.event.personal);
        (plain.prev_hash, plain.hash) = (other.prev_hash, other.hash);
        assert_eq!(plain, **other);
        assert_ne!((one.hash, one.event.personal.is_some()), (other.hash, true), "no two sealed parts are alike");
    }
}

#[tokio::test]
async fn same_order_writes_the_same_plain_log() {
    for order in both(3_000, 23) {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(order, one.path(), None).await;
        write(order, other.path(), None).await;
        assert_same(&read(one.path()).await, &read(other.path()).await);
    }
}

#[tokio::test]
async fn generated_personal_parts_open_or_were_erased() {
    let folder = tempfile::tempdir().unwrap();
    write(Order::stress(9_000, 24, evening()), folder.path(), None).await;
    let vault = vault_in(folder.path()).await;
    let (mut known, mut erased) = (0, 0);
    for recorded in read(folder.path()).await.iter().filter(|recorded| recorded.stream.category() == "session") {
        let stored = &recorded.event;
        let personal = match vault.open(recorded).await.unwrap() {
            Unsealed::Nothing => PersonalText::Absent,
            Unsealed::Known(text) => PersonalText::Known(text),
            Unsealed::Erased => PersonalText::Erased,
        };
        known += usize::from(matches!(personal, PersonalText::Known(_)));
        erased += usize::from(matches!(personal, PersonalText::Erased));
        let event = decode(&stored.event_type, stored.schema, &stored.data, personal).unwrap();
        assert_eq!(encode(&event).data, *stored.data, "written as the domain writes it");
        assert!(recorded.recorded_at <= evening());
    }
    assert!(known > 2_000 && erased > 100, "{known} known, {erased} erased");
}

#[tokio::test]
async fn generate_refuses_a_folder_with_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order::shop(100, 25, evening());
    write(order, folder.path(), None).await;
    let before = read(folder.path()).await;
    let refused = bulk::write(order, folder.path(), None, &mut |_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("is there already"), "{refused}");
    assert_eq!(read(folder.path()).await, before);
    let mut names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| !name.to_string_lossy().ends_with("-shm") && !name.to_string_lossy().ends_with("-wal"));
    names.sort();
    assert_eq!(names, ["events.db", "keys.db", "master-key"]);
}
