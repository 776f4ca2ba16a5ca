//! One tail per process: it reads the log once, keeps a window of recent events, and serves all followers from it. A follower
//! that is behind the window reads the log itself; no follower is dropped for being slow.
//!
//! Invariant: a follower gets each event after its position once and in order; the window only saves reads.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use futures::StreamExt;
use tokio::sync::{broadcast, broadcast::error::RecvError, watch};

use crate::{
    event::{Position, RecordedEvent, StreamName},
    pages::PAGE,
    port::{EventReader, EventStream, ReadError},
};

/// Events kept in memory: some seconds at full load.
const WINDOW: usize = 4096;
/// Events queued for a follower of one stream; when more are waiting, it reads the log instead.
const BACKLOG: usize = 16;

/// The shared tail.
pub struct Tail {
    reader: Arc<dyn EventReader>,
    window: Mutex<VecDeque<Arc<RecordedEvent>>>,
    streams: Mutex<HashMap<StreamName, broadcast::Sender<Arc<RecordedEvent>>>>,
    state: watch::Sender<TailState>,
}

#[derive(Debug, Clone)]
struct TailState {
    position: Position,
    stopped: Option<ReadError>,
}

impl Tail {
    /// Starts following the log after a position, usually its head.
    pub fn start(reader: Arc<dyn EventReader>, after: Position) -> Arc<Self> {
        let (state, _) = watch::channel(TailState { position: after, stopped: None });
        let tail = Arc::new(Self { reader, window: Mutex::default(), streams: Mutex::default(), state });
        tokio::spawn(run(Arc::downgrade(&tail), tail.reader.subscribe(after)));
        tail
    }

    /// The newest position this process has seen.
    #[must_use]
    pub fn position(&self) -> Position {
        self.state.borrow().position
    }

    /// The error that stopped the tail for good (a gap or damage), if any.
    #[must_use]
    pub fn stopped(&self) -> Option<ReadError> {
        self.state.borrow().stopped.clone()
    }

    /// Every event after a position.
    pub fn follow(self: &Arc<Self>, after: Position) -> EventStream {
        let tail = self.clone();
        let mut state = self.state.subscribe();
        Box::pin(async_stream::stream! {
            let mut cursor = after;
            loop {
                let page = tail.page(cursor).await;
                match page {
                    Ok(page) if page.is_empty() => {
                        if let Err(error) = wait_beyond(&mut state, cursor).await {
                            yield Err(error);
                            return;
                        }
                    }
                    Ok(page) => for event in page {
                        cursor = event.position;
                        yield Ok(event);
                    },
                    Err(ReadError::Unavailable(_)) => tokio::time::sleep(crate::subscription::POLL).await,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                }
            }
        })
    }

    /// Every event of one stream after a position of the log.
    pub fn follow_stream(self: &Arc<Self>, stream: &StreamName, after: Position) -> EventStream {
        let tail = self.clone();
        let stream = stream.clone();
        let mut live = self.listen(&stream);
        Box::pin(async_stream::stream! {
            let mut cursor = after;
            'log: loop {
                match tail.reader.read_stream_after_position(&stream, cursor, PAGE).await {
                    Ok(page) if !page.is_empty() => for event in page {
                        cursor = event.position;
                        yield Ok(event);
                    },
                    Ok(_) => loop {
                        match live.recv().await {
                            Ok(event) if event.position > cursor => {
                                cursor = event.position;
                                yield Ok(event);
                            }
                            Ok(_already_read) => {}
                            Err(RecvError::Lagged(_)) => continue 'log,
                            Err(RecvError::Closed) => {
                                if let Some(error) = tail.stopped() {
                                    yield Err(error);
                                }
                                return;
                            }
                        }
                    },
                    Err(ReadError::Unavailable(_)) => tokio::time::sleep(crate::subscription::POLL).await,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                }
            }
        })
    }

    /// A page from the window if it reaches back far enough, otherwise from the log.
    async fn page(&self, after: Position) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        if let Some(page) = self.page_from_window(after) {
            return Ok(page);
        }
        self.reader.read_all(after, PAGE).await
    }

    fn page_from_window(&self, after: Position) -> Option<Vec<Arc<RecordedEvent>>> {
        if after >= self.position() {
            return Some(Vec::new());
        }
        let window = lock(&self.window);
        let first_is_known = window.front().is_some_and(|oldest| oldest.position <= after);
        let start = window.partition_point(|event| event.position <= after);
        first_is_known.then(|| window.range(start..).take(PAGE).cloned().collect())
    }

    fn listen(&self, stream: &StreamName) -> broadcast::Receiver<Arc<RecordedEvent>> {
        let mut streams = lock(&self.streams);
        streams.entry(stream.clone()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    fn accept(&self, event: Arc<RecordedEvent>) {
        let position = event.position;
        {
            let mut window = lock(&self.window);
            if window.len() == WINDOW {
                window.pop_front();
            }
            window.push_back(event.clone());
        }
        self.hand_to_listeners(event);
        self.state.send_modify(|state| state.position = position);
    }

    fn hand_to_listeners(&self, event: Arc<RecordedEvent>) {
        let mut streams = lock(&self.streams);
        let nobody_listens = streams.get(&event.stream).is_some_and(|listeners| listeners.send(event.clone()).is_err());
        if nobody_listens {
            streams.remove(&event.stream);
        }
    }

    fn stop(&self, error: ReadError) {
        tracing::error!(error = &error as &dyn std::error::Error, "the tail of the log has stopped");
        self.state.send_modify(|state| state.stopped = Some(error));
        lock(&self.streams).clear();
    }
}

async fn run(tail: std::sync::Weak<Tail>, mut events: EventStream) {
    while let Some(next) = events.next().await {
        let Some(tail) = tail.upgrade() else { return };
        match next {
            Ok(event) => tail.accept(event),
            Err(error) => tail.stop(error),
        }
    }
}

async fn wait_beyond(state: &mut watch::Receiver<TailState>, cursor: Position) -> Result<(), ReadError> {
    let ready = state.wait_for(|state| state.position > cursor || state.stopped.is_some()).await;
    match ready.ok().and_then(|state| state.stopped.clone()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no code panics while it holds this lock")
}
