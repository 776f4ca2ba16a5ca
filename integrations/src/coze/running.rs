//! A chat under way, which is cancelled at Coze when nobody wants its answer any more.

use std::{sync::Arc, time::Duration};

use domain::SessionId;
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use super::calls::Calls;

/// The longest that cancelling may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The most that are being cancelled at a time. Beyond it a chat is left to end by itself: it costs tokens and no more.
static AT_ONCE: Semaphore = Semaphore::const_new(64);

/// A chat under way. Dropping it cancels it.
pub(super) struct Running {
    calls: Arc<Calls>,
    session: SessionId,
    /// Conversation and chat; `None` once there is nothing to cancel.
    ids: Option<(String, String)>,
}

impl Running {
    pub(super) fn new(calls: Arc<Calls>, session: SessionId) -> Self {
        Self { calls, session, ids: None }
    }

    /// The chat has these ids.
    pub(super) fn is(&mut self, conversation: Option<&String>, chat: Option<&String>) {
        self.ids = conversation.cloned().zip(chat.cloned());
    }

    /// There is nothing to cancel any more.
    pub(super) fn ended(&mut self) {
        self.ids = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some((conversation, chat)), Ok(runtime)) = (self.ids.take(), Handle::try_current()) else { return };
        let Ok(permit) = AT_ONCE.try_acquire() else { return };
        let (calls, session) = (Arc::clone(&self.calls), self.session);
        runtime.spawn(async move {
            let _permit = permit;
            match timeout(LIMIT, calls.cancel(session, &conversation, &chat)).await {
                Ok(Ok(())) => tracing::debug!(session.id = %session, "a chat was cancelled at Coze"),
                // It may have ended meanwhile (4104).
                Ok(Err(failure)) => tracing::debug!(session.id = %session, code = failure.error.error_code, "a chat could not be cancelled"),
                Err(_elapsed) => tracing::debug!(session.id = %session, "cancelling a chat took too long"),
            }
        });
    }
}
