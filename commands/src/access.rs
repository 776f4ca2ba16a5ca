//! What staff looks at is on record before it is answered.
//!
//! Invariant: a session that a member of staff opens is recorded once in a quarter of an hour, on whatever nodes it is opened:
//! the event's id says who, what and which quarter, and the log stores an id once.

use domain::{
    AgentId, SessionId,
    access::{
        Event, encode,
        event::{LogExported, SessionViewed},
    },
};
use event_store::{Expected, Log, NewEvent, Position, StreamName};
use jiff::{Timestamp, tz::TimeZone};
use moka::{future::Cache, policy::EvictionPolicy};
use uuid::Uuid;

use crate::{accounts::actor_of, error::CommandError};

/// Seconds in which opening the same session again is the same look at it (design 3).
const ONE_LOOK: i64 = 15 * 60;
/// Looks that are remembered, so that the log is not asked again for each; about 5 MB when full.
const CACHE_CAPACITY: u64 = 50_000;

/// Records what is looked at.
pub struct AccessLog {
    log: Log,
    log_id: Uuid,
    noted: Cache<Uuid, ()>,
}

impl AccessLog {
    /// Over a log with this id.
    #[must_use]
    pub fn new(log: Log, log_id: Uuid) -> Self {
        // The newest look is the one that comes again.
        let noted = Cache::builder().max_capacity(CACHE_CAPACITY).eviction_policy(EvictionPolicy::lru()).build();
        Self { log, log_id, noted }
    }

    /// A member of staff is about to see a session.
    ///
    /// # Errors
    /// The log did not take it: then nothing may be shown.
    pub async fn session_viewed(
        &self,
        agent: AgentId,
        session: SessionId,
        now: Timestamp,
        correlation_id: Uuid,
    ) -> Result<(), CommandError> {
        let quarter = now.as_second().div_euclid(ONE_LOOK);
        let id = Uuid::new_v5(&self.log_id, format!("look {agent} {session} {quarter}").as_bytes());
        if self.noted.contains_key(&id) {
            return Ok(());
        }
        // The stream's day is that of the quarter, so that the same id never comes to another stream.
        let began = Timestamp::from_second(quarter * ONE_LOOK).unwrap_or(now);
        self.record(agent, began, id, &Event::SessionViewed(SessionViewed { session }), correlation_id).await?;
        self.noted.insert(id, ()).await;
        Ok(())
    }

    /// A member of staff is about to read the log from here on.
    ///
    /// # Errors
    /// The log did not take it: then nothing may be shown.
    pub async fn log_exported(
        &self,
        agent: AgentId,
        after: Position,
        personal: bool,
        now: Timestamp,
        correlation_id: Uuid,
    ) -> Result<(), CommandError> {
        let event = Event::LogExported(LogExported { after: after.0, personal });
        self.record(agent, now, Uuid::new_v4(), &event, correlation_id).await
    }

    async fn record(
        &self,
        agent: AgentId,
        day: Timestamp,
        event_id: Uuid,
        event: &Event,
        correlation_id: Uuid,
    ) -> Result<(), CommandError> {
        let encoded = encode(event);
        let new = NewEvent {
            event_id,
            event_type: encoded.event_type,
            schema: encoded.schema,
            actor: actor_of(agent),
            correlation_id,
            causation_id: None,
            data: encoded.data,
            personal: None,
        };
        self.log.append(&stream_of(agent, day), Expected::Any, &[new]).await?;
        Ok(())
    }
}

/// `access-<agent>-<yyyymmdd>`, the day in UTC.
fn stream_of(agent: AgentId, at: Timestamp) -> StreamName {
    let day = at.to_zoned(TimeZone::UTC);
    let name = format!("access-{agent}-{:04}{:02}{:02}", day.year(), day.month(), day.day());
    StreamName::parse(&name).expect("an id and a day are a good name")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use event_store::{EventReader as _, Vault, memory::MemoryStore};

    use super::*;

    const AGENT: AgentId = AgentId(Uuid::from_u128(1));
    const SESSION: SessionId = SessionId(Uuid::from_u128(2));

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[tokio::test]
    async fn a_session_is_recorded_once_a_quarter_whoever_asks_on_whatever_node() {
        let store = MemoryStore::default();
        let node = || AccessLog::new(Log::new(Arc::new(store.clone()), Arc::new(Vault::in_memory())), Uuid::nil());
        let (one, other) = (node(), node());
        let times = ["23:45:00", "23:59:59", "23:46:00"].map(|time| at(&format!("2026-11-25T{time}Z")));
        for (node, time) in [&one, &one, &other].into_iter().zip(times) {
            node.session_viewed(AGENT, SESSION, time, Uuid::new_v4()).await.expect("records");
        }
        assert_eq!(store.head().await.expect("reads"), Position(1));
        one.session_viewed(AGENT, SESSION, at("2026-11-26T00:00:00Z"), Uuid::nil()).await.expect("records");
        one.session_viewed(AGENT, SessionId(Uuid::nil()), times[0], Uuid::nil()).await.expect("records");
        let events = store.read_all(Position::START, 10).await.expect("reads");
        let streams: Vec<&str> = events.iter().map(|event| event.stream.as_str()).collect();
        let of = |day: &str| format!("access-{AGENT}-{day}");
        assert_eq!(streams, [of("20261125"), of("20261126"), of("20261125")]);
        assert_eq!(&*events[0].event.data, format!(r#"{{"session":"{SESSION}"}}"#));
    }
}
