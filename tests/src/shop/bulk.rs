//! Writes a shop's days into an empty log at the times of the simulation, as fast as the database takes them.
//!
//! What makes a log a log is the program's own: the schema with its guards, the sequencer that numbers and hashes
//! (`event_store::sequencer`), the vault that seals. Only the transactions are larger, and time is handed in.
//!
//! Invariants: a key is in the vault before the events that it seals are in the log; at most a few batches are held at a time; in
//! a folder there is a log only once it is whole.

mod keys;
mod postgres;
mod sqlite;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use event_store::{
    RecordedEvent, Vault,
    log::plain_parts,
    migration::migrate_vault,
    sequencer::{LogHead, Request, Sequencer},
    sql::{Access, Database},
    vault::MasterKey,
};
use tokio::sync::mpsc;

use super::{Append, Order, Shop, Step, erasure};
use keys::BulkKeys;
use postgres::PostgresRows;
use sqlite::SqliteRows;

/// Why a log was not written.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Events of one transaction, about.
const BATCH: usize = 4_000;
/// Batches that wait between one stage and the next.
const WAITING: usize = 3;
/// Where a folder's log is made.
const DRAFT: &str = "generating.draft";

/// Makes a log in a folder, and on a server where one is named: `events.db`, `keys.db` and `master-key`, or only the master key
/// beside a server's log. Tells how many events are written so far.
///
/// # Errors
/// There is a log already, or it could not be written. A folder then holds no log; a database may hold a part of one.
pub async fn write(
    order: Order,
    folder: &Path,
    database_url: Option<&str>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), Failure> {
    refuse_a_second_log(folder)?;
    let draft = Draft::begin(folder)?;
    let (master, _) = MasterKey::read_or_create(&draft.path("master-key"))?;
    let (vault, mut rows) = match database_url {
        Some(url) => (Database::postgres(url, "vault", 2).await?, Rows::Postgres(PostgresRows::open(url).await?)),
        None => {
            let vault = Database::sqlite(&draft.path("keys.db"), Access::Careless).await?;
            (vault, Rows::Sqlite(SqliteRows::open(&draft.path("events.db")).await?))
        }
    };
    migrate_vault(&vault).await?;
    let mut sealed = seal_and_number(steps(order), vault.clone(), master);
    let mut written = 0;
    while let Some(batch) = sealed.recv().await {
        let batch = batch?;
        rows.insert(&batch).await?;
        written += batch.len() as u64;
        progress(written);
    }
    if written != order.events {
        return Err(format!("only {written} of {} events came about", order.events).into());
    }
    rows.finish().await?;
    vault.flush().await?;
    vault.close().await;
    Ok(draft.publish(folder)?)
}

fn refuse_a_second_log(folder: &Path) -> Result<(), Failure> {
    for name in ["events.db", "keys.db", "master-key"] {
        let path = folder.join(name);
        if path.exists() {
            let path = path.display();
            return Err(format!("{path} is there already; name a folder without a log, or remove this one").into());
        }
    }
    Ok(())
}

/// What happens in the shop, in batches, made on a thread of its own.
fn steps(order: Order) -> mpsc::Receiver<Vec<Step>> {
    let (send, receive) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        let (mut batch, mut events) = (Vec::new(), 0);
        for step in Shop::open(order) {
            events += if let Step::Appended(append) = &step { append.events.len() } else { 0 };
            batch.push(step);
            if events >= BATCH {
                events = 0;
                if send.blocking_send(std::mem::take(&mut batch)).is_err() {
                    return;
                }
            }
        }
        let _ = send.blocking_send(batch);
    });
    receive
}

type Rowed = Result<Vec<Arc<RecordedEvent>>, Failure>;

/// The rows of each batch, whose keys are in the vault.
fn seal_and_number(
    mut batches: mpsc::Receiver<Vec<Step>>,
    vault: Database,
    master: MasterKey,
) -> mpsc::Receiver<Rowed> {
    let (send, receive) = mpsc::channel(WAITING);
    let keys = Arc::new(BulkKeys::new(vault));
    let mut sealer =
        Sealer { vault: Vault::new(keys.clone(), master), keys, head: LogHead::NONE, streams: Default::default() };
    tokio::spawn(async move {
        while let Some(batch) = batches.recv().await {
            let rows = sealer.rows(batch).await;
            let is_over = rows.is_err();
            if send.send(rows).await.is_err() || is_over {
                return;
            }
        }
    });
    receive
}

struct Sealer {
    vault: Vault,
    keys: Arc<BulkKeys>,
    head: LogHead,
    streams: std::collections::HashMap<event_store::StreamName, event_store::sequencer::StreamHead>,
}

impl Sealer {
    async fn rows(&mut self, batch: Vec<Step>) -> Rowed {
        let mut sequencer = Sequencer::new(self.head, std::mem::take(&mut self.streams), Vec::new());
        for step in batch {
            match step {
                Step::Appended(append) => {
                    sequencer.admit(&self.seal(&append).await?, append.at)?;
                }
                Step::Erased { at, subject } => {
                    let key_ids = self.vault.close_subject(subject.0, at).await?;
                    sequencer.admit(&self.seal(&erasure(at, subject, &key_ids)).await?, at)?;
                    self.vault.erase_subject(subject.0, at).await?;
                }
            }
        }
        self.keys.flush().await?;
        let (head, streams, rows) = sequencer.into_parts();
        (self.head, self.streams) = (head, streams);
        Ok(rows)
    }

    async fn seal(&self, append: &Append) -> Result<Request, Failure> {
        let mut events = Vec::with_capacity(append.events.len());
        for new in &append.events {
            let mut event = plain_parts(new);
            if let Some(part) = &new.personal {
                self.vault.seal(&mut event, part, append.at).await?;
            }
            events.push(event);
        }
        Ok(Request { stream: append.stream.clone(), expected: append.expected, events })
    }
}

/// Where rows go.
enum Rows {
    Sqlite(SqliteRows),
    Postgres(PostgresRows),
}

impl Rows {
    async fn insert(&mut self, rows: &[Arc<RecordedEvent>]) -> Result<(), Failure> {
        match self {
            Self::Sqlite(file) => file.insert(rows).await,
            Self::Postgres(server) => server.insert(rows).await,
        }
    }

    async fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(file) => file.finish().await,
            Self::Postgres(server) => server.finish().await,
        }
    }
}

/// A folder in the folder, for what is not whole yet.
struct Draft(PathBuf);

impl Draft {
    /// What it makes is its owner's alone, as `desk` has it.
    fn begin(folder: &Path) -> io::Result<Self> {
        let draft = folder.join(DRAFT);
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&draft)?;
        Ok(Self(draft))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Brings the files to the disk and to their places, the log last.
    fn publish(self, folder: &Path) -> io::Result<()> {
        for name in ["master-key", "keys.db", "events.db"] {
            let made = self.path(name);
            if made.exists() {
                fs::File::open(&made)?.sync_all()?;
                fs::rename(&made, folder.join(name))?;
            }
        }
        fs::remove_dir_all(&self.0)?;
        fs::File::open(folder)?.sync_all()
    }
}
