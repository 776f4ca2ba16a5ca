//! The log for commands: takes events in plain text and seals their personal parts before appending.
//!
//! Invariant: the key that seals an event is on disk before the append that uses it.

use std::{convert::Infallible, sync::Arc, time::Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    append_observer::{AppendObserver, Unobserved},
    clock::{Clock, SystemClock},
    event::{Actor, RecordedEvent, SealedEvent, StreamName},
    port::{AppendError, Appended, EventReader, EventStore, Expected, ReadError},
    sequencer::same_content,
    vault::{PersonalPart, Unsealed, Vault, VaultError},
    write_health::{PROBE, WriteHealth},
};

/// An event before sealing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Derived from an idempotency key, or random.
    pub event_id: Uuid,
    /// Written by hand, like `session.agent_took_over`.
    pub event_type: &'static str,
    /// Schema version of both parts.
    pub schema: u32,
    /// Who caused it.
    pub actor: Actor,
    /// Shared by all events of one request or of one process manager reaction.
    pub correlation_id: Uuid,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
    /// JSON text, plain.
    pub data: String,
    /// The part to be sealed.
    pub personal: Option<PersonalPart>,
}

/// Why an append or a read failed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store refused the append.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The personal part could not be sealed or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Another stream has used or reserved the ids.
    #[error("the event ids belong to another stream")]
    AnotherStreams,
}

impl LogError {
    /// Log or vault could not be written or read; nothing is wrong with the events.
    fn is_outage(&self) -> bool {
        match self {
            Self::Append(AppendError::Unavailable(_))
            | Self::Read(ReadError::Unavailable(_))
            | Self::Vault(VaultError::Unavailable(_)) => true,
            Self::Append(_) | Self::Read(_) | Self::Vault(_) | Self::AnotherStreams => false,
        }
    }
}

/// A store and a vault.
#[derive(Clone)]
pub struct Log {
    store: Arc<dyn EventStore>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    write_health: WriteHealth,
    observer: Arc<dyn AppendObserver>,
}

impl Log {
    /// Combines a store and a vault, with the machine's clock.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, vault: Arc<Vault>) -> Self {
        let (clock, observer) = (SystemClock::shared(), Arc::new(Unobserved));
        Self { store, vault, clock, write_health: WriteHealth::default(), observer }
    }

    /// The same log with another clock, which determines the month of keys. Events get their time from the store's clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same log with somebody who counts what is appended through it and its clones.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn AppendObserver>) -> Self {
        Self { observer, ..self }
    }

    /// The clock, for decisions about events of this log.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The reading half.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn EventReader> {
        self.store.clone()
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Moves everything into the main database file before a clean stop, if the adapter owns its files.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn flush(&self) -> Result<(), LogError> {
        Ok(self.store.flush().await?)
    }

    /// How writing goes, by the appends of this log and its clones.
    #[must_use]
    pub fn write_health(&self) -> &WriteHealth {
        &self.write_health
    }

    /// While the last append has failed, tries every 5 s whether log and vault can be written again. Does not end.
    pub async fn probe_writes(&self) -> Infallible {
        let probe = || async {
            self.vault.probe_write().await?;
            Ok::<_, LogError>(self.store.probe_write().await?)
        };
        self.write_health.probe(PROBE, probe).await
    }

    /// Opens the sealed part of a recorded event.
    ///
    /// # Errors
    /// The key is missing without a tombstone, or the part is damaged.
    pub async fn open(&self, event: &RecordedEvent) -> Result<Unsealed, LogError> {
        Ok(self.vault.open(event).await?)
    }

    /// Seals and appends, as [`EventStore::append`] does.
    ///
    /// # Errors
    /// As [`EventStore::append`]; a subject whose keys are destroyed is refused by the vault.
    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let began = Instant::now();
        self.noted(self.seal_and_append(stream, expected, events).await, events, began)
    }

    /// The same for events whose ids may be tried in several streams: the first event's id is reserved for this stream
    /// before the append, after sealing, so that only the append itself can still fail.
    ///
    /// # Errors
    /// As [`Self::append`]; [`LogError::AnotherStreams`] if another stream has reserved the id.
    pub async fn append_once(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let began = Instant::now();
        self.noted(self.reserve_and_append(stream, expected, events).await, events, began)
    }

    /// What rules and preconditions refuse says that the log answers, and nothing about its disk.
    fn noted(
        &self,
        answer: Result<Appended, LogError>,
        events: &[NewEvent],
        began: Instant,
    ) -> Result<Appended, LogError> {
        match &answer {
            Ok(_) => {
                self.write_health.succeeded();
                self.observer.appended(events, began.elapsed());
            }
            Err(error) if error.is_outage() => self.write_health.failed(error),
            Err(_) => {}
        }
        answer
    }

    async fn seal_and_append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let sealed = self.seal_all(events).await?;
        self.append_sealed(stream, expected, events, sealed).await
    }

    async fn reserve_and_append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let sealed = self.seal_all(events).await?;
        if let Some(first) = events.first()
            && self.store.reserve(first.event_id, stream).await? != *stream
        {
            return Err(LogError::AnotherStreams);
        }
        self.append_sealed(stream, expected, events, sealed).await
    }

    async fn seal_all(&self, events: &[NewEvent]) -> Result<Vec<SealedEvent>, LogError> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(events.len());
        for event in events {
            sealed.push(self.seal(event, now).await?);
        }
        Ok(sealed)
    }

    async fn append_sealed(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
        sealed: Vec<SealedEvent>,
    ) -> Result<Appended, LogError> {
        match self.store.append(stream, expected, sealed).await {
            Err(AppendError::DifferentContent { event_id, stored }) => {
                self.repeated_under_another_key(stream, expected, events, event_id, stored).await
            }
            answer => Ok(answer?),
        }
    }

    async fn seal(&self, event: &NewEvent, now: Timestamp) -> Result<SealedEvent, LogError> {
        let mut sealed = plain_parts(event);
        if let Some(part) = &event.personal {
            self.vault.seal(&mut sealed, part, now).await?;
        }
        Ok(sealed)
    }

    /// A repeat in a later month is sealed with another key than the first attempt. It is compared again under the stored
    /// key, and repeated with the stored sealed parts.
    async fn repeated_under_another_key(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
        event_id: Uuid,
        stored: Box<RecordedEvent>,
    ) -> Result<Appended, LogError> {
        let mut again = Vec::with_capacity(events.len());
        for event in events {
            let Some(stored) = self.store.find(stream, event.event_id).await? else {
                return Err(AppendError::DifferentContent { event_id, stored }.into());
            };
            let mut sealed = plain_parts(event);
            if self.vault.sealed_the_same(&stored.event, event.personal.as_ref()).await? {
                sealed.key_id.clone_from(&stored.event.key_id);
                sealed.personal.clone_from(&stored.event.personal);
            }
            if !same_content(&stored.event, &sealed) {
                return Err(AppendError::DifferentContent { event_id, stored: Box::new((*stored).clone()) }.into());
            }
            again.push(sealed);
        }
        Ok(self.store.append(stream, expected, again).await?)
    }
}

/// The event without its sealed part and key id.
#[must_use]
pub fn plain_parts(event: &NewEvent) -> SealedEvent {
    SealedEvent {
        event_id: event.event_id,
        event_type: event.event_type.into(),
        schema: event.schema,
        actor: event.actor.clone(),
        subject: event.personal.as_ref().map(|part| part.subject),
        key_id: None,
        correlation_id: event.correlation_id,
        causation_id: event.causation_id,
        data: event.data.as_str().into(),
        personal: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{clock::ManualClock, event::StreamVersion, memory::MemoryStore, vault::KeyClass};

    fn message() -> NewEvent {
        NewEvent {
            event_id: Uuid::new_v4(),
            event_type: "session.noted",
            schema: 1,
            actor: Actor::new("agent", "ana"),
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: "{}".into(),
            personal: Some(PersonalPart { subject: Uuid::nil(), class: KeyClass::Message, json: "{}".into() }),
        }
    }

    #[tokio::test]
    async fn the_clock_times_events_and_names_the_month_of_their_keys() {
        let clock = Arc::new(ManualClock::new("2026-01-31T23:59:00Z".parse().expect("a time")));
        let store = MemoryStore::default().with_clock(clock.clone());
        let log = Log::new(Arc::new(store), Arc::new(Vault::in_memory())).with_clock(clock.clone());
        let stream = StreamName::of("session", Uuid::nil());
        log.append(&stream, Expected::Any, &[message()]).await.expect("memory takes it");
        clock.advance(SignedDuration::from_mins(2));
        log.append(&stream, Expected::Any, &[message()]).await.expect("memory takes it");
        let stored = log.reader().read_stream(&stream, StreamVersion::NONE, 10).await.expect("memory answers");
        let of = |index: usize| (stored[index].recorded_at_text(), stored[index].event.key_id.as_deref());
        let key = |month: &str| format!("{}/message/{month}", Uuid::nil());
        assert_eq!(of(0), ("2026-01-31T23:59:00.000000Z".into(), Some(&*key("2026-01"))));
        assert_eq!(of(1), ("2026-02-01T00:01:00.000000Z".into(), Some(&*key("2026-02"))));
    }
}
