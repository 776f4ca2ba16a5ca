//! One generation following the log: as its owner, or behind the node that is.
//!
//! Whatever goes wrong, the answer is the same: forget everything, read the checkpoint again, go on from there. Invariant:
//! rows are written only by the owner of the epoch in the checkpoint, and only from the checkpoint on.

mod feed;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::{EventReader, Position, ReadError, RecordedEvent, Vault, sql::SqlError};

use feed::Feed;
pub(crate) use feed::{BATCH, Batch, read};

use crate::{checkpoint::Checkpoint, fact::Facts, generation::Generation, view::ViewSet, views::Alarm};

/// An owner whose beat stands still for so long is taken for dead: three missed beats.
const STALE: Duration = Duration::from_secs(3);
/// Between an owner's signs of life when there is nothing to write.
const BEAT: Duration = Duration::from_secs(1);

/// What all projections of a process share.
pub(crate) struct Means {
    pub(crate) reader: Arc<dyn EventReader>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) views: ViewSet,
    /// This process.
    pub(crate) owner: String,
    /// Whether other processes may own a generation.
    pub(crate) is_shared: bool,
}

/// One generation following the log.
pub(crate) struct Projection {
    pub(crate) generation: Arc<Generation>,
    pub(crate) checkpoint: Checkpoint,
    role: Role,
    haste: Haste,
    /// After an alarm it claims nothing any more.
    is_stopped: bool,
}

/// Whether anybody waits for what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// It gives way to everything else.
    None,
    /// Readers are served from it.
    Served,
}

impl Haste {
    /// A feed's last batch says why it ends, unless its task panicked or could not be started.
    fn without_feed(self) -> Batch {
        const ENDED: &str = "the task that reads the log for the views has ended";
        match self {
            // Readers of the serving generation are not to suffer from it.
            Self::None => Batch::away(std::io::Error::other(ENDED)),
            Self::Served => panic!("{ENDED}"),
        }
    }
}

enum Role {
    /// It writes; the feed goes on from the checkpoint.
    Owner { feed: Feed, beaten: Instant },
    /// It watches; the owner's last sign of life was seen then.
    Watcher { seen: Instant },
}

/// Why a batch was not applied, or not to its end.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Something is away; it will be back.
    Away(Arc<dyn std::error::Error + Send + Sync>),
    /// Another owner has taken over, or so it seems.
    Fenced,
    /// This cannot be folded, now or later.
    Alarm(Alarm),
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        Self::Away(Arc::new(error))
    }
}

impl Projection {
    pub(crate) fn new(generation: Arc<Generation>, checkpoint: Checkpoint, haste: Haste) -> Self {
        Self { generation, checkpoint, role: Role::Watcher { seen: Instant::now() }, haste, is_stopped: false }
    }

    /// From now on readers are served from it, over these connections.
    pub(crate) fn come_forward(&mut self, generation: Arc<Generation>, means: &Arc<Means>) {
        self.generation = generation;
        self.haste = Haste::Served;
        if let Role::Owner { feed, .. } = &mut self.role {
            *feed = feed::begin(means, self.checkpoint.position, self.haste);
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.checkpoint.position
    }

    pub(crate) fn is_owner(&self) -> bool {
        matches!(self.role, Role::Owner { .. })
    }

    /// The next events to apply; never, unless it owns its generation. Dropped while it waits, it loses nothing.
    pub(crate) async fn next_batch(&mut self) -> Batch {
        match &mut self.role {
            Role::Owner { feed, .. } => match feed.recv().await {
                Some(batch) => batch,
                None => self.haste.without_feed(),
            },
            Role::Watcher { .. } => std::future::pending().await,
        }
    }

    /// Applies events up to the first that cannot be.
    pub(crate) async fn apply(&mut self, means: &Means, batch: Batch) -> Result<(), Trouble> {
        let mut applied = self.take(means, batch).await;
        if let Err(Trouble::Alarm(alarm)) = &applied {
            let before = alarm.position;
            applied = self.approach(means, before).await.and(applied);
        }
        applied.inspect_err(|trouble| self.step_back(trouble))
    }

    /// The log gives a page or what is wrong with it: the events of that page before the bad one are read by themselves. How
    /// many they are positions say in a dense log only; elsewhere smaller pages are tried until one ends before it.
    async fn approach(&mut self, means: &Means, before: Position) -> Result<(), Trouble> {
        let mut at_most = BATCH;
        loop {
            let missing = usize::try_from(before.0.saturating_sub(self.position().0 + 1)).unwrap_or(BATCH);
            if missing == 0 {
                return Ok(());
            }
            match means.reader.read_all(self.position(), missing.min(at_most)).await {
                Ok(page) if page.first().is_some_and(|event| event.position < before) => {
                    let good = page.into_iter().take_while(|event| event.position < before).map(Ok).collect();
                    self.take(means, read(means, self.position(), good).await).await?;
                }
                Err(ReadError::Damaged { .. }) if missing.min(at_most) > 1 => at_most = missing.min(at_most) / 2,
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }

    async fn take(&mut self, means: &Means, Batch { facts, end, trouble }: Batch) -> Result<(), Trouble> {
        let written = match end {
            Some(end) => self.write(means, &facts, &end).await,
            None => Ok(()),
        };
        written.and(trouble.map_or(Ok(()), Err))
    }

    /// Shows life as an owner; as a watcher, reads how far the owner is and takes over from a dead one.
    pub(crate) async fn tend(&mut self, means: &Arc<Means>) -> Result<(), Trouble> {
        let tended = match &self.role {
            Role::Owner { beaten, .. } if means.is_shared && beaten.elapsed() >= BEAT => self.beat().await,
            Role::Owner { .. } => Ok(()),
            Role::Watcher { seen } => {
                let seen = *seen;
                self.watch(means, seen).await
            }
        };
        tended.inspect_err(|trouble| self.step_back(trouble))
    }

    /// Lets another node take over at once.
    pub(crate) async fn release(&mut self) {
        if self.is_owner() && self.checkpoint.release(&self.generation.database).await.is_err() {
            tracing::debug!(
                generation = self.generation.number,
                "views not released; they will be taken over as stale"
            );
        }
        self.role = Role::Watcher { seen: Instant::now() };
    }

    async fn write(&mut self, means: &Means, facts: &Facts, end: &RecordedEvent) -> Result<(), Trouble> {
        let to = (end.position, hex::encode(end.hash));
        let first = facts.first().unwrap_or(end.position);
        match self.checkpoint.advance(&self.generation.database, &means.views, facts, to).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::Fenced),
            Err(error) if is_passing(&error) => Err(error.into()),
            Err(error) => Err(Trouble::Alarm(alarm(first, &error))),
        }
    }

    async fn beat(&mut self) -> Result<(), Trouble> {
        if !self.checkpoint.beat(&self.generation.database).await? {
            return Err(Trouble::Fenced);
        }
        if let Role::Owner { beaten, .. } = &mut self.role {
            *beaten = Instant::now();
        }
        Ok(())
    }

    async fn watch(&mut self, means: &Arc<Means>, seen: Instant) -> Result<(), Trouble> {
        let now = Checkpoint::load(&self.generation.database).await?;
        let has_moved = (now.epoch, now.beat) != (self.checkpoint.epoch, self.checkpoint.beat);
        self.checkpoint = now;
        if has_moved {
            self.role = Role::Watcher { seen: Instant::now() };
        }
        if self.is_stopped {
            return Ok(());
        }
        let owner = self.checkpoint.owner.as_deref();
        let is_mine = owner == Some(&means.owner);
        let is_free = owner.is_none() || !means.is_shared || (!has_moved && seen.elapsed() >= STALE);
        if is_mine || (is_free && self.checkpoint.claim(&self.generation.database, &means.owner).await?) {
            let feed = feed::begin(means, self.position(), self.haste);
            self.role = Role::Owner { feed, beaten: Instant::now() };
        }
        Ok(())
    }

    fn step_back(&mut self, trouble: &Trouble) {
        self.is_stopped |= matches!(trouble, Trouble::Alarm(_));
        self.start_over();
    }

    /// Reads the checkpoint again before it writes.
    pub(crate) fn start_over(&mut self) {
        self.role = Role::Watcher { seen: Instant::now() };
    }
}

fn alarm(position: Position, error: &dyn std::error::Error) -> Alarm {
    let mut what = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        what = format!("{what}: {error}");
        source = error.source();
    }
    Alarm { position, what }
}

fn unreadable_log(error: ReadError, after: Position) -> Trouble {
    let position = match &error {
        ReadError::Unavailable(error) => return Trouble::Away(error.clone()),
        ReadError::Gap { expected, .. } => *expected,
        ReadError::Damaged { position, .. } => *position,
    };
    Trouble::Alarm(alarm(position.max(after.next()), &error))
}

/// Whether trying again may help. What the database refuses for its content it will refuse again; connections, locks,
/// shut-downs and full disks pass.
fn is_passing(error: &SqlError) -> bool {
    match &error.0 {
        sqlx::Error::Database(error) => error.code().is_none_or(|code| is_passing_code(&code)),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Encode(_) => false,
        _ => true,
    }
}

/// Whether the tables are gone: another node has gone over twice and thrown them away, and this one will go over, too.
pub(crate) fn is_gone(error: &SqlError) -> bool {
    match &error.0 {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_gone_code(&code)),
        _ => false,
    }
}

fn is_gone_code(code: &str) -> bool {
    // undefined_table, invalid_schema_name
    matches!(code, "42P01" | "3F000")
}

fn is_passing_code(code: &str) -> bool {
    // PostgreSQL's have five characters. Its classes: connection, transaction state, rollback, resources, object not in
    // the right state, operator, system.
    if code.len() == 5 {
        let passes = ["08", "25", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class));
        return passes || is_gone_code(code);
    }
    // SQLite's extended codes: busy, locked, out of memory, I/O, full, cannot open.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14))
}
