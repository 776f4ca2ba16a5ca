//! What agents are called, for the notices of a session and for what they did in it: from the events of their accounts, as they are now.
//!
//! Invariant: an agent whose name cannot be read (no master key, erased, no such account) is called by its id, never by nothing.

use std::collections::BTreeSet;

use domain::{
    AgentId, DomainEvent, Personal,
    agent::{Event, event::Person},
    session,
    texts::{self, Names},
};
use event_store::StreamName;
use jiff::tz::TimeZone;
use journal::Decoded;
use uuid::Uuid;

use crate::{
    failure::Failure,
    history::{self, HistoryEvent},
    source::Source,
};

/// The names that these events need; times in notices are in this zone.
///
/// # Errors
/// An account's history was changed or cannot be read.
pub async fn read(source: &Source, events: &[HistoryEvent], zone: TimeZone) -> Result<Names, Failure> {
    let mut names = Vec::new();
    for agent in named_in(events) {
        let name = name_of(source, agent).await?;
        names.push((agent, name.unwrap_or_else(|| agent.to_string())));
    }
    Ok(Names::new(zone, names))
}

fn named_in(events: &[HistoryEvent]) -> BTreeSet<AgentId> {
    let mut agents = BTreeSet::new();
    for entry in events {
        if let session::Event::NoticeGiven(given) = &entry.event {
            agents.extend(texts::agents_in(&given.notice));
        }
        let actor = &entry.recorded.event.actor;
        let who = (actor.kind() == "agent").then(|| Uuid::try_parse(actor.id()).ok()).flatten();
        agents.extend(who.map(AgentId));
    }
    agents
}

async fn name_of(source: &Source, agent: AgentId) -> Result<Option<String>, Failure> {
    if !source.opens_personal_parts() {
        return Ok(None);
    }
    let mut name = None;
    for recorded in history::load(source, &StreamName::of("agent", agent.0)).await? {
        let event_type = &*recorded.event.event_type;
        if event_type == CREATED || event_type == RENAMED {
            let decoded = Decoded::with_text(recorded.clone(), source.personal(&recorded).await?)?;
            name = new_name(decoded.opened_event()).or(name);
        }
    }
    Ok(name)
}

/// The only events of an account whose personal part is opened.
const CREATED: &str = "agent.created";
const RENAMED: &str = "agent.renamed";

fn new_name(event: &DomainEvent) -> Option<String> {
    let (_, event) = event.agent()?;
    if let Event::Created(created) = event
        && let Personal::Known(Person { name, .. }) = &created.person
    {
        return Some(name.as_str().to_owned());
    }
    let Event::Renamed(renamed) = event else { return None };
    Some(renamed.names.known()?.name.as_str().to_owned())
}
