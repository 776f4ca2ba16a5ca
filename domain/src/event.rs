//! Every event of the program as one type: which kind of stream it belongs to, whose stream that is, and what happened.
//!
//! Invariant: a stream's category decides which events it may hold; a new kind of stream is a new variant, and everything that
//! matches on it stops compiling until it has an answer.

use uuid::Uuid;

use crate::{
    access, agent,
    audience::Audience,
    codec::{DecodeError, PersonalText},
    customer,
    id::{AgentId, SessionId, VisitorId},
    session, settings,
};

/// One event of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainEvent {
    /// Of a customer's session: `session-<id>`.
    Session(SessionId, session::Event),
    /// Of an account of staff or an API key: `agent-<id>`.
    Agent(AgentId, agent::Event),
    /// Of a visitor as a customer of the shop: `customer-<id>`.
    Customer(VisitorId, customer::Event),
    /// Of what a member of staff looked at: `access-<agent>-<yyyymmdd>`.
    Access(access::Event),
    /// Of what the shop has published: `settings-<topic>`.
    Settings(settings::Event),
}

impl DomainEvent {
    /// Reads a stored event of a stream with this category and, where its name ends in one, this id.
    ///
    /// # Errors
    /// The category is none of ours, the stream is not named after an id, or the event is unknown or malformed.
    pub fn decode(
        category: &str,
        id: Option<Uuid>,
        event_type: &str,
        schema: u32,
        data: &str,
        personal: PersonalText,
    ) -> Result<Self, DecodeError> {
        let id = || id.ok_or_else(|| DecodeError::Stream { category: category.to_owned() });
        Ok(match category {
            "session" => Self::Session(SessionId(id()?), session::decode(event_type, schema, data, personal)?),
            "agent" => Self::Agent(AgentId(id()?), agent::decode(event_type, schema, data, personal)?),
            "customer" => Self::Customer(VisitorId(id()?), customer::decode(event_type, schema, data, personal)?),
            "access" => Self::Access(access::decode(event_type, schema, data, personal)?),
            "settings" => Self::Settings(settings::decode(event_type, schema, data, personal)?),
            _ => return Err(DecodeError::Unknown { event_type: event_type.to_owned(), schema }),
        })
    }

    /// The event with its personal part, given one that was decoded without. `schema` is the stored one.
    ///
    /// # Errors
    /// The part is malformed, or one is there where the event has none, or the reverse.
    pub fn with_personal(&self, schema: u32, personal: &PersonalText) -> Result<Self, DecodeError> {
        Ok(match self {
            Self::Session(id, event) => Self::Session(*id, session::with_personal(event, schema, personal)?),
            Self::Agent(id, event) => Self::Agent(*id, agent::with_personal(event, schema, personal)?),
            Self::Customer(id, event) => Self::Customer(*id, customer::with_personal(event, schema, personal)?),
            Self::Access(event) => Self::Access(access::with_personal(event, schema, personal)?),
            Self::Settings(event) => Self::Settings(settings::with_personal(event, schema, personal)?),
        })
    }

    /// Who may see the event, and who its personal part.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::Session(_, event) => event.audience(),
            Self::Agent(account, event) => event.audience(*account),
            Self::Customer(_, event) => event.audience(),
            Self::Access(event) => event.audience(),
            Self::Settings(event) => event.audience(),
        }
    }

    /// The session and what happened in it, if it is an event of a session.
    #[must_use]
    pub fn session(&self) -> Option<(SessionId, &session::Event)> {
        match self {
            Self::Session(id, event) => Some((*id, event)),
            Self::Agent(..) | Self::Customer(..) | Self::Access(_) | Self::Settings(_) => None,
        }
    }

    /// The account and what happened to it, if it is an event of an account.
    #[must_use]
    pub fn agent(&self) -> Option<(AgentId, &agent::Event)> {
        match self {
            Self::Agent(id, event) => Some((*id, event)),
            Self::Session(..) | Self::Customer(..) | Self::Access(_) | Self::Settings(_) => None,
        }
    }

    /// The visitor and what happened to it as a customer, if it is an event of a customer.
    #[must_use]
    pub fn customer(&self) -> Option<(VisitorId, &customer::Event)> {
        match self {
            Self::Customer(id, event) => Some((*id, event)),
            Self::Session(..) | Self::Agent(..) | Self::Access(_) | Self::Settings(_) => None,
        }
    }

    /// What was published, if it is an event of settings; the stream's name says of which topic.
    #[must_use]
    pub fn settings(&self) -> Option<&settings::Event> {
        match self {
            Self::Settings(event) => Some(event),
            Self::Session(..) | Self::Agent(..) | Self::Customer(..) | Self::Access(_) => None,
        }
    }
}
