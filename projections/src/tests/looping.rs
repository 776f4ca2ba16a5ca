//! The loop: each event once and in order, also after kills; stopped by what it cannot read; refused on another log.

use std::time::Duration;

use domain::session::event::{EscalationReason, Outcome};
use event_store::{Position, pages::events_between};
use futures::StreamExt as _;
use journal::Decoded;
use testkit::SessionDriver;

use super::fixture::{Fixture, append_raw, dump, eventually, log_with_holes};
use crate::{ViewsError, catalogue, cursor::Cursor};

async fn busy_day(fixture: &Fixture, customers: usize) {
    for number in 0..customers {
        let mut thread = SessionDriver::new(&fixture.log, &format!("s{number}"));
        thread.asks("a", "b", Outcome::DoesNotKnow).write().await;
        thread.starts_context(number % 3 == 0).write().await;
        thread.says("人工").write().await;
        thread.escalates(EscalationReason::Keyword).write().await;
        thread.is_taken_over().write().await;
        thread.is_released().write().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_killed_at_any_moment_continues_to_the_same_rows() {
    let fixture = Fixture::new();
    busy_day(&fixture, 200).await;
    let head = fixture.head().await;
    let mut kills = 0;
    loop {
        let running = fixture.run().await;
        let _ = running.views.wait_for(head, Duration::from_millis(3 + 7 * kills)).await;
        let is_done = running.views.position() == head;
        let rows = dump(&running.views).await;
        running.kill().await;
        if is_done {
            assert!(kills > 0, "nothing was killed");
            assert_eq!(rows, fixture.folded_afresh().await);
            return;
        }
        kills += 1;
    }
}

#[tokio::test]
async fn applying_events_twice_changes_nothing() {
    let fixture = Fixture::new();
    busy_day(&fixture, 20).await;
    let running = fixture.caught_up().await;
    let rows = dump(&running.views).await;
    let journal = fixture.journal();
    let events: Vec<Decoded> = journal.read_all(Position::START).map(Result::unwrap).concat().await;
    journal.open_all(&events).await.unwrap();
    let mut tx = running.views.database().begin().await.unwrap();
    for projection in catalogue::all().iter() {
        projection.apply(&mut tx, &events).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(dump(&running.views).await, rows);
}

#[tokio::test]
async fn an_unknown_event_stops_the_views_with_an_alarm_and_no_later_event_is_applied() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    let good = thread.says("before").write().await.unwrap();
    let stream = format!("session-{}", thread.session());
    let bad = append_raw(&fixture.store, &stream, "session.from_the_future", "{}").await;
    thread.says("after").write().await;
    let running = fixture.run().await;
    eventually("an alarm", async || running.views.alarm().is_some()).await;
    let alarm = running.views.alarm().unwrap();
    assert_eq!((alarm.position, running.views.position()), (bad, good));
    assert!(alarm.what.contains("session.from_the_future"), "{}", alarm.what);
    thread.says("later still").write().await;
    let behind = running.views.wait_for(bad, Duration::from_millis(700)).await.unwrap_err();
    let (behind, head) = (behind.position, fixture.head().await);
    let missing = events_between(&fixture.store, behind, head, u64::MAX).await.unwrap();
    assert_eq!((behind, missing), (good, 3));
    let again = fixture.run().await;
    eventually("the same alarm", async || again.views.alarm() == Some(alarm.clone())).await;
}

#[tokio::test]
async fn a_malformed_event_stops_the_views() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("before").write().await;
    let bad =
        append_raw(&fixture.store, &format!("session-{}", thread.session()), "session.released", "{\"x\":1}").await;
    let running = fixture.run().await;
    eventually("an alarm", async || running.views.alarm().is_some_and(|alarm| alarm.position == bad)).await;
}

#[tokio::test]
async fn events_of_an_unknown_kind_of_stream_stop_the_views() {
    let fixture = Fixture::new();
    let mut session = SessionDriver::new(&fixture.log, "s");
    let good = session.says("a").write().await.unwrap();
    let bad = append_raw(&fixture.store, "settings-policy", "settings.from_the_future", "{}").await;
    let running = fixture.run().await;
    eventually("an alarm", async || running.views.alarm().is_some()).await;
    assert_eq!((running.views.alarm().unwrap().position, running.views.position()), (bad, good));
    assert_eq!(running.views.audit_trail(session.session(), Position::START, 9).await.unwrap().len(), 2);
}

/// A supervisor may run them again after a panic.
#[tokio::test]
async fn views_whose_loop_ended_in_the_middle_can_be_run_again() {
    let fixture = Fixture::new();
    let mut session = SessionDriver::new(&fixture.log, "s");
    let running = fixture.run().await;
    running.reach(session.says("a").write().await.unwrap()).await;
    let views = running.end().await;
    let last = session.says("b").write().await.unwrap();
    let again = tokio::spawn(views.clone().run());
    views.wait_for(last, super::fixture::LONG).await.unwrap();
    let second = tokio::time::timeout(super::fixture::LONG, views.clone().run()).await;
    second.expect("a second call returns while the first runs");
    assert!(!again.is_finished());
    assert_eq!(dump(&views).await, fixture.folded_afresh().await);
}

#[tokio::test]
async fn an_owner_that_was_replaced_writes_nothing() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").write().await;
    let running = fixture.caught_up().await;
    let database = running.views.database();
    let mut zombie = Cursor::load(&database).await.unwrap();
    let mut successor = zombie.clone();
    assert!(successor.claim(&database, "successor").await.unwrap());
    assert!(!zombie.clone().claim(&database, "late").await.unwrap());
    let to = (zombie.position.next(), "00".into());
    assert!(!zombie.advance(&database, &catalogue::all(), &[], to).await.unwrap());
    // The loop notices that it was replaced, and takes over again because it is alone in its folder.
    let last = thread.says("b").write().await.unwrap();
    running.reach(last).await;
    assert_eq!(dump(&running.views).await, fixture.folded_afresh().await);
}

#[tokio::test]
async fn views_of_another_log_are_refused_with_the_way_out() {
    let fixture = Fixture::new();
    SessionDriver::new(&fixture.log, "s").says("a").write().await;
    fixture.caught_up().await.kill().await;
    let mut other = Fixture::new();
    other.folder = fixture.folder;
    let refused = other.open(other.folder.path(), catalogue::all()).await.err().unwrap();
    assert!(matches!(refused, ViewsError::OtherLog { .. }));
    assert!(refused.to_string().contains("delete the views"), "{refused}");
}

#[tokio::test]
async fn views_that_end_with_an_event_the_log_does_not_have_are_refused() {
    use event_store::EventReader as _;
    let fixture = Fixture::new();
    SessionDriver::new(&fixture.log, "s").says("a").write().await;
    fixture.caught_up().await.kill().await;
    let last = fixture.head().await;
    let id = fixture.store.identity().await.unwrap().log_id;
    let mut restored = Fixture::new();
    restored.store = log_with_holes(id);
    restored.log = event_store::Log::new(std::sync::Arc::new(restored.store.clone()), fixture.log.vault().clone());
    restored.folder = fixture.folder;
    let missing = restored.open(restored.folder.path(), catalogue::all()).await.err().unwrap();
    assert!(matches!(missing, ViewsError::NotInLog { position } if position == last), "{missing}");
    SessionDriver::new(&restored.log, "s").says("b").write().await;
    let other = restored.open(restored.folder.path(), catalogue::all()).await.err().unwrap();
    assert!(matches!(other, ViewsError::NotInLog { position } if position == last), "{other}");
}
