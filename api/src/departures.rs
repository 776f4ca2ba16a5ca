//! Visitors who sign out while answers to them are on their way: one task per process reads of it on the log's tail and tells
//! whatever is open for them, on whichever node that is.
//!
//! Invariant: nobody is missed between asking and listening: a listener listens first and looks at the stream then.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use commands::{Customers, customers::departed};
use domain::VisitorId;
use event_store::{Position, Tail};
use futures::StreamExt;
use tokio::sync::broadcast::{self, Receiver, error::RecvError};

/// Departures that may wait for one listener before it looks for itself.
const BACKLOG: usize = 64;
/// How long a look waits that could not be taken because the log was away.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Comes when a visitor has left, or never.
pub type Departure = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells who leaves.
pub struct Departures(broadcast::Sender<VisitorId>);

impl Departures {
    /// Begins to listen to the log after a position.
    #[must_use]
    pub fn start(tail: &Arc<Tail>, after: Position) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let mut events = tail.follow(after);
        let told = sender.clone();
        tokio::spawn(async move {
            while let Some(Ok(recorded)) = events.next().await {
                if let Some(visitor) = departed(&recorded) {
                    drop(told.send(visitor));
                }
            }
        });
        Self(sender)
    }

    /// Waits for this visitor to leave; comes at once if it has.
    #[must_use]
    pub fn of(&self, customers: Arc<Customers>, visitor: VisitorId) -> Departure {
        let mut left = self.0.subscribe();
        Box::pin(async move {
            while !is_gone(&customers, visitor).await {
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
