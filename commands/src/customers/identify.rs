//! `POST /api/customer/identify`: the shop says who the visitor is. Who may not be this customer becomes a new visitor who is.

use std::{fmt, sync::Arc};

use domain::{
    VisitorId,
    customer::{Command, Customer, Rejection, command::Identity, event::LeaveReason},
};
use event_store::{Position, RecordedEvent};
use uuid::Uuid;

use super::{Customers, Execution, LoadedState, metadata_of, stream_of};
use crate::{error::CommandError, event_id::CommandId};

/// What makes an identity token one of its own: for whom it is, and its number there.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenId {
    /// The claim `aud` that was asked for.
    pub audience: String,
    /// The claim `jti`.
    pub jti: String,
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenId(…)")
    }
}

/// A good identity token came.
#[derive(Debug, Clone)]
pub struct Identify {
    /// Who brings it, where that is known.
    pub visitor: Option<VisitorId>,
    /// Whether the visitor's token is in force. With one of before the shop first named the visitor, nothing is done to that one
    /// but what the same customer may.
    pub is_in_force: bool,
    /// What it says.
    pub identity: Identity,
    /// Which token it is.
    pub token: TokenId,
    /// The request.
    pub correlation_id: Uuid,
}

/// A visitor that is a known customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// The visitor: the one who came, or a new one.
    pub visitor: VisitorId,
    /// Who it is.
    pub customer: Customer,
    /// Where that is recorded.
    pub position: Position,
}

/// Why the visitor is not this customer.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The token was used before, by somebody else or somewhere else.
    #[error("the identity token was used before")]
    Replayed,
    /// As for any command.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Customers {
    /// Makes the visitor the customer that the token names, once per token. The same visitor's repeat is answered as the
    /// first time: that answer may have been lost.
    ///
    /// # Errors
    /// The token was used before, or the log did not take it.
    pub async fn identify(&self, request: Identify) -> Result<Identified, IdentifyError> {
        let Some(visitor) = request.visitor else { return self.identify_as(fresh(), &request).await };
        match self.identify_as(visitor, &request).await {
            Err(IdentifyError::Command(CommandError::Customer(Rejection::AnotherCustomer))) => {
                if request.is_in_force {
                    self.leave(visitor, LeaveReason::AnotherCustomer, request.correlation_id).await?;
                }
                self.identify_as(fresh(), &request).await
            }
            Err(IdentifyError::Command(CommandError::Customer(Rejection::SignedOut) | CommandError::Erased)) => {
                self.identify_as(fresh(), &request).await
            }
            answer => answer,
        }
    }

    async fn identify_as(&self, visitor: VisitorId, request: &Identify) -> Result<Identified, IdentifyError> {
        let TokenId { audience, jti } = &request.token;
        let id = CommandId::once(self.log_id(), "identity_token", audience, jti);
        let metadata = metadata_of(visitor, id, request.correlation_id);
        match self.execute(visitor, &metadata, Command::Identify(request.identity.clone())).await {
            Ok(Execution::Done(done)) => identified(visitor, &done.state, done.position),
            Ok(Execution::Repeated(recorded)) => self.as_the_first_time(visitor, recorded).await,
            // Another visitor claimed it; whether it came to more is that one's affair.
            Err(CommandError::KeyReused) => Err(IdentifyError::Replayed),
            Err(error) => Err(error.into()),
        }
    }

    /// To anyone but the visitor whose stream has it, and after that one has left, a token that was used is no good.
    async fn as_the_first_time(
        &self,
        visitor: VisitorId,
        recorded: Arc<RecordedEvent>,
    ) -> Result<Identified, IdentifyError> {
        if recorded.stream != stream_of(visitor) || self.has_left(visitor).await? {
            return Err(IdentifyError::Replayed);
        }
        let then = self.as_of(visitor, recorded.version).await?;
        identified(visitor, &then, recorded.position)
    }
}

fn fresh() -> VisitorId {
    VisitorId(Uuid::new_v4())
}

fn identified(visitor: VisitorId, folded: &LoadedState, position: Position) -> Result<Identified, IdentifyError> {
    let customer = folded.state.customer().cloned().ok_or(IdentifyError::Replayed)?;
    Ok(Identified { visitor, customer, position })
}
