//! Tampering with log, notes or state while the signer is stopped: a log that contradicts its notes is not signed any more.

use super::*;
use crate::checkpoint::{Checkpoint, LATEST};
use crate::event::Position;

/// The alarm is raised and names the command to run; no note is written, whatever is appended.
async fn signs_nothing(fixture: &Fixture, size: u64) -> Alarm {
    let notes: Vec<String> = fixture.files().iter().map(|name| fixture.read(name)).collect();
    let signer = fixture.start(by_count(1)).await;
    let alarm = fixture.alarmed(&signer).await;
    assert!(alarm.what.contains(&format!("{size} events")), "{}", alarm.what);
    assert!(alarm.what.contains("desk-replay verify --checkpoint"), "{}", alarm.what);
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
    assert_eq!(signs_nothing(&fixture, 20).await.position, Position(20));
}

#[tokio::test]
async fn any_changed_event_raises_the_alarm_when_the_log_is_read_again() {
    let fixture = Fixture::new();
    // More than one page, so that nothing is signed while reading up to the note either.
    fixture.append_and_sign(1500).await;
    fixture.change_event(1400);
    std::fs::remove_file(fixture.state_file()).expect("it is there");
    assert_eq!(signs_nothing(&fixture, 1500).await.position, Position(1500));
}

#[tokio::test]
async fn the_alarm_names_the_oldest_contradicted_checkpoint() {
    let fixture = Fixture::new();
    fixture.append_and_sign(40).await;
    for (name, size) in [("2026-01-01.checkpoint", 10), ("2026-01-02.checkpoint", 25)] {
        fixture.write(name, &fixture.sign_as_of(size, "2026-01-02T03:04:05.000006Z"));
    }
    fixture.change_event(12);
    fixture.remove(LATEST);
    let alarm = signs_nothing(&fixture, 25).await;
    assert!(alarm.what.contains("2026-01-02.checkpoint"), "{}", alarm.what);
}

#[tokio::test]
async fn a_truncated_log_raises_the_alarm() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.cut_to(19);
    let alarm = signs_nothing(&fixture, 20).await;
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
    let alarm = signs_nothing(&fixture, 20).await;
    assert!(alarm.what.contains("it is generation 1"), "{}", alarm.what);
}

#[tokio::test]
async fn a_restored_log_starts_over_and_keeps_the_old_checkpoints() {
    let mut fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let (day, old) = (fixture.day(), fixture.read(LATEST));
    fixture.restore(2, 8).await;
    fixture.start(only_at_a_stop()).await.stop().await;
    assert_eq!((fixture.latest().size, fixture.latest().log.generation), (TreeSize(8), 2));
    fixture.is_right(&fixture.latest());
    assert_eq!(fixture.read(&day), old, "the day's note of the first generation stays");
    let new_day = day.replace(".checkpoint", ".generation-2.checkpoint");
    assert_eq!(fixture.read(&new_day), fixture.read(LATEST));
    fixture.append_and_sign(3).await;
    assert_eq!((fixture.latest().size, fixture.read(&day)), (TreeSize(11), old));
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
async fn checkpoints_by_a_lost_key_are_kept() {
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
