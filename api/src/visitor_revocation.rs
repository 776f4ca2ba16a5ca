//! Visitors' tokens that end while answers to them are on their way: one follower of the log per process reads of it and tells
//! whatever is open for them, on whichever node that was. A visitor who signs out ends them all; the shop that first names a
//! visitor ends those of before, because whoever gave one to the browser may have it still.
//!
//! Invariants: nobody is missed between asking and listening, because a listener subscribes first and reads the visitor's stream
//! then. That a visitor has not left is cached for half a second at most (decision 0015), and not at all on the node where it
//! left; for longer only while the log cannot be reached, for visitors who were here before, and only for reading (decision 0019).

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use commands::{
    CommandError, Customers,
    customers::{Standing, first_identified, signed_out},
};
use domain::VisitorId;
use event_store::{Position, ReadError};
use jiff::Timestamp;
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

/// When a token was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// The second.
    pub second: i64,
    /// Whether it was given to a visitor whom the shop had named.
    pub is_named: bool,
}

impl Issued {
    /// Whether it was given out before the shop named the visitor. A token of that very second counts as one, unless it says
    /// otherwise.
    fn is_before(self, identified_at: Option<Timestamp>) -> bool {
        !self.is_named && identified_at.is_some_and(|at| self.second <= at.as_second())
    }
}

/// What has happened to a visitor.
#[derive(Debug, Clone, Copy)]
enum News {
    Left(VisitorId),
    Identified(VisitorId),
}

/// Knows whose tokens are over, and tells when one's are.
pub struct VisitorRevocation {
    news: broadcast::Sender<News>,
    present: Present,
    cursor: Cursor,
}

/// Visitors who had not left when the log was last asked, each with when the shop named it: just now, and ever.
struct Present {
    recently: Cache<VisitorId, Option<Timestamp>>,
    ever: Cache<VisitorId, Option<Timestamp>>,
}

impl Present {
    fn insert(&self, visitor: VisitorId, identified_at: Option<Timestamp>) {
        self.recently.insert(visitor, identified_at);
        self.ever.insert(visitor, identified_at);
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
        let (news, _) = broadcast::channel(BACKLOG);
        Self { news, present, cursor: Cursor::at(position) }
    }

    /// Follows the log. Called again after a failure, it goes on where it stood.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn follow(&self, tail: &Arc<Tail>) -> Result<Infallible, ReadError> {
        let take = |entry| {
            if let Some(news) = news_of(&entry) {
                let (News::Left(visitor) | News::Identified(visitor)) = news;
                self.present.remove(visitor);
                // Nobody may be listening.
                drop(self.news.send(news));
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

    /// Whether a visitor's token is over.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn is_over(
        &self,
        customers: &Customers,
        visitor: VisitorId,
        issued: Issued,
    ) -> Result<bool, CommandError> {
        Ok(match self.standing(customers, visitor).await? {
            Standing::Left => true,
            Standing::Present { identified_at } => issued.is_before(identified_at),
        })
    }

    async fn standing(&self, customers: &Customers, visitor: VisitorId) -> Result<Standing, CommandError> {
        if let Some(identified_at) = self.present.recently.get(&visitor) {
            return Ok(Standing::Present { identified_at });
        }
        let standing = customers.standing(visitor).await?;
        match standing {
            Standing::Left => self.present.remove(visitor),
            Standing::Present { identified_at } => self.present.insert(visitor, identified_at),
        }
        Ok(standing)
    }

    /// As [`Self::is_over`], for a request that changes nothing: while the log is unreachable, what was so before still is.
    ///
    /// # Errors
    /// The log cannot be read, and this visitor was not here before.
    pub async fn is_over_for_reading(
        &self,
        customers: &Customers,
        visitor: VisitorId,
        issued: Issued,
    ) -> Result<bool, CommandError> {
        let asked = self.is_over(customers, visitor, issued);
        let Some(identified_at) = self.present.ever.get(&visitor) else { return asked.await };
        match timeout(ANSWER_WITHIN, asked).await {
            Err(_) | Ok(Err(CommandError::Unavailable(_))) => Ok(issued.is_before(identified_at)),
            Ok(answer) => answer,
        }
    }

    /// Reads the visitor's stream again at the next request: something has just been recorded there.
    pub fn forget(&self, visitor: VisitorId) {
        self.present.remove(visitor);
    }

    /// Waits until this visitor has left, or a token of before the shop first named it has ended with that, where one is meant;
    /// completes at once if it is so.
    #[must_use]
    pub fn revoked(&self, customers: Arc<Customers>, visitor: VisitorId, issued: Option<Issued>) -> Revocation {
        let mut news = self.news.subscribe();
        Box::pin(async move {
            // On the heap for as long as it reads: thousands of listeners only listen.
            while !Box::pin(is_gone(&customers, visitor, issued)).await {
                if is_announced(&mut news, visitor).await {
                    return;
                }
            }
        })
    }
}

/// What an event is to a visitor. One with an event that cannot be read may have left.
fn news_of(entry: &Result<Decoded, Unreadable>) -> Option<News> {
    match entry {
        Ok(decoded) => {
            let left = signed_out(decoded.event()).map(News::Left);
            left.or_else(|| first_identified(decoded.event()).map(News::Identified))
        }
        Err(unreadable) => {
            let stream = &unreadable.recorded.stream;
            stream.id().filter(|_| stream.category() == "customer").map(|id| News::Left(VisitorId(id)))
        }
    }
}

async fn is_gone(customers: &Customers, visitor: VisitorId, issued: Option<Issued>) -> bool {
    loop {
        match customers.standing(visitor).await {
            Ok(Standing::Left) => return true,
            Ok(Standing::Present { identified_at }) => return issued.is_some_and(|at| at.is_before(identified_at)),
            Err(_unreachable) => tokio::time::sleep(RETRY_AFTER).await,
        }
    }
}

/// Whether it was told that the visitor has left; otherwise the listener has to read for itself: the shop has named the visitor,
/// or so much has happened that this was missed.
async fn is_announced(news: &mut Receiver<News>, visitor: VisitorId) -> bool {
    loop {
        match news.recv().await {
            Ok(News::Left(who)) if who == visitor => return true,
            Ok(News::Identified(who)) if who == visitor => return false,
            Ok(_of_another) => {}
            Err(RecvError::Lagged(_)) => return false,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
