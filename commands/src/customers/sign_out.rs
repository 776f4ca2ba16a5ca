//! `POST /api/customer/sign-out`: from now on the visitor's token opens nothing, on any node.

use domain::{
    VisitorId,
    customer::{Command, event::LeaveReason},
};
use event_store::Position;
use uuid::Uuid;

use super::{Customers, Execution, metadata_of};
use crate::{error::CommandError, event_id::CommandId};

impl Customers {
    /// Lets the visitor leave; whoever has left stays so. Answers where the log stood.
    ///
    /// # Errors
    /// The log did not take it.
    pub async fn sign_out(&self, visitor: VisitorId, correlation_id: Uuid) -> Result<Position, CommandError> {
        self.leave(visitor, LeaveReason::Asked, correlation_id).await
    }

    pub(super) async fn leave(
        &self,
        visitor: VisitorId,
        reason: LeaveReason,
        correlation_id: Uuid,
    ) -> Result<Position, CommandError> {
        let metadata = metadata_of(visitor, CommandId::random(self.log_id()), correlation_id);
        Ok(match self.execute(visitor, &metadata, Command::SignOut { reason }).await? {
            Execution::Done(done) => done.position,
            Execution::Repeated(recorded) => recorded.position,
        })
    }
}
