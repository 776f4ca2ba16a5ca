//! Gives the live sessions of an agent of whom nothing is heard any more back to the queue, and makes the agent offline.
//!
//! Of a session it keeps who has it, and nothing else. Signs of life are no events: the store has them
//! ([`super::signs_of_life`]), and the holder of the lease asks it every few seconds. Invariant: what follows from a loss has ids
//! made of agent, sign-in and the last sign of life, so that two nodes, or one that died halfway and its successor, do it once.

use std::time::Duration;

use domain::{
    AgentId, DomainEvent, MessageId, SessionId, agent,
    session::{self, event::ReturnReason},
};
use event_store::StreamName;
use journal::Decoded;
use serde_json::{Value, json};

use super::{
    manager::{Action, ProcessManager, Timer},
    store::{Forgotten, LostAgent},
};
use crate::accounts;

/// Watches over agents who have sessions.
#[derive(Debug)]
pub struct AgentLost {
    after: Duration,
}

/// What an event says about who has its session.
enum Owner {
    Is(AgentId),
    Nobody,
    Unchanged,
}

impl AgentLost {
    /// An agent is lost after so long. `None` for zero: never.
    #[must_use]
    pub fn new(after: Duration) -> Option<Self> {
        (!after.is_zero()).then_some(Self { after })
    }
}

impl ProcessManager for AgentLost {
    fn name(&self) -> &'static str {
        "agent_lost"
    }

    fn keeps_state_of(&self, decoded: &Decoded) -> bool {
        decoded.event().session().is_some_and(|(_, event)| !matches!(owner_after(event), Owner::Unchanged))
    }

    fn react(&self, state: &mut Value, decoded: &Decoded) -> Vec<Action> {
        match decoded.event() {
            DomainEvent::Session(_, event) => {
                match owner_after(event) {
                    Owner::Is(agent) => *state = json!(agent),
                    Owner::Nobody => *state = Value::Null,
                    Owner::Unchanged => {}
                }
                Vec::new()
            }
            DomainEvent::Agent(agent, event) => forgotten_by(*agent, event).map(Action::Forget).into_iter().collect(),
            DomainEvent::Customer(..) | DomainEvent::Access(_) | DomainEvent::Settings(_) => Vec::new(),
        }
    }

    fn on_timer(&self, _: &Timer) -> Vec<Action> {
        Vec::new()
    }

    fn agents_lost_after(&self) -> Option<Duration> {
        Some(self.after)
    }

    fn on_agent_lost(&self, lost: &LostAgent, stream: &StreamName) -> Vec<Action> {
        let LostAgent { agent, sign_in, .. } = *lost;
        if *stream == accounts::stream_of(agent) {
            let command = Box::new(agent::Command::NoteLost { sign_in });
            return vec![Action::AgentCommand { name: "note_lost", agent, command }];
        }
        let Some(session) = stream.id().map(SessionId) else { return Vec::new() };
        let notice = MessageId(lost.cause(stream));
        let reason = ReturnReason::AgentLost;
        let command = Box::new(session::Command::ReturnToQueue { agent, reason, group: None, notice });
        vec![Action::Command { name: "return_to_queue", session, command }]
    }
}

fn owner_after(event: &session::Event) -> Owner {
    use session::Event as E;
    match event {
        E::AgentTookOver(taken) => Owner::Is(taken.agent),
        E::Transferred(transferred) => Owner::Is(transferred.to),
        E::Released(_) | E::ReturnedToQueue(_) | E::Closed(_) => Owner::Nobody,
        E::Opened(_)
        | E::CustomerMessageSent(_)
        | E::ContextStarted(_)
        | E::AssistantRunStarted(_)
        | E::AssistantReplied(_)
        | E::AssistantAsked(_)
        | E::AssistantFailed(_)
        | E::AssistantReplyWithheld(_)
        | E::Escalated(_)
        | E::EscalationCancelled(_)
        | E::AfterHoursNoticeGiven(_)
        | E::AgentMessageSent(_)
        | E::NoticeGiven(_)
        | E::TransferRequested(_)
        | E::TransferAccepted(_)
        | E::TransferDeclined(_)
        | E::OfferMade(_)
        | E::OfferAccepted(_)
        | E::OfferExpired(_)
        | E::MailRequested(_)
        | E::MailSent(_)
        | E::MailFailed(_)
        | E::PriorityChanged(_)
        | E::ProfileChanged(_)
        | E::NoteAdded(_)
        | E::NoteEdited(_)
        | E::NoteRemoved(_)
        | E::TagsChanged(_)
        | E::RatingGiven(_)
        | E::Reopened(_)
        | E::CommandConfirmed(_) => Owner::Unchanged,
    }
}

/// A sign-in that ended is not watched any more.
fn forgotten_by(agent: AgentId, event: &agent::Event) -> Option<Forgotten> {
    use agent::Event as E;
    match event {
        E::SignedOut(left) => Some(Forgotten::SignIn(left.sign_in)),
        E::SignInRevoked(revoked) => Some(Forgotten::SignIn(revoked.sign_in)),
        E::Deactivated(_) => Some(Forgotten::Agent(agent)),
        E::Created(_)
        | E::Renamed(_)
        | E::RoleChanged(_)
        | E::SkillsChanged(_)
        | E::LanguagesChanged(_)
        | E::CapacityChanged(_)
        | E::Reactivated(_)
        | E::PasswordSet(_)
        | E::SignedIn(_)
        | E::SignInRenewed(_)
        | E::SignInsFailed(_)
        | E::PresenceChanged(_)
        | E::SecondFactorOffered(_)
        | E::SecondFactorEnabled(_)
        | E::SecondFactorUsed(_)
        | E::RecoveryCodesReplaced(_)
        | E::SecondFactorDisabled(_)
        | E::ApiKeyIssued(_)
        | E::ApiKeyRevoked(_)
        | E::DataErased(_) => None,
    }
}
