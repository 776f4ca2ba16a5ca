//! Sign-ins begin, go on and end.

use domain::{
    AgentId, DeviceId, SignInId,
    agent::{
        Command, Rejection, SignIn,
        command::{Renewal, SecondFactorProof, SignInRequest},
        event::{PasswordHash, RevokedReason, Whereabouts},
    },
};
use event_store::{Actor, Position};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Accounts, actor_of, metadata};
use crate::{error::CommandError, executor::Execution};

/// How long a refresh token is good (design 8).
pub const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Somebody whose password was right.
#[derive(Debug, Clone)]
pub struct SignInStart {
    /// Whose account.
    pub agent: AgentId,
    /// The browser or program, if it said which it is.
    pub device: Option<DeviceId>,
    /// From where.
    pub origin: Whereabouts,
    /// What the password was checked against.
    pub checked: PasswordHash,
    /// The second factor, if one came.
    pub proof: Option<SecondFactorProof>,
    /// The request.
    pub correlation_id: Uuid,
}

/// A sign-in whose newest refresh token has this number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Which.
    pub sign_in: SignInId,
    /// How it is.
    pub state: SignIn,
    /// Where the log stood.
    pub position: Position,
}

impl Accounts {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// The account is deactivated, its password is another by now, it needs a second factor that did not come or is not
    /// good, or the log did not take it.
    pub async fn sign_in(&self, start: SignInStart, now: Timestamp) -> Result<Renewed, CommandError> {
        let SignInStart { agent, device, origin: whereabouts, checked, proof, correlation_id } = start;
        let sign_in = SignInId(Uuid::new_v4());
        let expires_at = now.saturating_add(REFRESH_LIFETIME).unwrap_or(Timestamp::MAX);
        let request = SignInRequest { sign_in, device, at: now, expires_at, origin: whereabouts, checked, proof };
        self.enter(agent, sign_in, Command::SignIn(request), correlation_id).await
    }

    /// Exchanges a refresh token for the next, or gives the newest where the token was exchanged just now.
    ///
    /// # Errors
    /// The sign-in is over; it is from now on if the token was used long before; or the log did not take it.
    pub async fn renew(
        &self,
        agent: AgentId,
        sign_in: SignInId,
        number: u32,
        device: Option<DeviceId>,
        correlation_id: Uuid,
        now: Timestamp,
    ) -> Result<Renewed, CommandError> {
        let expires_at = now.saturating_add(REFRESH_LIFETIME).unwrap_or(Timestamp::MAX);
        let renewal = Renewal { sign_in, number, device, at: now, expires_at };
        self.enter(agent, sign_in, Command::Renew(renewal), correlation_id).await
    }

    async fn enter(
        &self,
        agent: AgentId,
        sign_in: SignInId,
        command: Command,
        correlation_id: Uuid,
    ) -> Result<Renewed, CommandError> {
        let metadata = metadata(self.log_id(), actor_of(agent), correlation_id);
        let (folded, position) = match self.execute(agent, &metadata, command).await? {
            Execution::Done(done) => (done.state, done.position),
            Execution::Repeated(recorded) => (self.current(agent).await?, recorded.position),
        };
        let account = folded.state.account().ok_or(Rejection::NoAccount)?;
        let state = account.sign_ins.get(&sign_in).cloned().ok_or(Rejection::SignedOut)?;
        Ok(Renewed { sign_in, state, position })
    }

    /// Ends a sign-in: by whoever signed in, or from outside. What is over stays as it is.
    ///
    /// # Errors
    /// There is no such account, or the log did not take it.
    pub async fn end_sign_in(
        &self,
        agent: AgentId,
        sign_in: SignInId,
        by: Actor,
        is_leaving: bool,
        correlation_id: Uuid,
    ) -> Result<Position, CommandError> {
        let command = if is_leaving {
            Command::SignOut { sign_in }
        } else {
            Command::Revoke { sign_in, reason: RevokedReason::Asked }
        };
        self.tell(agent, by, command, correlation_id).await
    }

    /// Records that somebody could not sign in, once an hour.
    ///
    /// # Errors
    /// There is no such account, or the log did not take it.
    pub async fn note_failure(
        &self,
        agent: AgentId,
        from: Whereabouts,
        now: Timestamp,
        correlation_id: Uuid,
    ) -> Result<Position, CommandError> {
        let hour = Timestamp::from_second(now.as_second().div_euclid(3_600) * 3_600).unwrap_or(now);
        let by = Actor::new("system", "sign-in");
        self.tell(agent, by, Command::NoteFailure { hour, origin: from }, correlation_id).await
    }

    async fn tell(
        &self,
        agent: AgentId,
        by: Actor,
        command: Command,
        correlation_id: Uuid,
    ) -> Result<Position, CommandError> {
        let metadata = metadata(self.log_id(), by, correlation_id);
        Ok(match self.execute(agent, &metadata, command).await? {
            Execution::Done(done) => done.position,
            Execution::Repeated(recorded) => recorded.position,
        })
    }
}
