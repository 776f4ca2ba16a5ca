//! Carries ephemeral frames between nodes that share a PostgreSQL database, by its notifications.
//!
//! Activities go to all other nodes, an answer's pieces only to those where somebody follows it, each on its own channel. Frames
//! wait [`BATCH`] and travel together, so that a node commits at most twenty times a second however many it has; all are sealed.
//! Invariants: whatever goes wrong here, ephemeral frames are lost and nothing else, and nobody waits; a node that missed a piece
//! shows nothing beyond the gap, asks for the whole text so far, and goes on from there.

mod batch;
mod keys;
mod message;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::{Incarnation, SessionId};
use event_store::sql::Listener;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use uuid::Uuid;

use super::{Ephemeral, Frame, Outgoing, interests::INTEREST};
use crate::{
    Node,
    process::{
        StoreError,
        store::{Notices, ProcessStore},
    },
};
use batch::Batch;
pub use keys::FrameKeys;
use message::{COMMON, LONGEST, Message, channel_of, packed};

/// How long a frame waits for others to travel with.
const BATCH: Duration = Duration::from_millis(50);
/// How often a node says again what is followed there, and that it is there at all.
const RENEWED: Duration = Duration::from_secs(10);
const _: () = assert!(INTEREST.as_secs() >= 3 * RENEWED.as_secs());
/// Where nothing is heard for so long, not even one's own words, the connection is taken for lost.
const SILENCE: Duration = INTEREST;
/// How long the database may take for anything; frames are dropped meanwhile.
const ANSWERED: Duration = Duration::from_secs(5);
/// Between two questions for the whole text of one answer.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// Why the relay has stopped.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database is there, but does not answer, or brings nothing.
    #[error("the database for ephemeral frames is silent")]
    Silent,
}

/// Carries frames to and from the other nodes.
pub struct Relay {
    frames: Arc<Ephemeral>,
    store: ProcessStore,
    node: Incarnation,
    keys: FrameKeys,
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
    pub fn new(frames: Arc<Ephemeral>, store: ProcessStore, node: &Node, keys: FrameKeys) -> Option<Self> {
        store.is_shared().then(|| Self { frames, store, node: node.incarnation, keys })
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
                heard = work.listener.next() => {
                    self.hear_all(&mut work, &heard.map_err(StoreError::from)?).await?;
                }
                outgoing = work.outgoing.recv(), if !work.batch.is_full() => take(&mut work.batch, outgoing),
                () = sleep_until(work.batch.due()), if !work.batch.is_empty() => self.send(work.batch.take()).await?,
                _ = renewal.tick() => self.renew(&mut work).await?,
            }
        }
    }

    async fn begin(&self) -> Result<Work, RelayError> {
        let outgoing = self.frames.outgoing.subscribe();
        let own = channel_of(self.node);
        let listener = in_time(self.store.listen(&[COMMON, &own])).await?.ok_or(RelayError::Silent)?;
        self.say(vec![Message::Hello { from: self.node }]).await?;
        // What was said meanwhile was missed.
        let mut batch = Batch::default();
        batch.want(self.frames.replies.followed());
        Ok(Work { listener, outgoing, batch, heard_at: Instant::now(), asked: HashMap::new() })
    }

    /// Says what is followed here; others forget it otherwise.
    async fn renew(&self, work: &mut Work) -> Result<(), RelayError> {
        if work.heard_at.elapsed() > SILENCE {
            return Err(RelayError::Silent);
        }
        self.frames.interests.sweep(Instant::now());
        work.asked.retain(|_, asked| asked.elapsed() < ASKED_AGAIN);
        self.say(Message::wants(self.node, &self.frames.replies.followed(), false)).await?;
        in_time(self.store.remove_old_ephemeral_rows()).await
    }

    /// To all nodes, this one too.
    async fn say(&self, messages: Vec<Message>) -> Result<(), RelayError> {
        let lines = messages.iter().map(Message::line).collect();
        let payloads = packed(lines).map(|payload| (COMMON.to_owned(), payload)).collect();
        in_time(self.store.notify(&Notices { payloads, rows: Vec::new() })).await
    }

    async fn send(&self, batch: Batch) -> Result<(), RelayError> {
        let (mut notices, mut lines): (_, BTreeMap<String, Vec<String>>) = (Notices::default(), BTreeMap::new());
        let now = Instant::now();
        for (session, frames) in batch.frames {
            if !frames.activities.is_empty() {
                let line = self.sealed(session, &frames.activities, &mut notices);
                lines.entry(COMMON.to_owned()).or_default().push(line);
            }
            let nodes = self.frames.interests.of(session, now);
            if !frames.pieces.is_empty() && !nodes.is_empty() {
                let line = self.sealed(session, &frames.pieces, &mut notices);
                for node in nodes {
                    lines.entry(channel_of(node)).or_default().push(line.clone());
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
        in_time(self.store.notify(&notices)).await
    }

    /// The line that brings these frames, or names the row that does.
    fn sealed(&self, session: SessionId, frames: &[Frame], notices: &mut Notices) -> String {
        let (from, sealed) = (self.node, self.keys.seal(session, frames));
        let line = Message::Sealed { from, sealed: BASE64_STANDARD.encode(&sealed) }.line();
        if line.len() <= LONGEST {
            return line;
        }
        let row = Uuid::new_v4();
        notices.rows.push((row, sealed));
        Message::Row { from, row }.line()
    }

    async fn hear_all(&self, work: &mut Work, payload: &str) -> Result<(), RelayError> {
        work.heard_at = Instant::now();
        for line in payload.lines() {
            match Message::read(line) {
                Some(message) if message.from() != self.node => self.hear(work, message).await?,
                Some(_own) => {}
                None => tracing::debug!("a notification is none of ours"),
            }
        }
        Ok(())
    }

    async fn hear(&self, work: &mut Work, message: Message) -> Result<(), RelayError> {
        let sealed = match message {
            Message::Hello { .. } => {
                work.batch.want(self.frames.replies.followed());
                return Ok(());
            }
            Message::Wants { from, sessions, whole } => {
                sessions.into_iter().for_each(|session| self.note(&mut work.batch, session, from, whole));
                return Ok(());
            }
            Message::Sealed { sealed, .. } => BASE64_STANDARD.decode(sealed).ok(),
            Message::Row { row, .. } => in_time(self.store.ephemeral_row(row)).await?,
        };
        match sealed.and_then(|sealed| self.keys.open(&sealed)) {
            Some((session, frames)) => self.accept(work, session, frames),
            None => tracing::debug!("ephemeral frames cannot be opened, or their time is over"),
        }
        Ok(())
    }

    /// Another node wants a session's answers, and perhaps what there is of one already.
    fn note(&self, batch: &mut Batch, session: SessionId, node: Incarnation, whole: bool) {
        self.frames.interests.note(session, node, Instant::now());
        if whole && let Some(piece) = self.frames.replies.so_far(session) {
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
}

fn take(batch: &mut Batch, outgoing: Result<Outgoing, RecvError>) {
    match outgoing {
        Ok(Outgoing::Frame(session, frame)) => batch.add(session, frame),
        Ok(Outgoing::Wanted(session)) => batch.want([session]),
        Err(RecvError::Lagged(lost)) => tracing::warn!(lost, "ephemeral frames were dropped"),
        // The sender is ours.
        Err(RecvError::Closed) => {}
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, RelayError> {
    timeout(ANSWERED, work).await.map_err(|_| RelayError::Silent)?.map_err(RelayError::Store)
}
