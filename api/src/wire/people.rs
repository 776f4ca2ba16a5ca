//! Agents as readers are shown them, and the texts of notices, which name them.
//!
//! Invariant: a customer is never shown a user name, only the id and the shown name.

use std::collections::BTreeMap;

use domain::{AgentId, texts, texts::Names};
use jiff::tz::TimeZone;
use projections::{AgentNames, Audience, MessageView, NoticeView, Reading, SessionSummary, SessionView, ViewsError};
use serde::Serialize;
use utoipa::ToSchema;

/// What the agents of an answer are called.
pub struct People {
    known: BTreeMap<AgentId, AgentNames>,
    names: Names,
    audience: Audience,
}

/// An agent, as the original wrote one.
#[derive(Serialize, ToSchema)]
pub struct Agent {
    /// For staff the user name, for customers the id.
    id: String,
    /// The shown name; null once erased.
    name: Option<String>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    agent_uuid: Option<String>,
}

/// A member of staff, for staff.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub struct Person {
    /// The user name; the id once the account is erased.
    agent_id: String,
    #[schema(format = "uuid")]
    agent_uuid: String,
    /// The shown name; null once erased.
    name: Option<String>,
}

impl People {
    /// Reads what these agents are called; times in notices are in a time zone.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn read(
        reading: &mut Reading,
        agents: impl IntoIterator<Item = AgentId>,
        audience: Audience,
        zone: &TimeZone,
    ) -> Result<Self, ViewsError> {
        let known = reading.names_of(agents).await?;
        let shown = known.iter().filter_map(|(agent, names)| Some((*agent, names.name.clone()?)));
        let names = Names::new(zone.clone(), shown);
        Ok(Self { known, names, audience })
    }

    /// An agent's shown name.
    #[must_use]
    pub fn name(&self, agent: AgentId) -> Option<String> {
        self.known.get(&agent)?.name.clone()
    }

    /// What the reader addresses an agent by. An erased account has but its id.
    #[must_use]
    pub fn id(&self, agent: AgentId) -> String {
        let username = self.known.get(&agent).and_then(|names| names.username.clone());
        username.filter(|_| self.is_staff()).unwrap_or_else(|| agent.to_string())
    }

    /// An agent's id beside its user name, for staff.
    #[must_use]
    pub fn uuid(&self, agent: AgentId) -> Option<String> {
        self.is_staff().then(|| agent.to_string())
    }

    /// The text of a notice.
    #[must_use]
    pub fn text(&self, given: &NoticeView) -> String {
        texts::notice(&given.notice, given.language, &self.names)
    }

    /// Whether staff reads.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.audience == Audience::Staff
    }

    /// A member of staff on the wire, where staff alone reads.
    #[must_use]
    pub fn person(&self, agent: AgentId) -> Person {
        Person { agent_id: self.id(agent), agent_uuid: agent.to_string(), name: self.name(agent) }
    }

    /// An agent on the wire.
    #[must_use]
    pub fn agent(&self, agent: AgentId) -> Agent {
        Agent { id: self.id(agent), name: self.name(agent), agent_uuid: self.uuid(agent) }
    }
}

/// The agents that a session and its messages name.
pub fn agents_in<'a>(view: &'a SessionView, messages: &'a [MessageView]) -> impl Iterator<Item = AgentId> + 'a {
    let transfer = view.transfer.as_ref();
    let asked = transfer.and_then(|transfer| match &transfer.to {
        domain::session::event::TransferTarget::Agent(agent) => Some(*agent),
        domain::session::event::TransferTarget::Group(_) => None,
    });
    let offered = view.offer.map(|offer| offer.agent);
    let of_session = [view.agent, transfer.map(|transfer| transfer.from), asked, offered].into_iter().flatten();
    let writers = messages.iter().filter_map(|message| message.agent);
    of_session.chain(writers).chain(messages.iter().filter_map(|message| message.notice).flat_map(named))
}

/// The agents that rows of a list name.
pub fn agents_of_rows<'a>(rows: impl IntoIterator<Item = &'a SessionSummary>) -> impl Iterator<Item = AgentId> {
    rows.into_iter().flat_map(|row| {
        let notice = row.last_message.as_ref().and_then(|preview| preview.notice);
        row.agent.into_iter().chain(notice.into_iter().flat_map(named))
    })
}

fn named(given: NoticeView) -> impl Iterator<Item = AgentId> {
    texts::agents_in(&given.notice)
}
