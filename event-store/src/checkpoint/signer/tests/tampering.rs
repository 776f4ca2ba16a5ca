//! Tampering with log, notes or state while the signer is stopped: a log that contradicts its notes is not signed any more.

use super::*;
use crate::checkpoint::{Checkpoint, LATEST};
use crate::event::Position;

/// The alarm is raised and names the command to run; no note is written, whatever is appended.
async fn signs_nothing(fixture: &Fixture) -> Alarm {
    let notes: Vec<String> = fixture.files().iter().map(|name| fixture.read(name)).collect();
    let signer = fixture.start(by_count(1)).await;
    let alarm = fixture.alarmed(&signer).await;
    let command = r"`desk-replay --store 'it'\''s here' verify --checkpoint '";
    assert!(alarm.what.contains(command) && alarm.what.contains("checkpoint-key.pub'`"), "{}", alarm.what);
    assert!(fixture.alarm_file().exists(), "it is kept for the next life");
    fixture.append(3).await;
    signer.stop().await;
    assert_eq!(fixture.files().iter().map(|name| fixture.read(name)).collect::<Vec<_>>(), notes);
    alarm
}

#[tokio::test]
async fn a_changed_last_signed_event_raises_the_alarm() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.append(4).await;
    fixture.change_event(20);
    assert_eq!(signs_nothing(&fixture).await.position, Position(20));
}

#[tokio::test]
async fn any_changed_event_raises_the_alarm_when_the_log_is_read_again() {
    let fixture = Fixture::new();
    // More than one page, so that nothing is signed while reading up to the note either.
    fixture.append_and_sign(1500).await;
    fixture.change_event(1400);
    std::fs::remove_file(fixture.state_file()).expect("it is there");
    assert_eq!(signs_nothing(&fixture).await.position, Position(1400));
}

#[tokio::test]
async fn the_alarm_names_the_oldest_contradicted_checkpoint() {
    let mut fixture = Fixture::new();
    fixture.append_and_sign(40).await;
    for (name, size) in [("2026-01-01.checkpoint", 10), ("2026-01-02.checkpoint", 25)] {
        fixture.write(name, &fixture.sign_as_of(size, "2026-01-02T03:04:05.000006Z"));
    }
    fixture.remove(LATEST);
    fixture.restore(1, 40).await;
    let alarm = signs_nothing(&fixture).await;
    assert!(alarm.what.contains("2026-01-01.checkpoint") && alarm.what.contains("10 events"), "{}", alarm.what);
}

#[tokio::test]
async fn a_truncated_log_raises_the_alarm() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.cut_to(19);
    let alarm = signs_nothing(&fixture).await;
    assert!(alarm.what.contains("ends at position 19"), "{}", alarm.what);
}

#[tokio::test]
async fn a_damaged_event_raises_the_alarm() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.append(10).await;
    fixture.damage_event(23);
    let signer = fixture.start(by_count(1)).await;
    assert_eq!(fixture.alarmed(&signer).await.position, Position(23));
    signer.stop().await;
    assert!(fixture.latest().size < TreeSize(23));
}

#[tokio::test]
async fn an_older_generation_raises_the_alarm() {
    let fixture = Fixture::new();
    fixture.set_generation(2);
    fixture.append_and_sign(20).await;
    fixture.set_generation(1);
    let alarm = signs_nothing(&fixture).await;
    assert!(alarm.what.contains("it is generation 1"), "{}", alarm.what);
}

#[tokio::test]
async fn a_restored_log_starts_over_and_keeps_the_old_checkpoints() {
    let mut fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let (day, old) = (fixture.day(), fixture.read(LATEST));
    fixture.restore_on_record(2, 8).await;
    fixture.start(only_at_a_stop()).await.stop().await;
    assert_eq!((fixture.latest().size, fixture.latest().log.generation), (TreeSize(9), 2));
    fixture.is_right(&fixture.latest());
    assert_eq!(fixture.read(&day), old, "the day's note of the first generation stays");
    let new_day = day.replace(".checkpoint", ".generation-2.checkpoint");
    assert_eq!(fixture.read(&new_day), fixture.read(LATEST));
    fixture.append_and_sign(3).await;
    assert_eq!((fixture.latest().size, fixture.read(&day)), (TreeSize(12), old));
}

#[tokio::test]
async fn a_forged_state_file_is_not_trusted() {
    let fixture = Fixture::new();
    fixture.append_and_sign(21).await;
    let state = std::fs::read_to_string(fixture.state_file()).expect("it is there");
    let mut forged: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    forged["peaks"][0] = "11".repeat(32).into();
    std::fs::write(fixture.state_file(), forged.to_string()).expect("it can be written");
    fixture.append_and_sign(2).await;
    assert_eq!(fixture.latest().size, TreeSize(23));
}

#[tokio::test]
async fn a_missing_or_damaged_latest_checkpoint_is_written_again() {
    let harm: [fn(&Fixture); 3] = [
        |fixture| fixture.remove(LATEST),
        |fixture| fixture.write(LATEST, &fixture.read(LATEST).replace("position 20", "position 10")),
        |fixture| fixture.write(LATEST, "not a note"),
    ];
    for harm in harm {
        let fixture = Fixture::new();
        fixture.append_and_sign(20).await;
        harm(&fixture);
        let reads = fixture.reads();
        fixture.start(only_at_a_stop()).await.stop().await;
        assert!(fixture.reads() - reads >= 20, "the state file alone is not trusted");
        assert_eq!(fixture.latest().size, TreeSize(20));
        fixture.is_right(&fixture.latest());
    }
}

#[tokio::test]
async fn checkpoints_by_a_lost_key_stay() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let (lost, note) = (fixture.key(), fixture.read(LATEST));
    std::fs::remove_file(fixture.key_file()).expect("it is there");
    fixture.append_and_sign(5).await;
    assert_eq!(fixture.latest().size, TreeSize(25));
    let kept: Vec<String> = fixture.files().into_iter().filter(|name| name.ends_with(".kept")).collect();
    assert_eq!(kept.len(), 2, "the latest and the day's: {kept:?}");
    for name in kept {
        assert_eq!(fixture.read(&name), note);
        assert!(Checkpoint::open(&fixture.read(&name), lost.public()).is_ok());
    }
}

#[tokio::test]
async fn a_raised_generation_without_a_record_explains_nothing() {
    let mut fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.restore(2, 25).await;
    let alarm = signs_nothing(&fixture).await;
    assert!(alarm.what.contains("first 20 events are not those that were signed"), "{}", alarm.what);
}

#[tokio::test]
async fn an_alarm_survives_restarts_and_ends_when_the_log_proves_itself() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.append(4).await;
    fixture.change_event(20);
    signs_nothing(&fixture).await;
    // The state file vouches for what is behind the changed event, and is not believed.
    signs_nothing(&fixture).await;
    fixture.repair();
    let signer = fixture.start(only_at_a_stop()).await;
    wait_for(&signer, |status| {
        status.alarm.is_none() && status.newest.as_ref().is_some_and(|newest| newest.size.0 > 20)
    })
    .await;
    assert!(!fixture.alarm_file().exists());
    signer.stop().await;
    fixture.is_right(&fixture.latest());
}

#[tokio::test]
async fn a_change_behind_the_fast_start_is_found_by_the_walk() {
    let fixture = Fixture::new();
    fixture.append_and_sign(300).await;
    fixture.change_event(7);
    fixture.start(only_at_a_stop()).await.stop().await;
    assert!(!fixture.alarm_file().exists(), "the fast start does not see it");
    let (_stop, stopping) = watch::channel(false);
    let alarm = timeout(Duration::from_secs(20), fixture.log_proof().run(stopping)).await.expect("it is found");
    assert_eq!(alarm.expect_err("it is found").position, Position(7));
    assert!(fixture.alarm_file().exists());
}

#[tokio::test]
async fn the_walk_compares_the_log_with_every_checkpoint() {
    let mut fixture = Fixture::new();
    fixture.append_and_sign(30).await;
    fixture.restore(1, 40).await;
    let (_stop, stopping) = watch::channel(false);
    let alarm = timeout(Duration::from_secs(20), fixture.log_proof().run(stopping)).await.expect("it is found");
    assert!(alarm.expect_err("it is found").what.contains("first 30 events"));
}

#[tokio::test]
async fn an_event_from_the_future_raises_an_alarm_and_is_signed() {
    let clock = std::sync::Arc::new(ManualClock::new("2026-02-01T12:00:00Z".parse().expect("a time")));
    let fixture = Fixture::by_clock(clock.clone());
    // The log in memory goes by the machine's clock, far ahead of this one.
    let signer = fixture.start(by_count(1)).await;
    fixture.append(3).await;
    wait_for(&signer, |status| status.clock.as_ref().is_some_and(|alarm| alarm.what.contains("s ahead"))).await;
    fixture.signed(&signer, 3).await;
    clock.set(Timestamp::now());
    fixture.append(1).await;
    wait_for(&signer, |status| status.clock.is_none()).await;
}
