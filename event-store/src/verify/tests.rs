//! Verifying a log with holes that several clocks write to. Dense logs and tampering with files are tested in `tests/it/tamper.rs`
//! and `tests/it/checkpoint_attacks.rs`.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::{
    checkpoint::Checkpoint,
    event::{StreamName, StreamVersion},
    memory::MemoryStore,
    merkle::{Tree, TreeSize, leaf_hash},
    port::{EventStream, Expected, Identity, Truncation},
    samples::event,
    sequencer::Request,
};

/// A log as tampering or a scavenge may leave it.
struct Left {
    events: Vec<Arc<RecordedEvent>>,
    truncations: Vec<Truncation>,
}

impl Left {
    /// Four streams of five events each, taking turns.
    async fn new() -> Self {
        let log = MemoryStore::numbering(Uuid::nil(), Positions::Increasing);
        for _round in 0..5 {
            for stream in 1..=4 {
                let late = SignedDuration::from_millis(if stream == 3 { 250 } else { 0 });
                let request = Request { stream: stream_of(stream), expected: Expected::Any, events: vec![event()] };
                log.append_at(&request, Timestamp::now() - late).expect("it is stored");
            }
        }
        let events = log.read_all(Position::START, usize::MAX).await.expect("memory answers");
        Self { events, truncations: Vec::new() }
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut RecordedEvent)) {
        change(Arc::make_mut(&mut self.events[place]));
    }

    fn position(&self, place: usize) -> Position {
        self.events[place].position
    }

    fn checkpoint(&self, size: usize) -> Checkpoint {
        let tree: Tree = self.events[..size].iter().map(|event| leaf_hash(&event.hash)).collect();
        let root = tree.root(TreeSize(size as u64)).expect("the tree has that size");
        let log = Identity { log_id: Uuid::nil(), generation: 1 };
        let signed_at = "2026-11-25T20:55:00.000001Z".parse().expect("a time");
        let position = if size == 0 { Position::START } else { self.position(size - 1) };
        Checkpoint { log, size: TreeSize(size as u64), root, position, signed_at }
    }

    /// Where the first flaw shows, and what it is.
    async fn first_flaw(&self) -> Option<(Position, Flaw)> {
        let first = verify(self, |_| ()).await.expect("memory answers").first_flaw;
        first.map(|first| (first.to, first.flaw))
    }

    async fn against(&self, checkpoints: &[Checkpoint]) -> Report {
        let evidence = Evidence { checkpoints: checkpoints.to_vec(), ..Evidence::default() };
        verify_against(self, evidence, |_| ()).await.expect("memory answers")
    }
}

fn stream_of(n: u128) -> StreamName {
    StreamName::of("session", Uuid::from_u128(n))
}

#[async_trait]
impl EventReader for Left {
    async fn find(&self, _: &StreamName, _: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        Ok(None)
    }

    async fn owner(&self, _: Uuid) -> Result<Option<StreamName>, ReadError> {
        Ok(None)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.events.last().map_or(Position::START, |event| event.position))
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(Identity { log_id: Uuid::nil(), generation: 1 })
    }

    fn positions(&self) -> Positions {
        Positions::Increasing
    }

    async fn read_stream(
        &self,
        _: &StreamName,
        _: StreamVersion,
        _: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        Ok(Vec::new())
    }

    async fn read_stream_after_position(
        &self,
        _: &StreamName,
        _: Position,
        _: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        Ok(Vec::new())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        Ok(self.events.iter().filter(|event| event.position > after).take(limit).cloned().collect())
    }

    async fn truncations(&self) -> Result<Vec<Truncation>, ReadError> {
        Ok(self.truncations.clone())
    }

    fn subscribe(&self, _: Position) -> EventStream {
        Box::pin(futures::stream::pending())
    }
}

#[tokio::test]
async fn different_clocks_per_stream_are_not_a_flaw() {
    let log = Left::new().await;
    let times: Vec<_> = log.events.iter().map(|event| event.recorded_at).collect();
    assert!(!times.is_sorted(), "the clocks of this log do not differ");
    let report = verify(&log, |_| ()).await.expect("memory answers");
    assert_eq!((report.events, report.streams, report.last, report.first_flaw), (20, 4, log.position(19), None));
}

#[tokio::test]
async fn a_time_before_the_previous_event_of_the_stream_is_a_flaw() {
    let mut log = Left::new().await;
    let earlier = log.events[4].recorded_at;
    log.change(8, |event| {
        event.recorded_at = earlier;
        event.hash =
            crate::hash::event_hash(&event.prev_hash, &event.stream, event.version, event.recorded_at, &event.event);
    });
    assert_eq!(log.first_flaw().await, Some((log.position(8), Flaw::OutOfTime)));
}

#[tokio::test]
async fn scavenged_events_are_reported_as_gone() {
    let mut log = Left::new().await;
    let (stream, position) = (stream_of(2), log.position(9));
    log.events.retain(|event| event.stream != stream || event.version > StreamVersion(2));
    let flaw = Flaw::Gone { stream, from: StreamVersion(1), to: StreamVersion(2) };
    assert!(flaw.to_string().starts_with("events 1 to 2 of stream session-") && flaw.to_string().contains("scavenged"));
    assert_eq!(log.first_flaw().await, Some((position, flaw)));

    let mut log = Left::new().await;
    let position = log.position(13);
    log.events.remove(9);
    let flaw = Flaw::Gone { stream: stream_of(2), from: StreamVersion(3), to: StreamVersion(3) };
    assert_eq!(log.first_flaw().await, Some((position, flaw)));
}

#[tokio::test]
async fn a_configured_truncation_is_reported_before_events_are_gone() {
    let truncation = |n, up_to: Option<u64>| Truncation {
        stream: stream_of(n),
        position: Position(1_000_000),
        up_to: up_to.map(StreamVersion),
        what: "$tb is 3".to_owned(),
    };
    let flaw = |n| Flaw::Withheld { stream: stream_of(n), what: "$tb is 3".to_owned() };
    for (truncations, first_bad) in [
        (vec![truncation(3, Some(3))], Some((2, 3))),
        (vec![truncation(3, None)], Some((2, 3))),
        (vec![truncation(4, Some(2)), truncation(2, Some(5))], Some((1, 2))),
        (vec![truncation(4, Some(0))], None),
    ] {
        let mut log = Left::new().await;
        log.truncations = truncations;
        assert_eq!(log.first_flaw().await, first_bad.map(|(place, n)| (log.position(place), flaw(n))));
    }
    let mut log = Left::new().await;
    log.truncations = vec![truncation(9, None)];
    assert_eq!(log.first_flaw().await, Some((Position(1_000_000), flaw(9))), "of that stream there is nothing left");
}

#[tokio::test]
async fn checkpoints_match_by_size_and_are_reported_by_position() {
    let log = Left::new().await;
    let report = log.against(&[log.checkpoint(0), log.checkpoint(7), log.checkpoint(15)]).await;
    let proved = report.proved.expect("checkpoints were given");
    assert_eq!(report.first_flaw, None);
    assert_eq!(proved.newest.map(|newest| (newest.size.0, newest.position)), Some((15, log.position(14))));
    assert_eq!((proved.unproven_from, proved.unproven_events), (log.position(15), 5));
    let whole = log.against(&[log.checkpoint(20)]).await.proved.expect("a checkpoint was given");
    assert_eq!(whole.unproven_events, 0);
}

#[tokio::test]
async fn a_rewrite_is_located_between_matching_and_mismatched_checkpoint() {
    let log = Left::new().await;
    let (good, bad) = (log.checkpoint(7), Checkpoint { root: [9; 32], ..log.checkpoint(12) });
    let report = log.against(&[good, bad]).await;
    let (from, to) = (log.position(7), log.position(11));
    assert_eq!(report.first_flaw, Some(FirstFlaw { from, to, flaw: Flaw::NotAsSigned }));
    assert_eq!((report.events, report.last), (7, log.position(6)));
}

#[tokio::test]
async fn the_same_size_at_another_position_is_a_mismatch() {
    let log = Left::new().await;
    let moved = Checkpoint { position: Position(log.position(11).0 + 1), ..log.checkpoint(12) };
    assert!(matches!(log.against(&[moved]).await.first_flaw, Some(FirstFlaw { flaw: Flaw::NotAsSigned, .. })));
}

#[tokio::test]
async fn a_log_shorter_than_its_checkpoint_is_truncated() {
    let mut log = Left::new().await;
    let newest = log.checkpoint(20);
    log.events.truncate(18);
    let report = log.against(&[log.checkpoint(10), newest.clone()]).await;
    let flaw = Flaw::CutOff { signed: TreeSize(20) };
    assert_eq!(report.first_flaw, Some(FirstFlaw { from: log.position(10), to: newest.position, flaw }));
    assert_eq!((report.events, report.last), (18, log.position(17)));
}

#[tokio::test]
async fn a_mismatch_before_a_match_contradicts_it() {
    let log = Left::new().await;
    let forged = Checkpoint { root: [9; 32], ..log.checkpoint(7) };
    let report = log.against(&[forged, log.checkpoint(12)]).await;
    assert_eq!(report.first_flaw, Some(FirstFlaw::at(log.position(6), Flaw::Contradicted)));
}

#[tokio::test]
async fn a_raised_generation_excuses_no_mismatch() {
    let log = Left::new().await;
    let older = |checkpoint: Checkpoint| Checkpoint { log: Identity { generation: 0, ..checkpoint.log }, ..checkpoint };
    let fits = log.against(&[older(log.checkpoint(7))]).await;
    assert_eq!((fits.first_flaw, fits.proved.map(|proved| proved.unproven_events)), (None, Some(13)));
    let rewritten = older(Checkpoint { root: [9; 32], ..log.checkpoint(7) });
    let flaw = log.against(&[rewritten]).await.first_flaw.expect("it does not fit");
    assert_eq!((flaw.to, flaw.flaw), (log.position(6), Flaw::NotAsSigned));
    let newer = Checkpoint { log: Identity { generation: 2, log_id: Uuid::nil() }, ..log.checkpoint(7) };
    let flaw = log.against(&[newer]).await.first_flaw.expect("the log is older");
    assert_eq!((flaw.position(), flaw.flaw), (Some(Position::START), Flaw::OlderGeneration { signed: 2 }));
}
