//! Logs rewritten with recomputed hashes and a matching head, which only checkpoints reveal. The first bad position lies after the
//! newest checkpoint that fits and not after the first that does not.

use std::{path::PathBuf, process::ExitCode};

use event_store::{Position, RecordedEvent, sqlite::SqliteStore};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    EVERY, Shop, desk_replay,
    forger::{Dialect, FORGERIES, Forgery, inserting, moving_head, relinked, replacing_all},
    newest_before,
};
use crate::tamper::{EVENTS, event, positions};

impl Shop {
    /// The log with other events, correctly linked.
    async fn rewritten(&self, events: &[RecordedEvent]) -> PathBuf {
        let path = self.written.tampered(&replacing_all(events, Dialect::Sqlite)).await;
        let verdict = self.verdict(&path, &[]).await;
        assert!(verdict.is_right, "the forger made a mistake: {}", verdict.report);
        path
    }
}

#[tokio::test]
async fn relinking_an_intact_log_changes_no_byte() {
    let shop = Shop::new().await;
    let again = relinked(&shop.written.events);
    assert!(again.iter().zip(&shop.written.events).all(|(again, event)| *again == **event));
}

#[tokio::test]
async fn one_checkpoint_shows_that_the_log_was_rewritten() {
    let shop = Shop::new().await;
    for forgery in FORGERIES {
        let Some(forged) = forgery.of(&shop.written.events, 57) else { panic!("{forgery:?}") };
        let path = shop.rewritten(&forged).await;
        let newest = [shop.elsewhere.note(EVENTS)];
        let what = format!("{forgery:?}");
        let verdict = shop.verdict(&path, &newest).await;
        if forgery == Forgery::Removed {
            assert_eq!(verdict.first_bad(&what), (EVENTS, "cut_off".to_owned()));
        } else {
            assert_eq!(verdict.bounds(&what), (1, EVENTS));
        }
        assert_eq!(verdict.report["checkpoint"], json!(null));
    }
}

#[tokio::test]
async fn several_checkpoints_bound_the_rewritten_range() {
    let shop = Shop::new().await;
    for position in positions("rewritten") {
        for forgery in FORGERIES {
            let Some(forged) = forgery.of(&shop.written.events, position) else { continue };
            let path = shop.rewritten(&forged).await;
            let verdict = shop.verdict_by_all(&path).await;
            let (what, fits) = (format!("{forgery:?} at {position}"), newest_before(position));
            if forgery == Forgery::Removed && fits + EVERY == EVENTS {
                assert_eq!(verdict.first_bad(&what), (EVENTS, "cut_off".to_owned()));
            } else {
                assert_eq!(verdict.bounds(&what), (fits + 1, fits + EVERY), "{what}");
                assert_eq!(verdict.report["events"], json!(fits), "{what}: so many are proved");
            }
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Checkpoints right before and right after it name the position itself.
#[tokio::test]
async fn two_adjacent_checkpoints_name_the_rewritten_position() {
    let shop = Shop::new().await;
    let reader = SqliteStore::open_reader(&shop.written.path()).await.unwrap();
    for position in [2, 57, EVENTS - 1] {
        shop.elsewhere.sign(&*reader, position - 1).await;
        shop.elsewhere.sign(&*reader, position).await;
        let forged = Forgery::Changed.of(&shop.written.events, position).unwrap();
        let path = shop.rewritten(&forged).await;
        let verdict = shop.verdict_by_all(&path).await;
        assert_eq!(verdict.bounds("rewritten"), (position, position));
        assert_eq!(verdict.report["first_flaw"]["position"], json!(position));
    }
}

impl Shop {
    /// A proof of everything in the stream of the event at this position, made before the attack.
    async fn proof_of_stream_at(&self, position: u64) -> String {
        let stream = self.written.at(position).stream.to_string();
        let file = self.elsewhere.text(&format!("{stream}.proof"));
        let (log, key) = (self.written.path().display().to_string(), self.elsewhere.text("checkpoint-key.pub"));
        let note = self.elsewhere.note(EVENTS);
        let arguments =
            ["--store", &log, "prove", &stream, "--checkpoint", &note, "--key", &key, "--out", &file, "--force"];
        let said = desk_replay(&arguments).await;
        assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
        file
    }
}

/// A proof of the changed event names its position.
#[tokio::test]
async fn proof_file_names_the_rewritten_position_of_its_events() {
    let shop = Shop::new().await;
    for position in positions("proofs") {
        let proof = shop.proof_of_stream_at(position).await;
        for forgery in FORGERIES {
            let Some(forged) = forgery.of(&shop.written.events, position) else { continue };
            let path = shop.rewritten(&forged).await;
            let evidence = [("--proof", proof.clone()), ("--checkpoint", shop.elsewhere.note(EVENTS))];
            let verdict = shop.elsewhere.verify_by(path.to_str().unwrap(), &evidence).await;
            let what = format!("{forgery:?} at {position}");
            if forgery == Forgery::Removed && position == EVENTS {
                assert_eq!(verdict.first_bad(&what), (EVENTS, "cut_off".to_owned()));
            } else {
                assert_eq!(verdict.bounds(&what), (position, position), "{what}");
            }
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// A proof of other events narrows the range to the gap between them.
#[tokio::test]
async fn proof_file_of_another_stream_narrows_the_rewritten_range() {
    let shop = Shop::new().await;
    for position in positions("other proofs").into_iter().filter(|position| *position < EVENTS) {
        let stream = &shop.written.at(position).stream;
        let other = (1..EVENTS).find(|other| shop.written.at(*other).stream != *stream).unwrap();
        let proof = shop.proof_of_stream_at(other).await;
        let forged = Forgery::Changed.of(&shop.written.events, position).unwrap();
        let path = shop.rewritten(&forged).await;
        let verdict = shop.elsewhere.verify_by(path.to_str().unwrap(), &[("--proof", proof)]).await;
        let (from, to) = verdict.bounds("narrowed");
        assert!(from <= position && position <= to, "{position} is not one of {from} to {to}");
        let near = |event: &&std::sync::Arc<RecordedEvent>| event.stream == shop.written.at(other).stream;
        let known: Vec<_> = shop.written.events.iter().filter(near).map(|event| event.position.0).collect();
        let before = known.iter().rev().find(|known| **known < position).copied().unwrap_or(0);
        let behind = known.iter().find(|known| **known > position).copied().unwrap_or(EVENTS);
        assert!(before < from && to <= behind, "{from} to {to} is not between {before} and {behind}");
    }
}

#[tokio::test]
async fn truncated_log_with_a_matching_head_is_found() {
    let shop = Shop::new().await;
    for position in positions("cut").into_iter().filter(|position| *position > 1) {
        let last = shop.written.at(position - 1);
        let cut =
            format!("delete from event where position >= {position}; {}", moving_head(Some(last), Dialect::Sqlite));
        let path = shop.written.tampered(&cut).await;
        assert!(shop.verdict(&path, &[]).await.is_right, "the log alone does not show it");
        for notes in [shop.elsewhere.notes(), shop.elsewhere.note(EVENTS)] {
            let verdict = shop.verdict(&path, &[notes]).await;
            assert_eq!(verdict.first_bad("cut"), (position, "cut_off".to_owned()));
        }
    }
    let emptied = format!("delete from event; {}", moving_head(None, Dialect::Sqlite));
    let path = shop.written.tampered(&emptied).await;
    assert_eq!(shop.verdict_by_all(&path).await.first_bad("emptied"), (1, "cut_off".to_owned()));
}

#[tokio::test]
async fn fully_rewritten_log_is_found() {
    let shop = Shop::new().await;
    let mut events = shop.written.events.clone();
    for event in &mut events {
        let event = std::sync::Arc::make_mut(event);
        event.event.data = event.event.data.replace("刹车", "电池").into();
    }
    let path = shop.rewritten(&relinked(&events)).await;
    assert_eq!(shop.verdict_by_all(&path).await.bounds("everything rewritten"), (1, EVERY));
}

/// This is no difference, but it is reported as unproven.
#[tokio::test]
async fn forged_event_after_the_newest_checkpoint_is_unproven() {
    let shop = Shop::new().await;
    let last = shop.written.at(EVENTS);
    let (mut forged, soon) = ((*last).clone(), last.recorded_at + SignedDuration::from_secs(1));
    (forged.event, forged.recorded_at) = (event(1), soon);
    let mut events = shop.written.events.clone();
    events.push(std::sync::Arc::new(forged));
    let path = shop.rewritten(&relinked(&events)).await;
    let verdict = shop.verdict_by_all(&path).await;
    assert!(verdict.is_right, "{}", verdict.report);
    let said = |member: &str| verdict.report[member].as_u64();
    assert_eq!((said("unproven_from"), said("unproven_events")), (Some(EVENTS + 1), Some(1)));
    let older = shop.verdict(&path, &[shop.elsewhere.note(EVERY)]).await;
    assert_eq!(older.report["unproven_events"], json!(EVENTS + 1 - EVERY));
}

/// A change after the newest checkpoint that breaks the hash chain is a difference.
#[tokio::test]
async fn change_after_the_newest_checkpoint_is_found_by_the_hash_chain() {
    let shop = Shop::new().await;
    let path = shop.written.tampered("update event set data = '{}' where position = 150;").await;
    let verdict = shop.verdict(&path, &[shop.elsewhere.note(EVERY)]).await;
    assert_eq!(verdict.first_bad("changed"), (150, "changed".to_owned()));
    assert_eq!(verdict.report["unproven_from"], json!(EVERY + 1));
}

/// A checkpoint proves everything up to its last event, so of two events with contradicting times the later one is wrong.
#[tokio::test]
async fn events_covered_by_a_checkpoint_are_not_reported_as_wrong() {
    let shop = Shop::new().await;
    let (before, at) = (shop.written.at(EVERY - 1), shop.written.at(EVERY));
    let mut forged = at.clone();
    forged.recorded_at = before.recorded_at + SignedDuration::from_micros(1);
    (forged.event, forged.stream) = (event(1), event_store::StreamName::of("session", uuid::Uuid::new_v4()));
    assert!(forged.recorded_at < at.recorded_at, "appends take more than a microsecond");
    let mut forged = relinked(&[std::sync::Arc::new(forged)]).remove(0);
    forged.position = Position(EVERY + 1);
    let shift = format!(
        "update event set position = -position - 1 where position > {EVERY}; \
         update event set position = -position where position < 0; {}",
        inserting(&forged, Dialect::Sqlite)
    );
    let path = shop.written.tampered(&shift).await;
    for (notes, from) in [(vec![], 1), (vec![shop.elsewhere.notes()], EVERY + 1)] {
        let verdict = shop.verdict(&path, &notes).await;
        assert_eq!(verdict.first_bad("inserted"), (EVERY + 1, "out_of_time".to_owned()));
        assert_eq!(verdict.report["first_flaw"]["from"], json!(from), "{}", verdict.report);
    }
}
