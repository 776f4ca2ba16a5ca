//! Carries ephemeral frames between nodes that share a PostgreSQL database, by its notifications.
//!
//! Activities go to all other nodes, an answer's pieces only to those where somebody follows it, each on its own channel. Frames
//! wait [`BATCH`] and travel together, so that a node commits at most twenty times a second however many it has. What is said of a
//! session is sealed with the key of its customer, because every role of a database may listen to every channel, and may notify.
//! Invariants: whatever goes wrong here, ephemeral frames are lost and nothing else; a node that missed a piece shows nothing
//! beyond the gap, asks for the whole text so far, and goes on from there.

mod batch;
mod message;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::{Incarnation, SessionId, VisitorId};
use event_store::{
    sql::Listener,
    vault::{KeyClass, PersonalPart, SealedText, Unsealed, VaultError},
};
use moka::sync::Cache;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use uuid::Uuid;

use super::{Ephemeral, Frame, Outgoing, interests::INTEREST};
use crate::{
    CommandError, Node, Sessions,
    process::{
        StoreError,
        store::{Notices, ProcessStore},
    },
};
use batch::Batch;
use message::{COMMON, LONGEST, Message, channel_of, packed};

/// How long a frame waits for others to travel with.
const BATCH: Duration = Duration::from_millis(50);
/// How often a node says again what is followed there, and that it is there at all.
const RENEWED: Duration = Duration::from_secs(10);
const _: () = assert!(INTEREST.as_secs() >= 3 * RENEWED.as_secs());
/// Where nothing is heard for so long, not even one's own words, the connection is taken for lost.
const SILENCE: Duration = INTEREST;
/// Between two questions for the whole text of one answer.
const ASKED_AGAIN: Duration = Duration::from_secs(1);
/// Customers of sessions that are remembered: about 1 MB.
const CUSTOMERS: u64 = 10_000;

/// Why the relay has stopped.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The connection seems to be there, but brings nothing.
    #[error("the connection for ephemeral frames is silent")]
    Silent,
}

/// Why a frame was not carried.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Session(#[from] CommandError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it cannot be read")]
    Malformed,
}

/// Carries frames to and from the other nodes.
pub struct Relay {
    frames: Arc<Ephemeral>,
    sessions: Arc<Sessions>,
    store: ProcessStore,
    node: Incarnation,
    customers: Cache<SessionId, VisitorId>,
}

/// What the relay is at.
struct Work {
    listener: Listener,
    outgoing: broadcast::Receiver<Outgoing>,
    batch: Batch,
    heard_at: Instant,
    asked: HashMap<SessionId, Instant>,
}

impl Relay {
    /// A relay for this node; `None` where the store is a file, which no other node has.
    #[must_use]
    pub fn new(frames: Arc<Ephemeral>, sessions: Arc<Sessions>, store: ProcessStore, node: &Node) -> Option<Self> {
        let customers = Cache::new(CUSTOMERS);
        store.is_shared().then(|| Self { frames, sessions, store, node: node.incarnation, customers })
    }

    /// Carries frames until something fails; may be called again after that.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run(&self) -> Result<Infallible, RelayError> {
        let mut work = self.begin().await?;
        let mut renewal = interval(RENEWED);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = work.listener.next() => self.hear_all(&mut work, &heard.map_err(StoreError::from)?).await,
                outgoing = work.outgoing.recv() => self.take(&mut work.batch, outgoing),
                () = sleep_until(work.batch.due()), if !work.batch.is_empty() => self.send(work.batch.take()).await?,
                _ = renewal.tick() => self.renew(&mut work).await?,
            }
        }
    }

    async fn begin(&self) -> Result<Work, RelayError> {
        let outgoing = self.frames.outgoing.subscribe();
        let own = channel_of(self.node);
        let Some(listener) = self.store.listen(&[COMMON, &own]).await? else { return Err(RelayError::Silent) };
        let hello = Message::Hello { from: self.node };
        self.say(vec![hello]).await?;
        // What was said meanwhile was missed.
        let mut batch = Batch::default();
        batch.want(self.frames.replies.followed());
        Ok(Work { listener, outgoing, batch, heard_at: Instant::now(), asked: HashMap::new() })
    }

    fn take(&self, batch: &mut Batch, outgoing: Result<Outgoing, RecvError>) {
        match outgoing {
            Ok(Outgoing::Frame(session, frame)) => batch.add(session, frame),
            Ok(Outgoing::Wanted(session)) => batch.want([session]),
            Err(RecvError::Lagged(lost)) => tracing::warn!(lost, "ephemeral frames were dropped"),
            // The sender is ours.
            Err(RecvError::Closed) => {}
        }
    }

    /// Says what is followed here; others forget it otherwise.
    async fn renew(&self, work: &mut Work) -> Result<(), RelayError> {
        if work.heard_at.elapsed() > SILENCE {
            return Err(RelayError::Silent);
        }
        let now = Instant::now();
        self.frames.interests.sweep(now);
        work.asked.retain(|_, asked| now.duration_since(*asked) < ASKED_AGAIN);
        self.say(Message::wants(self.node, &self.frames.replies.followed(), false)).await?;
        Ok(self.store.forget_ephemeral_rows().await?)
    }

    /// To all nodes, this one too.
    async fn say(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let lines = messages.iter().map(Message::line).collect();
        let payloads = packed(lines).map(|payload| (COMMON.to_owned(), payload)).collect();
        self.store.notify(&Notices { payloads, rows: Vec::new() }).await
    }

    async fn send(&self, batch: Batch) -> Result<(), RelayError> {
        let (mut notices, mut lines): (_, BTreeMap<String, Vec<String>>) = (Notices::default(), BTreeMap::new());
        let now = Instant::now();
        for (session, activities, pieces) in batch.frames {
            if !activities.is_empty() {
                let line = self.seal(session, &activities, &mut notices).await;
                lines.entry(COMMON.to_owned()).or_default().extend(line);
            }
            let nodes = self.frames.interests.of(session, now);
            if !pieces.is_empty() && !nodes.is_empty() {
                let line = self.seal(session, &pieces, &mut notices).await;
                for node in nodes {
                    lines.entry(channel_of(node)).or_default().extend(line.clone());
                }
            }
        }
        let wanted: Vec<SessionId> = batch.wanted.into_iter().collect();
        if !wanted.is_empty() {
            let wants = Message::wants(self.node, &wanted, true);
            lines.entry(COMMON.to_owned()).or_default().extend(wants.iter().map(Message::line));
        }
        for (channel, lines) in lines {
            notices.payloads.extend(packed(lines).map(|payload| (channel.clone(), payload)));
        }
        if notices.payloads.is_empty() {
            return Ok(());
        }
        Ok(self.store.notify(&notices).await?)
    }

    /// The line that brings these frames; none where they cannot be sealed.
    async fn seal(&self, session: SessionId, frames: &[Frame], notices: &mut Notices) -> Option<String> {
        let sealed = self.sealed(session, frames).await.inspect_err(|error| log_lost(session, error)).ok()?;
        let (from, key) = (self.node, sealed.key_id.to_string());
        let line = Message::Sealed { from, session, key, sealed: BASE64_STANDARD.encode(&sealed.bytes) }.line();
        if line.len() <= LONGEST {
            return Some(line);
        }
        let row = Uuid::new_v4();
        notices.rows.push((row, sealed));
        Some(Message::Row { from, session, row }.line())
    }

    async fn sealed(&self, session: SessionId, frames: &[Frame]) -> Result<SealedText, Lost> {
        let subject = self.customer_of(session).await?.0;
        let json = serde_json::to_string(frames).map_err(|_| Lost::Malformed)?;
        let log = self.sessions.log();
        let part = PersonalPart { subject, class: KeyClass::Message, json };
        Ok(log.vault().seal_text(&part, &place(session), log.clock().now()).await?)
    }

    async fn customer_of(&self, session: SessionId) -> Result<VisitorId, Lost> {
        if let Some(visitor) = self.customers.get(&session) {
            return Ok(visitor);
        }
        let current = self.sessions.current(session).await?;
        let visitor = current.state.session().ok_or(Lost::Malformed)?.visitor;
        self.customers.insert(session, visitor);
        Ok(visitor)
    }

    async fn hear_all(&self, work: &mut Work, payload: &str) {
        work.heard_at = Instant::now();
        for line in payload.lines() {
            match Message::read(line) {
                Some(message) if message.from() != self.node => self.hear(work, message).await,
                Some(_own) => {}
                None => tracing::debug!("a notification is none of ours"),
            }
        }
    }

    async fn hear(&self, work: &mut Work, message: Message) {
        let (session, frames) = match message {
            Message::Hello { .. } => return work.batch.want(self.frames.replies.followed()),
            Message::Wants { from, sessions, whole } => {
                for session in sessions {
                    self.note(&mut work.batch, session, from, whole);
                }
                return;
            }
            Message::Sealed { session, key, sealed, .. } => (session, self.open(session, key, &sealed).await),
            Message::Row { session, row, .. } => (session, self.open_row(session, row).await),
        };
        match frames {
            Ok(frames) => self.accept(work, session, frames),
            Err(error) => log_lost(session, &error),
        }
    }

    /// Another node wants a session's answers, and perhaps what there is of one already.
    fn note(&self, batch: &mut Batch, session: SessionId, node: Incarnation, whole: bool) {
        self.frames.interests.note(session, node, Instant::now());
        if !whole {
            return;
        }
        if let Some(piece) = self.frames.replies.made_here(session) {
            self.frames.replies.mark_relayed(session, &piece);
            batch.add(session, Frame::Piece(piece));
        }
    }

    fn accept(&self, work: &mut Work, session: SessionId, frames: Vec<Frame>) {
        let mut is_missing_some = false;
        for frame in frames {
            is_missing_some |= !self.frames.accept(session, frame);
        }
        let asked = work.asked.get(&session).is_some_and(|asked| asked.elapsed() < ASKED_AGAIN);
        if is_missing_some && !asked {
            work.asked.insert(session, Instant::now());
            work.batch.want([session]);
        }
    }

    async fn open_row(&self, session: SessionId, row: Uuid) -> Result<Vec<Frame>, Lost> {
        match self.store.ephemeral_row(row).await? {
            Some(sealed) => self.unsealed(session, &sealed).await,
            None => Ok(Vec::new()),
        }
    }

    async fn open(&self, session: SessionId, key: String, sealed: &str) -> Result<Vec<Frame>, Lost> {
        let bytes = BASE64_STANDARD.decode(sealed).map_err(|_| Lost::Malformed)?;
        self.unsealed(session, &SealedText { key_id: key.into(), bytes }).await
    }

    async fn unsealed(&self, session: SessionId, sealed: &SealedText) -> Result<Vec<Frame>, Lost> {
        match self.sessions.log().vault().open_text(sealed, &place(session)).await? {
            Unsealed::Known(json) => serde_json::from_str(&json).map_err(|_| Lost::Malformed),
            Unsealed::Nothing | Unsealed::Erased => Ok(Vec::new()),
        }
    }
}

/// What a sealed text belongs to.
fn place(session: SessionId) -> String {
    format!("ephemeral/{session}")
}

fn log_lost(session: SessionId, error: &Lost) {
    tracing::debug!(session.id = %session, error = error as &dyn std::error::Error, "ephemeral frames were lost");
}
