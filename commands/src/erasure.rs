//! Erasure: a person's keys are destroyed, and the log says so.
//!
//! Invariant: the event that names the keys is recorded before they are destroyed, and nothing personal of that person is recorded
//! from then on. A process that ends between the two leaves the vault closed for the person; the next start completes it.

use std::sync::Arc;

use domain::{AgentId, Encoded, ErasureCause, VisitorId, agent, customer};
use event_store::{Actor, AppendError, Expected, Log, NewEvent, RecordedEvent, StreamName, log::LogError};
use journal::Decoded;
use uuid::Uuid;

/// Whose data is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A visitor of the shop.
    Customer(VisitorId),
    /// A member of staff.
    Staff(AgentId),
}

impl Person {
    /// The person whose keys are meant.
    #[must_use]
    pub fn subject(self) -> Uuid {
        match self {
            Self::Customer(visitor) => visitor.0,
            Self::Staff(agent) => agent.0,
        }
    }

    /// The stream that holds the record.
    #[must_use]
    pub fn stream(self) -> StreamName {
        match self {
            Self::Customer(visitor) => StreamName::of("customer", visitor.0),
            Self::Staff(agent) => StreamName::of("agent", agent.0),
        }
    }

    /// Whose keys these are: those of staff are of a class of their own.
    #[must_use]
    pub fn of_keys(subject: Uuid, key_ids: &[Arc<str>]) -> Self {
        let is_staff = key_ids.iter().any(|key_id| key_id.split('/').nth(1) == Some("staff"));
        if is_staff { Self::Staff(AgentId(subject)) } else { Self::Customer(VisitorId(subject)) }
    }

    fn encoded(self, key_ids: Vec<String>, cause: ErasureCause) -> Encoded {
        match self {
            Self::Customer(_) => {
                customer::encode(&customer::Event::DataErased(customer::event::DataErased { key_ids, cause }))
            }
            Self::Staff(_) => agent::encode(&agent::Event::DataErased(agent::event::DataErased { key_ids, cause })),
        }
    }
}

/// The record of an erasure. There is one for each person, because no key is made for them afterwards.
#[must_use]
pub fn record_of(person: Person, key_ids: &[Arc<str>], cause: ErasureCause, actor: Actor) -> NewEvent {
    let event_id = Uuid::new_v5(&person.subject(), b"data_erased");
    let encoded = person.encoded(key_ids.iter().map(ToString::to_string).collect(), cause);
    NewEvent {
        event_id,
        event_type: encoded.event_type,
        schema: encoded.schema,
        actor,
        correlation_id: event_id,
        causation_id: None,
        data: encoded.data,
        personal: None,
    }
}

/// Whose erasure an event records, if it does.
#[must_use]
pub fn erased_subject(recorded: &RecordedEvent) -> Option<Person> {
    let id = recorded.stream.id()?;
    match (recorded.stream.category(), &*recorded.event.event_type) {
        ("customer", "customer.data_erased") => Some(Person::Customer(VisitorId(id))),
        ("agent", "agent.data_erased") => Some(Person::Staff(AgentId(id))),
        _another_event => None,
    }
}

/// Why somebody was erased, as the record of it says; a record that cannot be read says that it was asked for.
#[must_use]
pub fn cause_of(record: &RecordedEvent) -> ErasureCause {
    let Ok(decoded) = Decoded::decode(Arc::new(record.clone())) else { return ErasureCause::Request };
    if let Some((_, customer::Event::DataErased(erased))) = decoded.event().customer() {
        return erased.cause;
    }
    if let Some((_, agent::Event::DataErased(erased))) = decoded.event().agent() {
        return erased.cause;
    }
    ErasureCause::Request
}

/// Erases, and completes what was begun.
#[derive(Clone)]
pub struct Erasure {
    log: Log,
}

impl Erasure {
    /// Erasures of this log and its vault.
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// Records that a person's keys are destroyed, and destroys them. May be repeated.
    ///
    /// # Errors
    /// Log or vault do not answer; then the next start completes it, or another call.
    pub async fn erase(&self, person: Person, cause: ErasureCause, actor: Actor) -> Result<(), LogError> {
        let (subject, now) = (person.subject(), self.log.clock().now());
        let key_ids = self.log.vault().close_subject(subject, now).await?;
        if !key_ids.is_empty() {
            self.record(person, &key_ids, cause, actor).await?;
        }
        Ok(self.log.vault().erase_subject(subject, now).await?)
    }

    /// Destroys the keys of somebody whose erasure the log records, should they be back.
    ///
    /// # Errors
    /// The vault does not answer.
    pub async fn destroy(&self, person: Person) -> Result<(), LogError> {
        Ok(self.log.vault().erase_subject(person.subject(), self.log.clock().now()).await?)
    }

    async fn record(
        &self,
        person: Person,
        key_ids: &[Arc<str>],
        cause: ErasureCause,
        actor: Actor,
    ) -> Result<(), LogError> {
        let record = record_of(person, key_ids, cause, actor);
        match self.log.append(&person.stream(), Expected::Any, &[record]).await {
            // It was recorded before, by somebody else or for another reason.
            Ok(_) | Err(LogError::Append(AppendError::DifferentContent { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Completes what an earlier process began. Returns how many persons that were.
    ///
    /// # Errors
    /// Log or vault do not answer.
    pub async fn complete(&self) -> Result<usize, LogError> {
        let begun = self.log.vault().unfinished_erasures().await?;
        for subject in &begun {
            let key_ids = self.log.vault().close_subject(*subject, self.log.clock().now()).await?;
            let person = Person::of_keys(*subject, &key_ids);
            self.erase(person, ErasureCause::Request, Actor::new("system", "erasure")).await?;
        }
        Ok(begun.len())
    }
}
