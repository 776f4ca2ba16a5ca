//! `desk copy-keys`: keys are copied unchanged, and keys destroyed on either side stay destroyed.

use std::sync::Arc;

use event_store::{
    RecordedEvent, Unsealed, Vault,
    sql::{Access, Database},
    vault::{MasterKey, SqlKeys},
};
use jiff::Timestamp;
use tests::desk::{Desk, Setup};
use tokio::task::block_in_place;
use uuid::Uuid;

use super::{Place, copy_keys, copying_keys, said, shop};

async fn vault_of(source: &Place, database: Database) -> Vault {
    let master = MasterKey::read(&source.path().join("master-key")).unwrap();
    Vault::new(Arc::new(SqlKeys::new(database)), master)
}

async fn in_postgres(url: &str) -> Database {
    Database::postgres(url, "vault", 2).await.unwrap()
}

/// The personal part of every event that can be opened.
async fn opened(vault: &Vault, events: &[Arc<RecordedEvent>]) -> Vec<Unsealed> {
    let mut all = Vec::new();
    for event in events {
        all.push(vault.open(event).await.unwrap());
    }
    all
}

/// A subject with a personal part.
fn somebody(events: &[Arc<RecordedEvent>], opened: &[Unsealed]) -> Uuid {
    let known = events.iter().zip(opened).find(|(_, opened)| matches!(opened, Unsealed::Known(_)));
    known.unwrap().0.event.subject.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_parts_open_with_the_copied_keys() {
    let source = shop(800, 31).await;
    let events = source.events().await;
    let keys = Database::sqlite(&source.path().join("keys.db"), Access::Durable).await.unwrap();
    let vault = vault_of(&source, keys.clone()).await;
    let before = opened(&vault, &events).await;
    vault.erase_subject(somebody(&events, &before), Timestamp::now()).await.unwrap();
    let expected = opened(&vault, &events).await;
    assert!(expected.contains(&Unsealed::Erased) && expected.iter().any(|one| matches!(one, Unsealed::Known(_))));
    keys.flush().await.unwrap();
    keys.close().await;

    let Place::Postgres(database) = Place::postgres().await else { unreachable!() };
    for _again in 0..2 {
        let told = copy_keys(&source.path(), &database.url()).await;
        assert!(told.contains("1 subjects are erased") || told.contains("subjects are erased"), "{told}");
        let copied = vault_of(&source, in_postgres(&database.url()).await).await;
        assert_eq!(opened(&copied, &events).await, expected);
    }
    // And back into a file.
    let back = tempfile::tempdir().unwrap();
    let output = copying_keys(&database.url(), back.path().to_str().unwrap()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let file = Database::sqlite(&back.path().join("keys.db"), Access::ReadOnly).await.unwrap();
    assert_eq!(opened(&vault_of(&source, file).await, &events).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn copying_an_older_vault_restores_no_destroyed_key() {
    let source = shop(500, 32).await;
    let events = source.events().await;
    let Place::Postgres(database) = Place::postgres().await else { unreachable!() };
    copy_keys(&source.path(), &database.url()).await;
    let copied = vault_of(&source, in_postgres(&database.url()).await).await;
    let erased = somebody(&events, &opened(&copied, &events).await);
    copied.erase_subject(erased, Timestamp::now()).await.unwrap();
    let expected = opened(&copied, &events).await;

    copy_keys(&source.path(), &database.url()).await;
    let again = vault_of(&source, in_postgres(&database.url()).await).await;
    assert_eq!(opened(&again, &events).await, expected);

    // A key unknown to the target, of a subject erased there.
    let keys = in_postgres(&database.url()).await;
    let mut tx = keys.begin().await.unwrap();
    tx.execute("drop trigger data_key_is_never_deleted on data_key", &[]).await.unwrap();
    tx.execute("delete from data_key where subject = $1", &[erased.into()]).await.unwrap();
    tx.commit().await.unwrap();
    copy_keys(&source.path(), &database.url()).await;
    let again = vault_of(&source, in_postgres(&database.url()).await).await;
    assert_eq!(opened(&again, &events).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_keys_refuses_the_vault_of_another_log_and_one_in_use() {
    let (source, Place::Postgres(database)) = (shop(300, 33).await, Place::postgres().await) else { unreachable!() };
    copy_keys(&source.path(), &database.url()).await;
    let keys = in_postgres(&database.url()).await;
    let mut tx = keys.begin().await.unwrap();
    tx.execute("update data_key set wrapped = $1 where wrapped is not null", &[(&[7_u8; 60][..]).into()])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let output = copying_keys(&source.url(), &database.url()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("it is the vault of another log"), "{}", said(&output));

    let running = block_in_place(|| Desk::start(Setup::default()));
    let folder = running.data_dir().display().to_string();
    let output = copying_keys(&folder, &database.url()).output().await.unwrap();
    assert!(said(&output).contains("another desk uses the data directory"), "{}", said(&output));
    let output = copying_keys(&source.url(), "kurrentdb://host:2113").output().await.unwrap();
    assert!(said(&output).contains("can hold a log, and no vault"), "{}", said(&output));
    let secret = database.url().replace("desk_owner@", "desk_owner:hunter2@");
    let output = copying_keys(&source.url(), &secret).output().await.unwrap();
    assert!(said(&output).contains("DESK_COPY_TO") && !said(&output).contains("hunter2"), "{}", said(&output));
}
