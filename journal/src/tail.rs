//! One tail per process: it reads the log once, decodes each event once, keeps a recent window, and feeds every follower from it.
//! Whoever is behind the window reads the log itself; nobody is dropped for being slow.
//!
//! Invariants: a follower sees each event after its position once and in order; the window only saves reads. What is kept, for all
//! and for each follower, is bounded by bytes, and by one event where that alone is larger. What has been opened of an event is forgotten within seconds, so that an erasure is not undone by what is in memory.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use event_store::{
    EventReader, EventStream, Follow, Position, ReadError, RecordedEvent, StreamName, pages::PAGE, subscription::POLL,
};
use futures::{Stream, StreamExt};
use tokio::sync::{broadcast, broadcast::error::RecvError, watch};

use crate::{
    decoded::Decoded,
    error::{JournalError, Unreadable},
};

/// Events kept in memory: some seconds at full load.
const WINDOW: usize = 4096;
/// Bytes of them: more than an hour of talk has, and less than a flood of large messages.
const WINDOW_BYTES: usize = 16 << 20;
/// Events that may wait for one follower of a stream before it reads the log instead.
const BACKLOG: usize = 16;
/// A larger event does not wait for a follower of a stream: it is told that there is one, and reads it.
const LARGEST_WAITING: usize = 4 << 10;
/// Events that a follower of one stream reads at a time. There are thousands of them, and each may be as slow as its client.
const STREAM_PAGE: usize = 64;
/// Bytes of those that it keeps: the rest is read again when it comes to them.
const STREAM_PAGE_BYTES: usize = 32 << 10;
/// The same for a follower of the whole log.
const PAGE_BYTES: usize = 1 << 20;
/// How long an opened personal part is kept for the followers to come: they are some milliseconds apart.
const KEPT_OPEN: Duration = Duration::from_secs(2);

/// Events as they come, for ever. An unreadable event is an error that does not end it: whoever need not understand it goes on.
/// Any other error does.
pub type DecodedEvents = Pin<Box<dyn Stream<Item = Result<Decoded, JournalError>> + Send>>;

/// A decoded event, or one that cannot be.
type Entry = Result<Decoded, Unreadable>;

/// The shared tail.
pub struct Tail {
    reader: Arc<dyn EventReader>,
    window: Mutex<Window>,
    streams: Mutex<HashMap<StreamName, broadcast::Sender<Told>>>,
    state: watch::Sender<TailState>,
}

/// What the followers of a stream are told of a new event.
#[derive(Clone)]
enum Told {
    /// Here it is.
    Entry(Entry),
    /// It is in the log.
    IsThere,
}

/// Every entry after a position with the time it came; the first `closed` of them hold nothing opened.
#[derive(Default)]
struct Window {
    after: Position,
    entries: VecDeque<(Instant, Entry)>,
    closed: usize,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct TailState {
    position: Position,
    stopped: Option<ReadError>,
}

impl Tail {
    /// A tail after a position, usually the log's head. It moves while [`Self::run`] runs.
    #[must_use]
    pub fn new(reader: Arc<dyn EventReader>, after: Position) -> Arc<Self> {
        let (state, _) = watch::channel(TailState { position: after, stopped: None });
        let window = Mutex::new(Window { after, ..Window::default() });
        Arc::new(Self { reader, window, streams: Mutex::default(), state })
    }

    /// A tail that runs in a task of its own, for whoever does not supervise it.
    #[must_use]
    pub fn start(reader: Arc<dyn EventReader>, after: Position) -> Arc<Self> {
        let tail = Self::new(reader, after);
        let running = tail.clone();
        tokio::spawn(async move { running.run().await });
        tail
    }

    /// Reads the log for all followers, from where it stands; called again after a failure it goes on there.
    ///
    /// # Errors
    /// A gap or damage, which ends every follower, or the end of the subscription.
    pub async fn run(&self) -> Result<Infallible, ReadError> {
        self.state.send_modify(|state| state.stopped = None);
        let mut events = self.reader.subscribe(self.position());
        while let Some(next) = events.next().await {
            match next {
                Ok(event) => self.accept(event),
                Err(error) => {
                    self.stop(error.clone());
                    return Err(error);
                }
            }
        }
        Err(subscription_ended())
    }

    /// The newest position this process has seen.
    #[must_use]
    pub fn position(&self) -> Position {
        self.state.borrow().position
    }

    /// What stopped the tail for good, if anything: a gap or damage.
    #[must_use]
    pub fn stopped(&self) -> Option<ReadError> {
        self.state.borrow().stopped.clone()
    }

    /// Every event after a position.
    pub fn follow(self: &Arc<Self>, after: Position) -> DecodedEvents {
        Box::pin(self.entries(after).map(|entry| Ok(entry??)))
    }

    /// Hands every event after a position to `handle`, readable or not, until it refuses one or the log cannot be read.
    ///
    /// # Errors
    /// What `handle` said, or why the log cannot be read.
    pub async fn follow_each<E: From<ReadError>>(
        self: &Arc<Self>,
        after: Position,
        mut handle: impl FnMut(Result<Decoded, Unreadable>) -> Result<(), E>,
    ) -> Result<Infallible, E> {
        let mut entries = pin!(self.entries(after));
        while let Some(entry) = entries.next().await {
            handle(entry?)?;
        }
        Err(subscription_ended().into())
    }

    /// Every event after a position as it is stored, readable or not.
    pub fn follow_recorded(self: &Arc<Self>, after: Position) -> EventStream {
        Box::pin(self.entries(after).map(|entry| Ok(recorded(&entry?).clone())))
    }

    fn entries(self: &Arc<Self>, after: Position) -> impl Stream<Item = Result<Entry, ReadError>> + Send + use<> {
        let tail = self.clone();
        let mut state = self.state.subscribe();
        async_stream::stream! {
            let mut cursor = after;
            loop {
                match tail.page(cursor).await {
                    Ok(page) if page.is_empty() => {
                        if let Err(error) = wait_beyond(&mut state, cursor).await {
                            yield Err(error);
                            return;
                        }
                    }
                    Ok(page) => for entry in page {
                        cursor = recorded(&entry).position;
                        yield Ok(entry);
                    },
                    Err(ReadError::Unavailable(_)) => tokio::time::sleep(POLL).await,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                }
            }
        }
    }

    /// [`Self::follow_recorded`] as the log's own readers take it.
    #[must_use]
    pub fn as_follow(self: &Arc<Self>) -> Follow {
        let tail = self.clone();
        Arc::new(move |after| tail.follow_recorded(after))
    }

    /// Every event of one stream after a position of the log. Where the tail has stopped, what is there, and then why.
    pub fn follow_stream(self: &Arc<Self>, stream: &StreamName, after: Position) -> DecodedEvents {
        self.listen(stream).events(after)
    }

    /// From the window where it reaches back far enough, otherwise from the log.
    async fn page(&self, after: Position) -> Result<Vec<Entry>, ReadError> {
        if let Some(page) = self.page_from_window(after) {
            return Ok(page);
        }
        let page = within(self.reader.read_all(after, PAGE).await?, PAGE_BYTES);
        Ok(page.into_iter().map(Decoded::decode).collect())
    }

    fn page_from_window(&self, after: Position) -> Option<Vec<Entry>> {
        if after >= self.position() {
            return Some(Vec::new());
        }
        let window = lock(&self.window);
        let start = window.entries.partition_point(|(_, entry)| recorded(entry).position <= after);
        let mut fits = fits_into(PAGE_BYTES);
        let next = window.entries.range(start..).map(|(_, entry)| entry).take(PAGE);
        (window.after <= after).then(|| next.take_while(|entry| fits(recorded(entry))).cloned().collect())
    }

    fn listen(self: &Arc<Self>, stream: &StreamName) -> Listener {
        let mut streams = lock(&self.streams);
        let live = match self.stopped() {
            // Nobody sends to it any more, so whoever waits is told at once.
            Some(_) => broadcast::channel(1).1,
            None => streams.entry(stream.clone()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe(),
        };
        Listener { tail: self.clone(), stream: stream.clone(), live }
    }

    fn accept(&self, event: Arc<RecordedEvent>) {
        let position = event.position;
        let entry = Decoded::decode(event);
        lock(&self.window).push(entry.clone());
        self.hand_to_listeners(entry);
        self.state.send_modify(|state| state.position = position);
    }

    fn hand_to_listeners(&self, entry: Entry) {
        let mut streams = lock(&self.streams);
        let stream = recorded(&entry).stream.clone();
        let is_large = recorded(&entry).content_bytes() > LARGEST_WAITING;
        let told = if is_large { Told::IsThere } else { Told::Entry(entry) };
        let nobody_listens = streams.get(&stream).is_some_and(|listeners| listeners.send(told).is_err());
        if nobody_listens {
            streams.remove(&stream);
        }
    }

    fn stop(&self, error: ReadError) {
        tracing::error!(error = &error as &dyn std::error::Error, "the tail of the log has stopped");
        self.state.send_modify(|state| state.stopped = Some(error));
        lock(&self.streams).clear();
    }
}

/// A follower of one stream. What is sent to it from the moment it listens waits in `live`.
struct Listener {
    tail: Arc<Tail>,
    stream: StreamName,
    live: broadcast::Receiver<Told>,
}

impl Listener {
    /// The stream's events after a position.
    fn events(mut self, after: Position) -> DecodedEvents {
        Box::pin(async_stream::stream! {
            let mut cursor = after;
            loop {
                match self.page(cursor).await {
                    Ok(page) if !page.is_empty() => for event in page {
                        cursor = event.position;
                        yield Decoded::decode(event).map_err(JournalError::from);
                    },
                    Ok(_) => loop {
                        match self.live.recv().await {
                            Ok(Told::Entry(entry)) if recorded(&entry).position > cursor => {
                                cursor = recorded(&entry).position;
                                yield entry.map_err(JournalError::from);
                            }
                            Ok(Told::Entry(_already_read)) => {}
                            Ok(Told::IsThere) | Err(RecvError::Lagged(_)) => break,
                            Err(RecvError::Closed) => {
                                if let Some(error) = self.tail.stopped() {
                                    yield Err(error.into());
                                }
                                return;
                            }
                        }
                    },
                    Err(ReadError::Unavailable(_)) => tokio::time::sleep(POLL).await,
                    Err(error) => {
                        yield Err(error.into());
                        return;
                    }
                }
            }
        })
    }

    async fn page(&self, after: Position) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let page = self.tail.reader.read_stream_after_position(&self.stream, after, STREAM_PAGE).await?;
        Ok(within(page, STREAM_PAGE_BYTES))
    }
}

/// As many of these as have so many bytes together, and one at least.
fn within(mut page: Vec<Arc<RecordedEvent>>, bytes: usize) -> Vec<Arc<RecordedEvent>> {
    let mut fits = fits_into(bytes);
    let kept = page.iter().take_while(|event| fits(event)).count();
    page.truncate(kept);
    page
}

/// Says of one event after the other whether all so far have at most so many bytes; the first always fits.
fn fits_into(bytes: usize) -> impl FnMut(&RecordedEvent) -> bool {
    let mut so_far = 0;
    move |event| {
        let is_first = so_far == 0;
        so_far += event.content_bytes();
        is_first || so_far <= bytes
    }
}

/// The last one to listen to a stream leaves nothing behind.
impl Drop for Listener {
    fn drop(&mut self) {
        let mut streams = lock(&self.tail.streams);
        if streams.get(&self.stream).is_some_and(|listeners| listeners.receiver_count() <= 1) {
            streams.remove(&self.stream);
        }
    }
}

impl Window {
    fn push(&mut self, entry: Entry) {
        self.bytes += recorded(&entry).content_bytes();
        self.entries.push_back((Instant::now(), entry));
        while self.entries.len() > WINDOW || self.bytes > WINDOW_BYTES {
            self.forget_oldest();
        }
        self.close_older_than(KEPT_OPEN);
    }

    fn forget_oldest(&mut self) {
        let Some((_, oldest)) = self.entries.pop_front() else { return };
        let oldest = recorded(&oldest);
        self.bytes -= oldest.content_bytes();
        self.after = oldest.position;
        self.closed = self.closed.saturating_sub(1);
    }

    /// Puts entries with nothing opened in the place of older ones.
    fn close_older_than(&mut self, age: Duration) {
        while let Some((came, entry)) = self.entries.get_mut(self.closed)
            && came.elapsed() >= age
        {
            if let Ok(decoded) = entry
                && decoded.is_opened()
            {
                *decoded = decoded.sealed_again();
            }
            self.closed += 1;
        }
    }
}

/// Where an event is, readable or not.
#[must_use]
pub fn position(entry: &Result<Decoded, Unreadable>) -> Position {
    recorded(entry).position
}

fn recorded(entry: &Entry) -> &Arc<RecordedEvent> {
    match entry {
        Ok(decoded) => decoded.recorded(),
        Err(unreadable) => &unreadable.recorded,
    }
}

fn subscription_ended() -> ReadError {
    ReadError::unavailable(io::Error::other("the subscription has ended"))
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

#[cfg(test)]
mod tests {
    use event_store::{Actor, SealedEvent, StreamVersion};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::personal::PersonalAccess;

    fn entry() -> Entry {
        entry_of(1, 3)
    }

    /// With a sealed part of so many bytes.
    fn entry_of(position: u64, bytes: usize) -> Entry {
        let event = SealedEvent {
            event_id: Uuid::nil(),
            event_type: "session.opened".into(),
            schema: 1,
            actor: Actor::new("customer", "c"),
            subject: None,
            key_id: None,
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: format!(r#"{{"visitor":"{0}","context":"{0}"}}"#, Uuid::nil()).into(),
            personal: Some(vec![7; bytes].into()),
        };
        Decoded::decode(Arc::new(RecordedEvent {
            position: Position(position),
            stream: StreamName::of("session", Uuid::nil()),
            version: StreamVersion(position),
            recorded_at: Timestamp::UNIX_EPOCH,
            event,
            prev_hash: [0; 32],
            hash: [0; 32],
        }))
    }

    #[tokio::test]
    async fn what_was_opened_is_forgotten_when_it_is_old() {
        let (mut window, entry) = (Window::default(), entry());
        window.push(entry.clone());
        entry.as_ref().expect("readable").open(&PersonalAccess::Sealed).await.expect("stays sealed");
        let is_opened = |window: &Window| window.entries[0].1.as_ref().is_ok_and(Decoded::is_opened);
        assert!(is_opened(&window));
        window.close_older_than(Duration::ZERO);
        assert!(!is_opened(&window));
        assert_eq!(window.closed, 1);
    }

    #[test]
    fn window_is_bounded_by_bytes() {
        let mut window = Window::default();
        (1..=40).for_each(|position| window.push(entry_of(position, 1 << 20)));
        assert!(window.bytes <= WINDOW_BYTES && window.entries.len() == 15, "{} bytes", window.bytes);
        assert_eq!(window.after, Position(25), "whoever is behind this reads the log");
        window.push(entry_of(41, WINDOW_BYTES));
        assert!(window.entries.is_empty() && window.bytes == 0 && window.after == Position(41));
    }

    #[test]
    fn page_is_bounded_by_bytes_and_has_one_event_at_least() {
        let page = |sizes: &[usize]| {
            let events = sizes.iter().map(|bytes| recorded(&entry_of(1, *bytes)).clone());
            within(events.collect(), STREAM_PAGE_BYTES).len()
        };
        assert_eq!(page(&[]), 0);
        assert_eq!(page(&[10, 10, 10]), 3);
        assert_eq!(page(&[100_000, 10]), 1);
        assert_eq!(page(&[20_000, 20_000, 20_000]), 1);
        assert_eq!(page(&[10_000; 9]), 3);
    }
}
