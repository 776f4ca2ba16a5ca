//! Rows changed without new hashes: the hash chain shows the first bad position, and checkpoints how far the log is proved.

use event_store::sqlite::SqliteStore;
use serde_json::json;

use super::{EVERY, Shop, newest_before};
use crate::tamper::{CHANGES, EVENTS, positions, swap_columns};

/// The attack is found at its position, and the log is proved up to the newest checkpoint before it.
async fn is_found(shop: &Shop, what: &str, sql: &str, position: u64) {
    let path = shop.written.tampered(sql).await;
    let verdict = shop.verdict_by_all(&path).await;
    let (to, from) = (verdict.first_bad(what).0, verdict.report["first_flaw"]["from"].as_u64().unwrap());
    assert!(from <= position && position <= to && to <= position + 1, "{what}: {}", verdict.report);
    let vouched = verdict.report["checkpoint"]["position"].as_u64().unwrap_or(0);
    assert_eq!(vouched, newest_before(position), "{what}: {}", verdict.report);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn intact_log_matches_every_checkpoint() {
    let shop = Shop::new().await;
    let verdict = shop.verdict_by_all(&shop.written.path()).await;
    let report = &verdict.report;
    assert!(verdict.is_right, "{report}");
    assert_eq!((&report["checkpoint"]["events"], &report["unproven_events"]), (&json!(EVENTS), &json!(0)));
    let reader = SqliteStore::open_reader(&shop.written.path()).await.unwrap();
    let newest = shop.elsewhere.sign(&*reader, EVENTS).await;
    assert_eq!(report["checkpoint"]["root"], json!(hex::encode(newest.root)));
}

#[tokio::test]
async fn byte_changed_in_any_column_is_found() {
    let shop = Shop::new().await;
    for position in positions("changes").into_iter().take(3) {
        for (column, value) in CHANGES {
            let sql = format!("update event set {column} = {value} where position = {position};");
            is_found(&shop, &format!("{column} = {value}"), &sql, position).await;
        }
    }
}

#[tokio::test]
async fn removed_event_and_truncated_log_are_found() {
    let shop = Shop::new().await;
    for position in positions("removed") {
        is_found(&shop, "removed", &format!("delete from event where position = {position};"), position).await;
        is_found(&shop, "cut", &format!("delete from event where position >= {position};"), position).await;
    }
}

#[tokio::test]
async fn inserted_event_is_found() {
    let shop = Shop::new().await;
    for position in positions("inserted") {
        let sql = format!(
            "update event set position = -position - 1 where position >= {position}; \
             update event set position = -position where position < 0; \
             insert into event select {position}, 'session-forged', 1, randomblob(16), type, schema, recorded_at, actor, subject, \
             key_id, correlation_id, causation_id, data, personal, zeroblob(32), hash from event where position = 1 + {position};"
        );
        is_found(&shop, "inserted", &sql, position).await;
    }
}

#[tokio::test]
async fn swapped_events_are_found_within_and_across_streams() {
    let shop = Shop::new().await;
    let at = |position| shop.written.at(position);
    let within = (1..EVENTS).flat_map(|one| (one + 1..=EVENTS).map(move |other| (one, other)));
    let within = within.clone().find(|(one, other)| at(*one).stream == at(*other).stream).unwrap();
    let across = (EVERY..EVENTS).find(|one| at(*one).stream != at(*one + 1).stream).unwrap();
    for (one, other) in [within, (across, across + 1), (2, EVENTS)] {
        let rows = format!(
            "update event set position = -1 where position = {one}; \
             update event set position = {one} where position = {other}; \
             update event set position = {other} where position = -1;"
        );
        is_found(&shop, "rows swapped", &rows, one).await;
        for columns in [&["data"][..], &["hash"], &["event_id", "data", "hash"]] {
            is_found(&shop, "columns swapped", &swap_columns(one, other, columns), one).await;
        }
    }
}
