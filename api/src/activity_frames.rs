//! What streams show of what people do at sessions at this moment: who types, and who looks. Frames without an id, beside the
//! events.
//!
//! Invariant: a customer is shown that the agent who has the session types, and nothing else; nobody is shown their own.

use std::{future::ready, sync::Arc};

use bytes::Bytes;
use commands::{
    Ephemeral,
    ephemeral::{Activity, Participant},
};
use domain::{AgentId, SessionId};
use futures::{Stream, StreamExt as _};
use serde_json::{Map, Value, json};

use crate::{
    agent_names::NameLookup,
    following::Beside,
    session_owners::{Ownership, SessionOwners},
    sse::frame_without_id,
};

/// Makes frames of them.
pub struct ActivityFrames {
    /// Where they are told.
    pub ephemeral: Arc<Ephemeral>,
    /// Who has which session.
    pub owners: Arc<SessionOwners>,
    /// Names beside ids.
    pub names: Arc<NameLookup>,
}

impl ActivityFrames {
    /// For the customer of a session.
    #[must_use]
    pub fn for_customer(self, session: SessionId) -> Beside {
        let activities = self.ephemeral.follow_session(session).map(move |activity| (session, activity));
        let owners = self.owners;
        let is_shown = move |session, activity| match activity {
            Activity::Typing { by: Participant::Agent(agent), .. } => owners.current(session).is_owned_by(agent),
            Activity::Typing { by: Participant::Customer, .. } | Activity::Viewing { .. } => false,
        };
        frames(activities, is_shown, self.names)
    }

    /// For this member of staff, about one session.
    #[must_use]
    pub fn for_staff(self, session: SessionId, agent: AgentId) -> Beside {
        let activities = self.ephemeral.follow_session(session).map(move |activity| (session, activity));
        frames(activities, move |_, activity| actor(activity) != Some(agent), self.names)
    }

    /// For this member of staff, about the sessions that are selected, as they stand at that moment.
    #[must_use]
    pub fn for_workbench(
        self,
        agent: AgentId,
        is_selected: impl Fn(SessionId, &Ownership) -> bool + 'static,
    ) -> Beside {
        let owners = self.owners;
        let is_shown =
            move |session, activity| actor(activity) != Some(agent) && is_selected(session, &owners.current(session));
        frames(self.ephemeral.follow_all(), is_shown, self.names)
    }
}

fn frames(
    activities: impl Stream<Item = (SessionId, Activity)> + 'static,
    is_shown: impl Fn(SessionId, Activity) -> bool + 'static,
    names: Arc<NameLookup>,
) -> Beside {
    let shown = activities.filter(move |(session, activity)| ready(is_shown(*session, *activity)));
    Box::pin(shown.then(move |(session, activity)| {
        let names = names.clone();
        // On the heap for as long as it takes: thousands of streams only wait.
        Box::pin(async move { frame(&names, session, activity).await })
    }))
}

/// The member of staff who does it.
fn actor(activity: Activity) -> Option<AgentId> {
    match activity {
        Activity::Typing { by: Participant::Agent(agent), .. } | Activity::Viewing { agent, .. } => Some(agent),
        Activity::Typing { by: Participant::Customer, .. } => None,
    }
}

async fn frame(names: &NameLookup, session: SessionId, activity: Activity) -> Bytes {
    let (event, data) = match activity {
        Activity::Typing { by: Participant::Customer, is_typing } => {
            ("typing", json!({"by": "customer", "is_typing": is_typing}))
        }
        Activity::Typing { by: Participant::Agent(_), is_typing } => {
            ("typing", json!({"by": "agent", "is_typing": is_typing}))
        }
        Activity::Viewing { is_viewing, .. } => ("viewing", json!({"is_viewing": is_viewing})),
    };
    let mut fields = Map::from_iter([("session_id".to_owned(), Value::from(session.to_string()))]);
    if let Some(agent) = actor(activity) {
        fields.insert("agent".to_owned(), agent.to_string().into());
        fields.extend(names.of(agent).await.name.map(|name| ("agent_name".to_owned(), name.into())));
    }
    if let Value::Object(data) = data {
        fields.extend(data);
    }
    frame_without_id(event, &fields.into())
}
