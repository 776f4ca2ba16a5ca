//! The events that a generation is fed with: those after its cursor, decoded and opened ahead of the transaction that is
//! being written, so that neither waits for the other.
//!
//! Invariant: batches come in order and without a gap; the first event that cannot be read or opened ends the feed with its
//! batch.

use std::{pin::pin, sync::Arc};

use event_store::{Position, background, pages::PAGE, vault::VaultError};
use futures::StreamExt as _;
use journal::{Decoded, Journal, JournalError};
use tokio::{sync::mpsc, task::yield_now};

use super::error::Error;
use crate::dependencies::Dependencies;

/// The most events in one transaction: far behind the head many events share the cost of a transaction.
pub(crate) const BATCH: usize = PAGE;
/// The same near the head: what the tail reads at a time.
const LIVE: usize = 512;
/// Events that are opened in one go: opening many takes long, and others need the thread in between.
const TURN: usize = 16;
/// Batches that wait, beside the one that is written and the one that is read.
const AHEAD: usize = 1;

/// Whether anybody waits for what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// It gives way to everything else.
    Background,
    /// Readers are served from it.
    Normal,
}

impl Priority {
    /// A feed's last batch says why it ends, unless its task panicked or could not be started.
    pub(super) fn without_feed(self) -> Batch {
        const ENDED: &str = "the task that reads the log for views has ended";
        match self {
            // Readers of the serving generation must not suffer from it.
            Self::Background => {
                let ended = Error::Unavailable(Arc::new(std::io::Error::other(ENDED)));
                Batch { events: Vec::new(), error: Some(ended) }
            }
            Self::Normal => panic!("{ENDED}"),
        }
    }
}

/// Events, opened, up to the first that cannot be read; and what was wrong with that one.
pub(crate) struct Batch {
    pub(crate) events: Vec<Decoded>,
    pub(crate) error: Option<Error>,
}

pub(super) type Feed = mpsc::Receiver<Batch>;

/// Begins to read after a position; ends when the receiver is dropped.
pub(super) fn begin(dependencies: &Arc<Dependencies>, after: Position, priority: Priority) -> Feed {
    let (batches, feed) = mpsc::channel(AHEAD);
    let filling = fill(dependencies.clone(), after, batches);
    match priority {
        Priority::Background => {
            if let Err(error) = background::spawn("desk-views", filling) {
                // Its owner gets no batches, and claims the generation again later.
                tracing::warn!(error = &error as &dyn std::error::Error, "no thread to read for views");
            }
        }
        Priority::Normal => drop(tokio::spawn(filling)),
    }
    feed
}

async fn fill(dependencies: Arc<Dependencies>, mut after: Position, batches: mpsc::Sender<Batch>) {
    let mut pages = pin!(dependencies.journal.read_all(after));
    // An error comes again in the tail, which gives the events before it, and waits for what passes.
    while let Some(Ok(page)) = pages.next().await {
        if !send(&dependencies.journal, &mut after, page.into_iter().map(Ok).collect(), &batches).await {
            return;
        }
    }
    let mut events = dependencies.tail.follow(after).ready_chunks(LIVE);
    loop {
        let events = tokio::select! {
            () = batches.closed() => return,
            events = events.next() => events,
        };
        let Some(events) = events else { return };
        if !send(&dependencies.journal, &mut after, events, &batches).await {
            return;
        }
    }
}

/// False at the end: nobody receives, or the batch ends with an error.
async fn send(
    journal: &Journal,
    after: &mut Position,
    events: Vec<Result<Decoded, JournalError>>,
    batches: &mpsc::Sender<Batch>,
) -> bool {
    let batch = open(journal, *after, events).await;
    *after = batch.events.last().map_or(*after, Decoded::position);
    let goes_on = batch.error.is_none();
    batches.send(batch).await.is_ok() && goes_on
}

/// Opens events that come after a position.
pub(crate) async fn open(journal: &Journal, after: Position, events: Vec<Result<Decoded, JournalError>>) -> Batch {
    let mut batch = up_to_error(events, after);
    if let Err(JournalError::Vault(VaultError::Unavailable(error))) = journal.fetch_keys(&batch.events).await {
        return Batch { events: Vec::new(), error: Some(Error::Unavailable(error)) };
    }
    for index in 0..batch.events.len() {
        if index % TURN == TURN - 1 {
            yield_now().await;
        }
        let event = &batch.events[index];
        if let Err(error) = journal.open(event).await {
            let error = Error::of_journal(error, event.position());
            batch.events.truncate(index);
            return Batch { error: Some(error), ..batch };
        }
    }
    batch
}

fn up_to_error(events: Vec<Result<Decoded, JournalError>>, after: Position) -> Batch {
    let mut batch = Batch { events: Vec::with_capacity(events.len()), error: None };
    for event in events {
        match event {
            Ok(event) => batch.events.push(event),
            Err(error) => {
                batch.error = Some(Error::of_journal(error, after.next()));
                break;
            }
        }
    }
    batch
}
