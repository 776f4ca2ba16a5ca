//! The loop: once, in order, through kills; stopped by what it cannot read; refused over another log.

use std::time::Duration;

use domain::session::event::{EscalationReason, Outcome};
use event_store::{Position, pages::events_between};
use testkit::SessionDriver;

use super::fixture::{Fixture, append_raw, dump, eventually, log_with_holes};
use crate::{ViewsError, checkpoint::Checkpoint, fact::Facts, view};

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
async fn killed_at_any_moment_it_goes_on_to_the_same_rows() {
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
async fn the_same_events_twice_change_nothing() {
    let fixture = Fixture::new();
    busy_day(&fixture, 20).await;
    let running = fixture.caught_up().await;
    let rows = dump(&running.views).await;
    let events = fixture.log.reader().read_all(Position::START, 1_000).await.unwrap();
    let mut facts = Facts::default();
    for event in &events {
        facts.read(event, fixture.log.vault()).await.unwrap();
    }
    let mut tx = running.views.database().begin().await.unwrap();
    for view in view::all().iter() {
        view.apply(&mut tx, &facts.sessions).await.unwrap();
        view.apply_accounts(&mut tx, &facts.accounts).await.unwrap();
        view.apply_others(&mut tx, &facts.others).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(dump(&running.views).await, rows);
}

#[tokio::test]
async fn an_unknown_session_event_stops_it_with_an_alarm_and_nothing_later_is_applied() {
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
async fn a_malformed_event_stops_it_as_well() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("before").write().await;
    let bad =
        append_raw(&fixture.store, &format!("session-{}", thread.session()), "session.released", "{\"x\":1}").await;
    let running = fixture.run().await;
    eventually("an alarm", async || running.views.alarm().is_some_and(|alarm| alarm.position == bad)).await;
}

#[tokio::test]
async fn other_streams_are_passed_over() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").write().await;
    let last = append_raw(&fixture.store, "settings-policy", "settings.from_the_future", "{}").await;
    let running = fixture.caught_up().await;
    assert_eq!((running.views.position(), running.views.alarm()), (last, None));
    assert_eq!(running.views.audit_trail(thread.session(), Position::START, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_owner_that_was_replaced_writes_nothing() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").write().await;
    let running = fixture.caught_up().await;
    let database = running.views.database();
    let mut zombie = Checkpoint::load(&database).await.unwrap();
    let mut successor = zombie.clone();
    assert!(successor.claim(&database, "successor").await.unwrap());
    assert!(!zombie.clone().claim(&database, "late").await.unwrap());
    let to = (zombie.position.next(), "00".into());
    assert!(!zombie.advance(&database, &view::all(), &Facts::default(), to).await.unwrap());
    // The loop finds itself replaced, and, being alone in its folder, takes over again.
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
    let refused = other.open(other.folder.path(), view::all()).await.err().unwrap();
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
    let missing = restored.open(restored.folder.path(), view::all()).await.err().unwrap();
    assert!(matches!(missing, ViewsError::NotInLog { position } if position == last), "{missing}");
    SessionDriver::new(&restored.log, "s").says("b").write().await;
    let other = restored.open(restored.folder.path(), view::all()).await.err().unwrap();
    assert!(matches!(other, ViewsError::NotInLog { position } if position == last), "{other}");
}
