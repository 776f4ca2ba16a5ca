//! What a generation is fed with: events after its checkpoint, opened and decoded ahead of the transaction that is being
//! written, so that the one need not wait for the other.
//!
//! Invariant: batches come in order and without a gap; the first event that gives no fact ends the feed with its batch.

use std::{pin::pin, sync::Arc};

use event_store::{
    Position, ReadError, RecordedEvent, background,
    pages::{PAGE, pages_after},
    vault::VaultError,
};
use futures::StreamExt as _;
use tokio::{sync::mpsc, task::yield_now};

use super::{Haste, Means, Trouble, alarm, unreadable_log};
use crate::fact::{FactError, Facts};

/// The most events in one transaction: far from the head a transaction's own price is shared by many.
pub(crate) const BATCH: usize = PAGE;
/// The same near the head: what a subscription reads at a time.
const LIVE: usize = 512;
/// Events that are opened in one go: opening many takes long, and whoever waits for an answer comes in between.
const TURN: usize = 16;
/// Batches that wait, beside the one that is written and the one that is read.
const AHEAD: usize = 1;

/// Facts up to the first event that gives none, where they end, and what ended them.
pub(crate) struct Batch {
    pub(crate) facts: Facts,
    pub(crate) end: Option<Arc<RecordedEvent>>,
    pub(crate) trouble: Option<Trouble>,
}

impl Batch {
    /// Nothing, because something is away.
    pub(crate) fn away(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { facts: Facts::default(), end: None, trouble: Some(Trouble::Away(Arc::new(error))) }
    }
}

pub(super) type Feed = mpsc::Receiver<Batch>;

/// Begins to read after a position; ends when nobody takes any more.
pub(super) fn begin(means: &Arc<Means>, after: Position, haste: Haste) -> Feed {
    let (batches, feed) = mpsc::channel(AHEAD);
    let filling = fill(means.clone(), after, batches);
    match haste {
        Haste::None => {
            if let Err(error) = background::spawn("desk-views", filling) {
                tracing::warn!(error = &error as &dyn std::error::Error, "views cannot be read for");
            }
        }
        Haste::Served => drop(tokio::spawn(filling)),
    }
    feed
}

async fn fill(means: Arc<Means>, mut after: Position, batches: mpsc::Sender<Batch>) {
    let mut pages = pin!(pages_after(&*means.reader, after));
    // What goes wrong here the subscription meets again, and waits for what will pass.
    while let Some(Ok(page)) = pages.next().await {
        if !hand_on(&means, &mut after, page.into_iter().map(Ok).collect(), &batches).await {
            return;
        }
    }
    let mut events = means.reader.subscribe(after).ready_chunks(LIVE);
    loop {
        let events = tokio::select! {
            () = batches.closed() => return,
            events = events.next() => events,
        };
        let Some(events) = events else { return };
        if !hand_on(&means, &mut after, events, &batches).await {
            return;
        }
    }
}

/// False at the end: nobody takes it, or it ends with trouble.
async fn hand_on(
    means: &Means,
    after: &mut Position,
    events: Vec<Result<Arc<RecordedEvent>, ReadError>>,
    batches: &mpsc::Sender<Batch>,
) -> bool {
    let batch = read(means, *after, events).await;
    *after = batch.end.as_ref().map_or(*after, |end| end.position);
    let goes_on = batch.trouble.is_none();
    batches.send(batch).await.is_ok() && goes_on
}

/// Opens and decodes events that come after a position.
pub(crate) async fn read(means: &Means, after: Position, events: Vec<Result<Arc<RecordedEvent>, ReadError>>) -> Batch {
    let mut batch = Batch { facts: Facts::default(), end: None, trouble: None };
    let to_open = events.iter().filter_map(|event| event.as_deref().ok());
    if let Err(VaultError::Unavailable(error)) = means.vault.fetch_keys(to_open).await {
        return Batch { trouble: Some(Trouble::Away(error)), ..batch };
    }
    for (index, event) in events.into_iter().enumerate() {
        if index % TURN == TURN - 1 {
            yield_now().await;
        }
        let event = match event {
            Ok(event) => event,
            Err(error) => return Batch { trouble: Some(unreadable_log(error, after)), ..batch },
        };
        match batch.facts.read(&event, &means.vault).await {
            Ok(()) => {}
            Err(FactError::Vault(VaultError::Unavailable(error))) => {
                return Batch { trouble: Some(Trouble::Away(error)), ..batch };
            }
            Err(error) => return Batch { trouble: Some(Trouble::Alarm(alarm(event.position, &error))), ..batch },
        }
        batch.end = Some(event);
    }
    batch
}
