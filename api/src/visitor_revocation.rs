//! Visitors who sign out while answers to them are on their way: one follower of the log per process reads of it and tells
//! whatever is open for them, on whichever node they signed out.
//!
//! Invariants: nobody is missed between asking and listening, because a listener subscribes first and reads the visitor's stream
//! then. That a visitor has not left is cached for half a second at most (decision 0015), and not at all on the node where it
//! left; for longer only while the log cannot be reached, for visitors who were here before, and only for reading (decision 0019).

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use commands::{CommandError, Customers, customers::signed_out};
use domain::VisitorId;
use event_store::{Position, ReadError};
use journal::{Cursor, Decoded, Tail, Unreadable, position};
use moka::{policy::EvictionPolicy, sync::Cache};
use tokio::{
    sync::broadcast::{self, Receiver, error::RecvError},
    time::timeout,
};

/// Sign-outs that may wait for one listener before it reads the visitor's stream instead.
const BACKLOG: usize = 64;
/// A log that takes longer to say whether a visitor has left counts as unreachable.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);
/// Between two attempts to read the visitor's stream while the log is unreachable.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Completes when a visitor has left, or never.
pub type Revocation = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long it is cached that a visitor has not left.
const CACHED_FOR: Duration = Duration::from_millis(500);
/// Visitors of whom it is cached: those who write within half a second.
const VISITORS: u64 = 10_000;
/// Visitors who are known to have been here: those who may read while the log is unreachable.
const KNOWN: u64 = 100_000;

/// Knows which visitors have left, and tells when one leaves.
pub struct VisitorRevocation {
    left: broadcast::Sender<VisitorId>,
    present: Present,
    cursor: Cursor,
}

/// Visitors who had not left when the log was last asked: just now, and ever.
struct Present {
    recently: Cache<VisitorId, ()>,
    ever: Cache<VisitorId, ()>,
}

impl Present {
    fn insert(&self, visitor: VisitorId) {
        self.recently.insert(visitor, ());
        self.ever.insert(visitor, ());
    }

    fn remove(&self, visitor: VisitorId) {
        self.recently.invalidate(&visitor);
        self.ever.invalidate(&visitor);
    }
}

impl VisitorRevocation {
    /// Nobody has left after this position yet; [`Self::follow`] reads on from there.
    #[must_use]
    pub fn after(position: Position) -> Self {
        let recently = Cache::builder()
            .max_capacity(VISITORS)
            .time_to_live(CACHED_FOR)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let present = Present {
            recently,
            ever: Cache::builder().max_capacity(KNOWN).eviction_policy(EvictionPolicy::lru()).build(),
        };
        let (left, _) = broadcast::channel(BACKLOG);
        Self { left, present, cursor: Cursor::at(position) }
    }

    /// Follows the log. Called again after a failure, it goes on where it stood.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn follow(&self, tail: &Arc<Tail>) -> Result<Infallible, ReadError> {
        let take = |entry| {
            if let Some(visitor) = leaving(&entry) {
                self.present.remove(visitor);
                // Nobody may be listening.
                drop(self.left.send(visitor));
            }
            self.cursor.move_to(position(&entry));
            Ok(())
        };
        tail.follow_each(self.position(), take).await
    }

    /// How far the log has been read.
    #[must_use]
    pub fn position(&self) -> Position {
        self.cursor.position()
    }

    /// Whether a visitor has left.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn has_left(&self, customers: &Customers, visitor: VisitorId) -> Result<bool, CommandError> {
        if self.present.recently.contains_key(&visitor) {
            return Ok(false);
        }
        let has_left = customers.has_left(visitor).await?;
        if has_left {
            self.present.remove(visitor);
        } else {
            self.present.insert(visitor);
        }
        Ok(has_left)
    }

    /// As [`Self::has_left`], for a request that changes nothing: while the log is unreachable, whoever was here before still is.
    ///
    /// # Errors
    /// The log cannot be read, and this visitor was not here before.
    pub async fn has_left_for_reading(&self, customers: &Customers, visitor: VisitorId) -> Result<bool, CommandError> {
        let asked = self.has_left(customers, visitor);
        if !self.present.ever.contains_key(&visitor) {
            return asked.await;
        }
        match timeout(ANSWER_WITHIN, asked).await {
            Err(_) | Ok(Err(CommandError::Unavailable(_))) => Ok(false),
            Ok(answer) => answer,
        }
    }

    /// Reads the visitor's stream again at the next request: the visitor may have left just now.
    pub fn forget(&self, visitor: VisitorId) {
        self.present.remove(visitor);
    }

    /// Waits for this visitor to leave; completes at once if it has.
    #[must_use]
    pub fn revoked(&self, customers: Arc<Customers>, visitor: VisitorId) -> Revocation {
        let mut left = self.left.subscribe();
        Box::pin(async move {
            // On the heap for as long as it reads: thousands of listeners only listen.
            while !Box::pin(is_gone(&customers, visitor)).await {
                if is_announced(&mut left, visitor).await {
                    return;
                }
            }
        })
    }
}

/// The visitor who leaves with an event. One with an event that cannot be read may have left.
fn leaving(entry: &Result<Decoded, Unreadable>) -> Option<VisitorId> {
    match entry {
        Ok(decoded) => signed_out(decoded.event()),
        Err(unreadable) => {
            let stream = &unreadable.recorded.stream;
            stream.id().filter(|_| stream.category() == "customer").map(VisitorId)
        }
    }
}

async fn is_gone(customers: &Customers, visitor: VisitorId) -> bool {
    loop {
        match customers.has_left(visitor).await {
            Ok(has_left) => return has_left,
            Err(_unreachable) => tokio::time::sleep(RETRY_AFTER).await,
        }
    }
}

/// Whether it was told that the visitor has left; otherwise so many have that the listener has to read for itself.
async fn is_announced(left: &mut Receiver<VisitorId>, visitor: VisitorId) -> bool {
    loop {
        match left.recv().await {
            Ok(who) if who == visitor => return true,
            Ok(_another) => {}
            Err(RecvError::Lagged(_)) => return false,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
