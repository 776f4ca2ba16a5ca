//! `desk copy-log`: moves a log to another database, of the same kind or another.
//!
//! Everything about an event is kept but its position. The copy is read back before it is marked complete, and events that are
//! there already are compared and not written again, so the command may be killed and started again at any moment.
//!
//! Invariant: the source is only read; a target that holds anything else is left as it is.

mod ends;
pub(crate) mod progress;
mod reading;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use event_store::{
    Identity, Position, ReadError, RecordedEvent,
    import::{Chain, Import, ImportError, ReadBack},
    port::{Exemption, Positions},
    position_map::{MapError, MapWriter},
};

use crate::{checkpoints, endpoints::refuse_passwords, settings::Settings};
use ends::{Source, open_target};
use progress::Progress;
use reading::read_on;

pub(crate) use ends::EndError;

/// Events after which the progress is reported: what a target takes in one write.
const PART: usize = 512;
/// Rounds after which the source counts as growing as fast as it is copied.
const ROUNDS: usize = 20;

pub(crate) const HELP: &str = "\
Places:
  DIR, DIR/events.db, sqlite:PATH      a log in SQLite; its desk must not run
  postgres://…                         a log in PostgreSQL; as target, by the role that owns it
  kurrentdb://… (esdb://, +discover)   a log in KurrentDB

A URL with a password is not taken as an argument, where every user of the machine could read it: set DESK_COPY_FROM and
DESK_COPY_TO in the environment, or leave it to PGPASSWORD, ~/.pgpass or a credentials file.

What is kept: every event with its id, its bytes, its time, its version and its hashes, in the same order, under the same
log id. What changes: to and from KurrentDB every event has another position. Then the log's generation is raised, so that
views, policies and open event streams that remember the old one are refused and not misread, and a file is written that says which position has become which (--map); `desk-replay --map FILE` reads old checkpoints and positions
with it.

What is not copied: the vault, which holds the keys to what is personal (`desk copy-keys`), the policies' store and the
views, which are built anew. docs/copy-log.md has the whole way, step by step.

Killed, or cut off, it may be started again: what is there is compared, and it goes on behind it. Until the copy is whole
no desk can be started on it. Where desk still writes to the source (PostgreSQL, KurrentDB) what it wrote meanwhile is
copied at the end; stop it, run this once more, and only then start desk on the copy.

Examples:
  desk copy-log --from /var/lib/desk --to postgres://desk_owner@db/desk
  desk copy-log --from /var/lib/desk --to kurrentdb://kurrent:2113 --to-credentials /etc/desk/kurrent
  DESK_COPY_FROM=postgres://desk_owner:…@db/desk desk copy-log --to /var/lib/desk-copy

Exit status: 0 copied and read back, 1 the target differs from the source or the source does not prove itself,
2 could not run.";

/// From where to where.
#[derive(Args)]
pub(crate) struct CopyLogArgs {
    /// The log to copy; it is only read
    #[arg(long, value_name = "URL", env = "DESK_COPY_FROM", hide_env_values = true)]
    from: String,
    /// Where to: an empty place, or one that an earlier run has begun to fill
    #[arg(long, value_name = "URL", env = "DESK_COPY_TO", hide_env_values = true)]
    to: String,
    /// File with user and password for a KurrentDB to copy from [default: setting event_store_credentials_file]
    #[arg(long, value_name = "FILE")]
    from_credentials: Option<PathBuf>,
    /// File with user and password for a KurrentDB to copy to [default: setting event_store_credentials_file]
    #[arg(long, value_name = "FILE")]
    to_credentials: Option<PathBuf>,
    /// Where to keep which position has become which, where positions change [default: position-map-<old>-to-<new>, by
    /// their generations, beside the log in SQLite, or in the data directory]
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

/// Why the copy is not complete.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error(transparent)]
    End(#[from] EndError),
    #[error("the source cannot be read")]
    Source(#[source] ReadError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Map(#[from] MapError),
    #[error("cannot write")]
    Output(#[from] std::io::Error),
}

impl CopyError {
    /// 1 where source and target are not what they should be, otherwise 2.
    pub(crate) fn exit_code(&self) -> u8 {
        use ImportError::{Differs, Flawed, NotAsWritten, Refused};
        match self {
            Self::Import(Differs { .. } | Flawed { .. } | NotAsWritten(_) | Refused { .. })
            | Self::Source(ReadError::Gap { .. } | ReadError::Damaged { .. }) => 1,
            _could_not => 2,
        }
    }

    /// What to do about it.
    pub(crate) fn way_out(&self) -> &'static str {
        match self {
            Self::End(EndError::Target { source, .. }) => way_out_of(source),
            Self::End(_) | Self::Map(_) | Self::Output(_) => "",
            Self::Source(ReadError::Unavailable(_)) => "; run it again: it goes on where it was",
            Self::Source(_) | Self::Import(ImportError::Flawed { .. }) => {
                "; run desk-replay verify on the source, and compare with a backup: nothing behind it was copied"
            }
            Self::Import(error) => way_out_of(error),
        }
    }
}

fn way_out_of(error: &ImportError) -> &'static str {
    match error {
        ImportError::OtherLog { .. } | ImportError::Nameless | ImportError::NoLog => {
            "; name a place that holds nothing"
        }
        ImportError::OtherGeneration { .. } => {
            "; it is an older copy, or the very log that this one came from: name a place that holds nothing"
        }
        ImportError::Differs { .. } => {
            "; one of the two has gone on by itself: nothing was changed. Copy to a place that holds nothing"
        }
        ImportError::Refused { .. } => "; run desk-replay verify on the source",
        ImportError::TooLarge { .. } => {
            "; raise the server's MaxAppendSize, then run it again: it goes on where it was"
        }
        ImportError::NotAsWritten(_) => "; do not use the copy: copy to a place that holds nothing",
        ImportError::Moved | ImportError::Unavailable(_) | ImportError::Read(_) => {
            "; run it again: it goes on where it was"
        }
        ImportError::NotOwner => " (desk's own role then gets its rights when desk is started with database_owner_url)",
        ImportError::Flawed { .. } | ImportError::Migration(_) | ImportError::Server(_) => "",
    }
}

/// Copies, reads back and says so.
///
/// # Errors
/// There is no whole copy; the error says why, and whether to run it again.
pub(crate) async fn copy_log(args: CopyLogArgs, settings: &Settings) -> Result<(), CopyError> {
    refuse_passwords(&args.from, &args.to).map_err(EndError::from)?;
    let credentials = |own: &Option<PathBuf>| own.clone().or_else(|| settings.event_store_credentials_file.clone());
    let source = Source::open(&args.from, credentials(&args.from_credentials)).await?;
    let target = open_target(&args.to, credentials(&args.to_credentials), &source).await?;
    let map = map_file(&args, settings, &source, &target.place, target.identity);
    let map = map.map(|path| begin_map(&path, source.identity, target.identity)).transpose()?;
    let mut copy = Copy {
        head_at_start: source.first_head,
        import: Import::new(target.import, Chain::rising_after(source.times_rise_after)),
        source: &source,
        map,
        after: Position::START,
        rounds: 0,
    };
    let began = Instant::now();
    copy.until_even().await?;
    copy.import.finish(|rises_after| exemption(&source, target.identity, settings, rises_after)).await?;
    let map = copy.map.take().map(MapWriter::finish).transpose()?;
    Ok(copy.say_done(&target.place, target.identity, map.as_deref(), began)?)
}

/// Signs up to where the copy's times increase within each stream only, if there is such a place. A source that is itself a copy
/// counts only if that was signed for it: anybody who can write it could have claimed it.
fn exemption(source: &Source, to: Identity, settings: &Settings, rises_after: Position) -> Exemption {
    let unsigned = Exemption { rises_after, note: None, is_copy: true };
    if rises_after == Position::START {
        return unsigned;
    }
    let key = match checkpoints::checkpoint_key(settings, to) {
        Ok(key) => key,
        Err(error) => {
            tracing::warn!(
                error = &*error as &dyn std::error::Error,
                "the copy's times cannot be signed; verify will say so"
            );
            return unsigned;
        }
    };
    let is_known = source.place.is_kurrent() || source.exemption.is_signed_by(key.public(), source.identity);
    if is_known { Exemption::signed(rises_after, to, &key) } else { unsigned }
}

/// The folder is made where it is the data directory of a new desk.
fn begin_map(path: &Path, from: Identity, to: Identity) -> Result<MapWriter, CopyError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(MapWriter::create(path, from, to)?)
}

/// `None` if every event keeps its position.
fn map_file(
    args: &CopyLogArgs,
    settings: &Settings,
    source: &Source,
    target: &ends::Place,
    to: Identity,
) -> Option<PathBuf> {
    if source.identity.generation == to.generation {
        return None;
    }
    let name = format!("position-map-{}-to-{}", source.identity.generation, to.generation);
    let folder = source.place.folder().or_else(|| target.folder()).unwrap_or(&settings.data_dir);
    Some(args.map.clone().unwrap_or_else(|| folder.join(name)))
}

struct Copy<'a> {
    source: &'a Source,
    import: Import,
    map: Option<MapWriter>,
    /// Where the source is read from next.
    after: Position,
    /// The source's head when it was opened.
    head_at_start: Position,
    rounds: usize,
}

impl Copy<'_> {
    /// Copies, and reads back, until the source has no more.
    async fn until_even(&mut self) -> Result<(), CopyError> {
        let mut back = ReadBack::default();
        loop {
            self.rounds += 1;
            self.take_all().await?;
            self.import.expect_no_more().await?;
            let progress = Progress::new("reading back", self.import.chain().events());
            self.import.read_back(&mut back, |events| progress.reached(events, events)).await?;
            drop(progress);
            let more = self.source.reader.read_all(self.after, 1).await.map_err(CopyError::Source)?;
            if more.is_empty() || self.rounds == ROUNDS {
                return Ok(());
            }
        }
    }

    async fn take_all(&mut self) -> Result<(), CopyError> {
        let head = self.source.reader.head().await.map_err(CopyError::Source)?;
        let progress = Progress::new("copying", head.0);
        let mut pages = read_on(self.source.reader.clone(), self.after);
        while let Some(page) = pages.recv().await {
            let page = page.map_err(CopyError::Source)?;
            for part in page.chunks(PART) {
                self.take(part).await?;
                progress.name(if self.import.appended() == 0 { "comparing" } else { "copying" });
                progress.reached(self.after.0, self.import.chain().events());
            }
        }
        Ok(())
    }

    async fn take(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), CopyError> {
        let places = self.import.take(events).await?;
        for (event, place) in events.iter().zip(places) {
            if let Some(map) = &mut self.map {
                map.add(event.position, place)?;
            }
            self.after = event.position;
        }
        Ok(())
    }

    fn say_done(
        &self,
        target: &ends::Place,
        to: Identity,
        map: Option<&Path>,
        began: Instant,
    ) -> Result<(), std::io::Error> {
        let (chain, from, mut out) = (self.import.chain(), self.source.identity, std::io::stdout().lock());
        let (events, streams) = (chain.events(), chain.streams());
        let (appended, seconds) = (self.import.appended(), began.elapsed().as_secs_f64());
        writeln!(out, "copied     {events} events in {streams} streams, {appended} of them now, in {seconds:.1} s")?;
        writeln!(out, "from       {}", self.source.place)?;
        writeln!(out, "to         {target}, which ends at position {}", self.import.last())?;
        let root = hex::encode(chain.root());
        writeln!(out, "read back  all of it: every hash, link, time and the order; Merkle root {root}")?;
        writeln!(out, "log        {}, generation {}", to.log_id, generations(from, to))?;
        if let Some(map) = map {
            writeln!(out, "map        {}", map.display())?;
        }
        if self.after > self.head_at_start {
            writeln!(
                out,
                "the source grew meanwhile: desk runs on it. Stop it, and run this again before you start desk on the copy"
            )?;
        }
        writeln!(out, "next       the vault and desk's settings: docs/copy-log.md")
    }
}

fn generations(from: Identity, to: Identity) -> String {
    if from.generation == to.generation {
        return format!("{}: every event has kept its position", to.generation);
    }
    format!(
        "{} (it was {}): views and the policies' store that remember the old one are to be deleted",
        to.generation, from.generation
    )
}

/// Whether positions in this kind of store are dense.
fn positions_of(place: &ends::Place) -> Positions {
    if place.is_kurrent() { Positions::Increasing } else { Positions::Dense }
}
