//! Visitors who sign out while answers to them are on their way: one follower of the log per process reads of it and tells
//! whatever is open for them, on whichever node that is.
//!
//! Invariants: nobody is missed between asking and listening: a listener listens first and looks at the stream then. That a
//! visitor has not left is believed for half a second at most (decision 0015), and for no moment on the node where it left;
//! for longer only while the log cannot be asked, of whom was here before, and only to let it look (decision 0019).

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use commands::{CommandError, Customers, customers::signed_out};
use domain::VisitorId;
use event_store::Position;
use journal::{Cursor, Decoded, JournalError, Tail, Unreadable};
use moka::sync::Cache;
use tokio::{
    sync::broadcast::{self, Receiver, error::RecvError},
    time::timeout,
};

/// Departures that may wait for one listener before it looks for itself.
const BACKLOG: usize = 64;
/// A log that does not say so soon whether a visitor has left is as one that is away.
const SOON: Duration = Duration::from_millis(500);
/// How long a look waits that could not be taken because the log was away.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Comes when a visitor has left, or never.
pub type Departure = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long it is believed that a visitor has not left.
const BELIEVED: Duration = Duration::from_millis(500);
/// Visitors of whom it is believed: those who write within half a second.
const VISITORS: u64 = 10_000;
/// Visitors who are known to have been here: those who may look while the log is away.
const KNOWN: u64 = 100_000;

/// Tells who leaves.
pub struct Departures {
    told: broadcast::Sender<VisitorId>,
    stayed: Cache<VisitorId, ()>,
    /// Who had not left when the log was last asked.
    were_here: Cache<VisitorId, ()>,
    cursor: Cursor,
}

impl Departures {
    /// Nobody has left after this position yet; [`Self::follow`] reads on from there.
    #[must_use]
    pub fn after(position: Position) -> Self {
        let (told, _) = broadcast::channel(BACKLOG);
        let stayed = Cache::builder().max_capacity(VISITORS).time_to_live(BELIEVED).build();
        Self { told, stayed, were_here: Cache::new(KNOWN), cursor: Cursor::at(position) }
    }

    /// Follows the log. Called again after a failure, it goes on where it stood.
    ///
    /// # Errors
    /// The log cannot be read, or an event of a visitor cannot be: it could be a sign-out.
    pub async fn follow(&self, tail: &Arc<Tail>) -> Result<Infallible, JournalError> {
        tail.follow_each(self.position(), |entry| self.hear(entry)).await
    }

    /// How far the log has been heard.
    #[must_use]
    pub fn position(&self) -> Position {
        self.cursor.position()
    }

    fn hear(&self, entry: Result<Decoded, Unreadable>) -> Result<(), JournalError> {
        let position = match entry {
            Ok(decoded) => {
                if let Some(visitor) = signed_out(decoded.event()) {
                    self.look_again(visitor);
                    drop(self.told.send(visitor));
                }
                decoded.position()
            }
            Err(unreadable) if unreadable.recorded.stream.category() == "customer" => return Err(unreadable.into()),
            Err(unreadable) => unreadable.recorded.position,
        };
        self.cursor.move_to(position);
        Ok(())
    }

    /// Whether a visitor has left.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn has_left(&self, customers: &Customers, visitor: VisitorId) -> Result<bool, CommandError> {
        if self.stayed.contains_key(&visitor) {
            return Ok(false);
        }
        let has_left = customers.has_left(visitor).await?;
        if has_left {
            self.were_here.invalidate(&visitor);
        } else {
            self.stayed.insert(visitor, ());
            self.were_here.insert(visitor, ());
        }
        Ok(has_left)
    }

    /// As [`Self::has_left`], for somebody who only looks: while the log cannot be asked, whoever was here before still is.
    ///
    /// # Errors
    /// The log cannot be read, and this visitor was not here before.
    pub async fn has_left_for_looking(&self, customers: &Customers, visitor: VisitorId) -> Result<bool, CommandError> {
        let asked = self.has_left(customers, visitor);
        if !self.were_here.contains_key(&visitor) {
            return asked.await;
        }
        match timeout(SOON, asked).await {
            Err(_) | Ok(Err(CommandError::Unavailable(_))) => Ok(false),
            Ok(answer) => answer,
        }
    }

    /// Looks again at the next time: the visitor may have left just now.
    pub fn look_again(&self, visitor: VisitorId) {
        self.stayed.invalidate(&visitor);
        self.were_here.invalidate(&visitor);
    }

    /// Waits for this visitor to leave; comes at once if it has.
    #[must_use]
    pub fn of(&self, customers: Arc<Customers>, visitor: VisitorId) -> Departure {
        let mut left = self.told.subscribe();
        Box::pin(async move {
            // On the heap for as long as it looks: thousands of listeners only listen.
            while !Box::pin(is_gone(&customers, visitor)).await {
                if heard_of(&mut left, visitor).await {
                    return;
                }
            }
        })
    }
}

async fn is_gone(customers: &Customers, visitor: VisitorId) -> bool {
    loop {
        match customers.has_left(visitor).await {
            Ok(has_left) => return has_left,
            Err(_away) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// Whether it was heard that the visitor has left; otherwise so much was said that the listener has to look for itself.
async fn heard_of(left: &mut Receiver<VisitorId>, visitor: VisitorId) -> bool {
    loop {
        match left.recv().await {
            Ok(who) if who == visitor => return true,
            Ok(_another) => {}
            Err(RecvError::Lagged(_)) => return false,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
