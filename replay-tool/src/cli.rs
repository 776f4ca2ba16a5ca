//! The command line of `desk-replay` and its help.

mod proving;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use jiff::tz::TimeZone;

use projections::AsOf;

use crate::source::{Cursor, StoreArgs};

pub use proving::{CheckProofArgs, CheckpointArgs, ConsistencyArgs, ProveArgs, VerifyArgs};

const LONG_ABOUT: &str = "\
Shows, follows, proves and counts what the event log of Fiido Desk holds, and compares the views with it.

desk-replay only reads, but for `rebuild`, which writes views: what is folded from the log and can be thrown away. It has \
nothing to send with, writes nothing to the log, makes no file but those that it is told to make, and works while desk runs \
on the same log. Personal data (texts, names) is sealed in the log: with the master key it is shown, without it every \
personal part prints as [sealed]; what was erased prints as [erased], with or without the key.";

const EXAMPLES: &str = "\
Examples:
  desk-replay show 4f8e5a1c-6a0b-5d3e-9a52-0f6a7f3f2d10
      a whole session: who said and did what, and when
  desk-replay --master-key /run/secrets/master-key show session_1763899200_ab
      the same with its texts, found by the name that the customer's browser gave it
  desk-replay show SESSION --at '2026-11-23 14:05'
      the session as it stood then: state, owner, what customer and staff saw, the last decision
  desk-replay play SESSION --speed 8
      the conversation as it happened, eight times as fast
  desk-replay --master-key FILE report SESSION --html report.html
      one page to keep, with everything in it
  desk-replay --json tail --after 12000 --follow | jq .type
      every new event, one JSON document a line
  desk-replay --store postgres://auditor@db/desk verify
      proves the whole log of a PostgreSQL server
  desk-replay --store postgres://auditor@logs/desk --views postgres://auditor@db/desk --master-key FILE compare
      the same as below, where the log has a database of its own
  desk-replay --map position-map-1-to-2 verify --checkpoint old.checkpoint --key checkpoint-key.pub
      proves a copy of the log against a checkpoint from before it was copied
  desk-replay verify --checkpoint /mnt/elsewhere/checkpoints --key checkpoint-key.pub
      proves it against every checkpoint of a folder
  desk-replay checkpoint --key checkpoint-key --out now.checkpoint
      makes a checkpoint now
  desk-replay prove SESSION --checkpoint now.checkpoint --key checkpoint-key.pub --out session.proof
  desk-replay check-proof session.proof --key checkpoint-key.pub
      makes a proof of a session, and checks it where there is no log
  desk-replay consistency 2026-11-23.checkpoint 2026-11-24.checkpoint --key checkpoint-key.pub
      whether the log of the second day goes on where the first day's ended
  desk-replay --store /backup/events.db stats
      counts a backup
  desk-replay --master-key FILE compare
      every row of the views against what the log gives, at the same position
  desk-replay --master-key FILE rebuild
      builds the views again beside those that serve, and switches to them

Exit codes:
  0  as expected
  1  differences: the log does not prove itself, a checkpoint or proof file is not what was signed, or the views are not
     what the log gives
  2  could not: no such log, session or key, or wrong arguments";

/// Reads and proves the event log of Fiido Desk; never sends, and never writes to it.
#[derive(Debug, Parser)]
#[command(name = "desk-replay", version, about, long_about = LONG_ABOUT, after_help = EXAMPLES)]
pub struct Cli {
    /// Prints JSON: one document, or one a line for `tail`.
    #[arg(long, global = true)]
    pub json: bool,
    /// The log and its keys.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The command.
    #[command(subcommand)]
    pub action: Action,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Shows a session as it is, or as it stood at a moment; or the events of another stream, like an agent's.
    ///
    /// Prints who the session belongs to, the conversation with every state, run, withheld reply and hand-over, and what
    /// all that adds up to, folded by the same code that runs live. The session's own chain of hashes is checked on the
    /// way; `verify` checks the whole log.
    Show(SessionArgs),
    /// Plays a session as it happened, with its pauses.
    ///
    /// On a terminal the pauses are kept, divided by --speed. A pause of more than five seconds is shortened to five, with a
    /// remark. Enter or space continues at once, q or Ctrl-C ends. There are no pauses if the output is not a terminal.
    Play(PlayArgs),
    /// Writes a session as one self-contained HTML page that can be kept, printed and read offline.
    ///
    /// It says which log it is from, with the hashes of the session's first and last event, shows the conversation with
    /// every state, rule and actor, what was withheld, erased or sealed, and lists all events with their hashes.
    Report(ReportArgs),
    /// Prints events in the order of the log.
    ///
    /// Prints the existing events and stops; with --follow it continues with new events until it is interrupted (Ctrl-C).
    /// --type, --stream and --actor narrow it down. An event that does not prove itself is marked, and the exit code is 1.
    Tail(TailArgs),
    /// Verifies the log from its own bytes: every hash, link and number; with checkpoints, also against rewriting.
    ///
    /// Needs no master key. Names the first bad position and its flaw, or the positions of which one is the first bad one. Only a signed checkpoint kept outside the database can
    /// reveal a log that was rewritten with new hashes, or truncated: then the first bad position is between the newest
    /// matching checkpoint and the first mismatched one, so several checkpoints narrow it down, and a proof file more so.
    /// Events newer than the newest checkpoint are reported as unproven, which is not a difference. Where there is a vault, every
    /// destroyed key must be on record as erased.
    Verify(VerifyArgs),
    /// Makes a checkpoint now: a signed note of the whole log, to be kept outside the database.
    ///
    /// Verifies the log first, and only signs a valid one. desk makes such checkpoints regularly, with the same key.
    Checkpoint(CheckpointArgs),
    /// Writes a proof file: the stored events of a session, or one event, with their proof.
    ///
    /// The file can be checked with the public key and without the log, by check-proof or any other program that knows the
    /// format (docs/proof-file.md). Personal parts stay sealed in it; no master key is needed. It proves that these
    /// events were in the log when the checkpoint was signed, and that none is missing among them; not that no later ones are.
    Prove(ProveArgs),
    /// Checks a proof file with the public key alone; needs no log.
    ///
    /// Prints what is proved. A file with any changed byte is refused.
    CheckProof(CheckProofArgs),
    /// Checks with the log that a checkpoint extends an older one.
    Consistency(ConsistencyArgs),
    /// Lists every session: id, status, number of events, times and, with the master key, name.
    Sessions,
    /// Counts: events by type, streams by category, sessions by status, bytes, sealed parts by class of key.
    Stats,
    /// Compares the views with the log, row by row.
    ///
    /// Folds the log from the first event, by the code that runs live, into a temporary database, up to the position of the
    /// views, and names every row and column that differs. Works beside a running desk and creates no file. Needs the
    /// master key; personal values are not printed, only that they differ. Texts erased since the views were built are
    /// counted separately: they are not a difference, and the next `rebuild` removes them.
    Compare(CompareArgs),
    /// Builds the views again and switches to them, while the old ones serve.
    ///
    /// Requests the next view generation. A running desk builds it beside the current one and switches to it once it has
    /// caught up; this command shows the progress. If no desk is running, this command builds it, which needs the master
    /// key. A desk may start or stop meanwhile, and this command may be interrupted: the next process continues. Must be
    /// run as desk's own user or role, or as root. The log itself is only read.
    Rebuild(RebuildArgs),
}

impl Action {
    /// Whether it waits for new events.
    #[must_use]
    pub fn follows(&self) -> bool {
        matches!(self, Self::Tail(TailArgs { follow: true, .. }) | Self::Rebuild(_))
    }
}

/// A session and a moment.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("moment").args(["at", "position", "version"]))]
pub struct SessionArgs {
    /// The session: its id, its stream (`session-` and the id) or, with the master key, the name that the client gave it. `show`
    /// also takes any other stream, like agent-ID or settings-policy.
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// As it stood at this position of the log or at this time: a number, RFC 3339, or 'YYYY-MM-DD HH:MM:SS' in UTC, where
    /// the seconds may be left out. Events of that very moment are included.
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<AsOf>,
    /// As it stood when the log ended at this position: the same as --at N.
    #[arg(long, value_name = "N")]
    pub position: Option<u64>,
    /// As it stood after its own N-th event.
    #[arg(long, value_name = "N")]
    pub version: Option<u64>,
    /// The shop's time zone, like Europe/Berlin, in which notices to the customer name times. Default: UTC. All other times
    /// are in UTC.
    #[arg(long, value_name = "ZONE", env = "DESK_TIME_ZONE", value_parser = time_zone)]
    pub time_zone: Option<TimeZone>,
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_unknown| "must be a time zone like Europe/Berlin".to_owned())
}

/// A session and a speed.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// The session and the moment.
    #[command(flatten)]
    pub session: SessionArgs,
    /// How many times as fast as it happened.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Waits before each event until Enter or space is pressed.
    #[arg(long)]
    pub step: bool,
}

/// A session and an output file.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The session and the moment.
    #[command(flatten)]
    pub session: SessionArgs,
    /// The file to write; readable by its owner only, because it contains personal texts.
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,
    /// Replaces an existing file.
    #[arg(long)]
    pub force: bool,
    /// A checkpoint that was signed over the session: the report then holds it, and the proof of the session's events up to it.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub checkpoint: Option<PathBuf>,
    /// The public key that the checkpoint was signed with, as `desk keys` shows it.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    pub key: Option<PathBuf>,
}

/// Range of playing speeds.
const SPEEDS: (f64, f64) = (0.01, 100_000.0);

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (SPEEDS.0..=SPEEDS.1).contains(speed));
    speed.ok_or_else(|| format!("must be a number from {} to {}", SPEEDS.0, SPEEDS.1))
}

/// Where to begin, and whether to follow.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// Begins after this position, or after the id of an event stream of desk (like 1-42); 0 is the first event.
    #[arg(long, value_name = "N", default_value = "0")]
    pub after: Cursor,
    /// Continues with new events until it is interrupted.
    #[arg(long, short)]
    pub follow: bool,
    /// Only events of this type, like session.agent_took_over. May be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only events of this stream, like session-ID. May be given several times.
    #[arg(long = "stream", value_name = "STREAM")]
    pub streams: Vec<String>,
    /// Only events of this actor, like agent:ID, or of a kind of actor, like agent. May be given several times.
    #[arg(long = "actor", value_name = "ACTOR")]
    pub actors: Vec<String>,
}

/// How many differences to print.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Names at most this many differences; all are counted.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

/// Whether to wait.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// Only requests it: a running desk, or the next one to start, does the rest.
    #[arg(long)]
    pub no_wait: bool,
}
