//! The source, read ahead of the writing: while one page is stored the next are being read.

use std::sync::Arc;

use event_store::{
    EventReader, Position, ReadError,
    pages::{PAGE, Page},
};
use tokio::sync::mpsc;

/// Pages that wait to be stored.
const AHEAD: usize = 2;

/// Every page behind a position, up to where the log ends when it is reached; an error is the last that comes.
pub(super) fn read_on(source: Arc<dyn EventReader>, mut after: Position) -> mpsc::Receiver<Result<Page, ReadError>> {
    let (pages, read) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        loop {
            let page = source.read_all(after, PAGE).await;
            match &page {
                Ok(events) => match events.last() {
                    Some(last) => after = last.position,
                    None => return,
                },
                Err(_is_the_last) => {
                    drop(pages.send(page).await);
                    return;
                }
            }
            if pages.send(page).await.is_err() {
                return;
            }
        }
    });
    read
}
