//! Ships one segment after the other, and knows where the target ends.
//!
//! Invariants: a segment continues the last one of the target; where the target ends decides where shipping resumes, and nothing
//! else does; a target of another log, of another key or of a log that has gone another way is left as it is.

use std::{sync::Arc, time::Duration};

use event_store::{Clock, EventReader, EventStream, Identity, Position, Positions, RecordedEvent, sql::Database};

use crate::{
    backup::{About, newest_segment, open_segment},
    error::BackupError,
    key::BackupKey,
    key_shipper::KeyShipper,
    names,
    sealed_file::FileDigest,
    segment::{self, SegmentHead},
    target::{Created, Target},
};

/// A log and its vault, which are only read.
pub struct Source {
    /// The log.
    pub log: Arc<dyn EventReader>,
    /// Its vault.
    pub vault: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The end of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tip {
    number: u64,
    events: u64,
    last: Position,
    digest: FileDigest,
}

impl Tip {
    const NONE: Self = Self { number: 0, events: 0, last: Position::START, digest: [0; 32] };
}

/// Writes segments to a target.
pub struct Shipper {
    target: Arc<dyn Target>,
    key: Arc<BackupKey>,
    log: Arc<dyn EventReader>,
    identity: Identity,
    times_rise_after: u64,
    keys: KeyShipper,
    tip: Tip,
}

impl Shipper {
    /// Begins a backup, or resumes where the target ends. `keep_keys` is how long rounds of keys stay.
    ///
    /// # Errors
    /// The target holds something else, its last segment is damaged, or log or target do not answer.
    pub async fn resume(
        target: Arc<dyn Target>,
        key: Arc<BackupKey>,
        source: Source,
        keep_keys: Duration,
    ) -> Result<Self, BackupError> {
        let Source { log, vault, clock } = source;
        let identity = log.identity().await.map_err(BackupError::Log)?;
        About::ensure(&*target, &key, identity.log_id).await?;
        let times_rise_after = log.times_rise_after().await.map_err(BackupError::Log)?.0;
        let keys = KeyShipper::new(target.clone(), key.clone(), identity.log_id, vault, clock, keep_keys);
        let mut shipper = Self { target, key, log, identity, times_rise_after, keys, tip: Tip::NONE };
        shipper.reload().await?;
        Ok(shipper)
    }

    /// Looks again where the target ends.
    ///
    /// # Errors
    /// As [`Self::resume`].
    pub async fn reload(&mut self) -> Result<(), BackupError> {
        self.refuse_older_log().await?;
        self.tip = self.find_tip().await?;
        self.keys.resume().await
    }

    async fn refuse_older_log(&self) -> Result<(), BackupError> {
        let newest = self.target.children(names::SEGMENTS).await?.iter().filter_map(|name| name.parse().ok()).max();
        match newest {
            Some(there) if there > self.identity.generation => {
                let (target, here) = (self.target.shown(), self.identity.generation);
                Err(BackupError::LaterGeneration { target, there, here })
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn find_tip(&self) -> Result<Tip, BackupError> {
        let generation = self.identity.generation;
        let Some(number) = newest_segment(&*self.target, generation).await? else { return Ok(Tip::NONE) };
        let way_out = "; or move it away, and its events are shipped again";
        let segment = open_segment(&*self.target, &self.key, generation, number, way_out).await?;
        let SegmentHead { last, events, events_before, .. } = segment.head;
        let there = self.log.read_at(last).await.map_err(BackupError::Log)?;
        let found = match there {
            Some(event) if hex::encode(event.hash) == segment.head.last_hash => None,
            Some(_) => Some("another event"),
            None => Some("nothing"),
        };
        if let Some(found) = found {
            return Err(BackupError::NotItsLog { position: last, found });
        }
        Ok(Tip { number, events: events_before + events, last, digest: segment.digest })
    }

    /// The log's events that are not in the target yet, and then those to come.
    #[must_use]
    pub fn subscribe(&self) -> EventStream {
        self.log.subscribe(self.tip.last)
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn head(&self) -> Result<Position, BackupError> {
        self.log.head().await.map_err(BackupError::Log)
    }

    /// The last position that is in the target.
    #[must_use]
    pub fn shipped(&self) -> Position {
        self.tip.last
    }

    /// Segments of this generation in the target.
    #[must_use]
    pub fn segments(&self) -> u64 {
        self.tip.number
    }

    /// Events of this generation in the target.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.tip.events
    }

    /// Where it ships to.
    #[must_use]
    pub fn target(&self) -> String {
        self.target.shown()
    }

    /// Stores these events, which follow the last one shipped, and before them the keys that they use. It may be repeated with the
    /// same events.
    ///
    /// # Errors
    /// Target or vault do not answer; `Overtaken` if another follower was first.
    pub async fn ship(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), BackupError> {
        let keys = self.keys.ship_for(events).await?;
        let Some(head) = self.head_of(events, keys) else { return Ok(()) };
        let (file, digest) = segment::seal(&self.key, &head, events);
        let name = names::segment(self.identity.generation, head.number);
        if self.target.create(&name, &file).await? == Created::Exists {
            return self.adopt(&name, &head).await;
        }
        let events = self.tip.events + head.events;
        self.tip = Tip { number: head.number, events, last: head.last, digest };
        Ok(())
    }

    /// A write whose answer got lost is found again, by the same events under another nonce.
    async fn adopt(&mut self, name: &str, head: &SegmentHead) -> Result<(), BackupError> {
        let generation = self.identity.generation;
        let there = open_segment(&*self.target, &self.key, generation, head.number, "").await?;
        let is_same = SegmentHead { keys: head.keys, ..there.head } == *head;
        if !is_same {
            return Err(BackupError::Overtaken(name.to_owned()));
        }
        let events = self.tip.events + head.events;
        self.tip = Tip { number: head.number, events, last: head.last, digest: there.digest };
        Ok(())
    }

    fn head_of(&self, events: &[Arc<RecordedEvent>], keys: (u64, u64)) -> Option<SegmentHead> {
        let (first, last) = (events.first()?, events.last()?);
        Some(SegmentHead {
            log: self.identity,
            number: self.tip.number + 1,
            first: first.position,
            last: last.position,
            events: events.len() as u64,
            events_before: self.tip.events,
            previous: hex::encode(self.tip.digest),
            last_hash: hex::encode(last.hash),
            recorded_at: last.recorded_at_text(),
            is_dense: self.log.positions() == Positions::Dense,
            times_rise_after: self.times_rise_after,
            keys,
        })
    }
}
