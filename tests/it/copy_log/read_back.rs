//! The copy is read back from the disk, so that corruption is found before the copy is marked as complete.

use event_store::{
    import::{Chain, Import, ReadBack},
    sqlite::{SqliteImport, SqliteStore},
};

use crate::tamper::{NO_GUARDS, Written, run};

const END: &str = "the head record does not describe the last event";

#[tokio::test(flavor = "multi_thread")]
async fn copy_is_read_back_and_compared_with_what_was_written() {
    let source = Written::new().await;
    let log = SqliteStore::open_reader(&source.path()).await.unwrap().identity().await.unwrap();
    for (sql, what) in [
        ("update event set data = '{}' where position = 7", "an event is not valid"),
        ("delete from event where position = 200", "the Merkle root over all events differs"),
        ("update head set hash = zeroblob(32)", END),
        ("update head set recorded_at = '2020-01-01T00:00:00.000000Z'", END),
        ("update head set position = position + 1", END),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let mut import = Import::new(Box::new(SqliteImport::open(&path, log).await.unwrap()), Chain::default());
        import.take(&source.events).await.unwrap();
        import.read_back(&mut ReadBack::default(), |_| ()).await.unwrap();
        run(&path, &format!("{NO_GUARDS} {sql}")).await;
        let error = import.read_back(&mut ReadBack::default(), |_| ()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("what was read back differs from what was written: {what}"), "{sql}");
    }
}
