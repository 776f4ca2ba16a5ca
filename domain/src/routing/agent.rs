//! What routing knows of an agent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{Event, Presence, Role, event::Created},
    id::SignInId,
    language::Language,
    text::Skill,
};

/// An account. Of names it knows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Agent {
    role: Role,
    skills: Vec<Skill>,
    languages: Vec<Language>,
    pub(super) capacity: u32,
    is_active: bool,
    presence: Presence,
    /// When each sign-in that is not over ends.
    sign_ins: BTreeMap<SignInId, Timestamp>,
    /// When it was offered a session last.
    pub(super) asked_at: Option<Timestamp>,
}

impl Agent {
    fn new(created: &Created) -> Self {
        Self {
            role: created.role,
            skills: created.skills.clone(),
            languages: created.languages.clone(),
            capacity: created.capacity,
            is_active: true,
            presence: Presence::Offline,
            sign_ins: BTreeMap::new(),
            asked_at: None,
        }
    }

    /// Whether it may have offers. Sign-ins also expire, which no event says.
    pub(super) fn is_available(&self, now: Timestamp) -> bool {
        let is_signed_in = self.sign_ins.values().any(|ends| *ends > now);
        self.is_active && is_signed_in && self.presence == Presence::Online && self.role.talks_to_customers()
    }

    /// Whether it belongs to the group and speaks the language. Who says of no language that it speaks it is asked in all.
    pub(super) fn is_suited(&self, group: Option<&Skill>, language: Option<Language>) -> bool {
        let belongs = group.is_none_or(|group| self.skills.contains(group));
        let speaks = language.is_none_or(|language| self.languages.is_empty() || self.languages.contains(&language));
        belongs && speaks
    }
}

/// Folds an event into what is known of an account; whether that changed anything.
pub(super) fn fold(row: &mut Option<Agent>, event: &Event) -> bool {
    if let (None, Event::Created(created)) = (&row, event) {
        *row = Some(Agent::new(created));
        return true;
    }
    row.as_mut().is_some_and(|agent| apply(agent, event))
}

fn apply(agent: &mut Agent, event: &Event) -> bool {
    match event {
        Event::RoleChanged(changed) => agent.role = changed.role,
        Event::SkillsChanged(changed) => agent.skills.clone_from(&changed.skills),
        Event::LanguagesChanged(changed) => agent.languages.clone_from(&changed.languages),
        Event::CapacityChanged(changed) => agent.capacity = changed.capacity,
        Event::Deactivated(_) => {
            agent.is_active = false;
            agent.sign_ins.clear();
        }
        Event::Reactivated(_) => agent.is_active = true,
        Event::SignedIn(signed_in) => drop(agent.sign_ins.insert(signed_in.sign_in, signed_in.expires_at)),
        Event::SignInRenewed(renewed) => drop(agent.sign_ins.insert(renewed.sign_in, renewed.expires_at)),
        Event::SignedOut(left) => drop(agent.sign_ins.remove(&left.sign_in)),
        Event::SignInRevoked(revoked) => drop(agent.sign_ins.remove(&revoked.sign_in)),
        Event::PresenceChanged(changed) => agent.presence = changed.presence,
        Event::Created(_)
        | Event::Renamed(_)
        | Event::PasswordSet(_)
        | Event::SignInsFailed(_)
        | Event::SecondFactorOffered(_)
        | Event::SecondFactorEnabled(_)
        | Event::SecondFactorUsed(_)
        | Event::RecoveryCodesReplaced(_)
        | Event::SecondFactorDisabled(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_)
        | Event::DataErased(_) => return false,
    }
    true
}
