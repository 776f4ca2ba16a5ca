//! `desk-load measure`: prints the table of what Fiido Desk costs, each row beside something measured in the same run.
//!
//! Invariants: what is compared is measured in turns (A B A B …), the figure is the median of the rounds; data lies on a real
//! disk; after each run the log holds exactly what was acknowledged, or the program ends with an error.

mod append;
mod chat;
mod connection;
mod fixture;
mod followers;
mod http;
mod kurrent;
mod policy;
mod process;
mod proof;
mod rebuild;
mod share;
mod start;
mod turn;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(crate) use fixture::Failure;
pub(crate) use http::quiet_server;
pub(crate) use turn::{model, proxy};

use fixture::Fixture;

/// What is measured, and how hard.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// The rows to measure; all of them unless told.
    #[arg(value_enum)]
    rows: Vec<Row>,
    /// A folder on a real disk, for databases that are made and removed, and generated logs that are kept for the next time.
    #[arg(long, value_name = "DIR", default_value = "target/load")]
    dir: PathBuf,
    /// Rounds of each comparison.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Seconds of each side of a round.
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
    /// The size of the large generated log; the small one has a tenth of it.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    events: u64,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// Durable append on PostgreSQL against pgbench.
    AppendPostgres,
    /// Durable append on SQLite against raw transactions.
    AppendSqlite,
    /// What hashing and sealing take of an append.
    Share,
    /// Messages acknowledged over HTTP, on SQLite.
    Http,
    /// A full rebuild of all views beside those that serve, on SQLite.
    RebuildSqlite,
    /// The same on PostgreSQL.
    RebuildPostgres,
    /// Verifying the log against sha256sum.
    Verify,
    /// Thousands of open streams.
    Followers,
    /// Ready after a start on a large log, and memory at rest.
    Start,
    /// Questions answered by the FAQ over HTTP, on SQLite.
    Chat,
    /// Our share of a turn with a model's server, against a bare proxy.
    Turn,
    /// A chat turn with the log behind KurrentDB's protocol, against SQLite.
    TurnKurrentdb,
    /// A log copied to KurrentDB's protocol.
    CopyKurrentdb,
    /// What the policy costs to read a long message with many phrases.
    Policy,
}

/// One line of the table.
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// The figure.
    pub(crate) figure: String,
    /// What it is compared with, and that figure; empty where the bar is absolute.
    pub(crate) against: String,
    /// Figure by comparison, where there is one.
    pub(crate) ratio: Option<f64>,
    /// What it has to be.
    pub(crate) bar: String,
    /// Whether it is.
    pub(crate) is_met: bool,
}

/// Measures the rows that are asked for, and prints each as soon as it is known.
///
/// # Errors
/// A row could not be measured, or a log did not hold what was acknowledged.
pub(crate) async fn measure(args: MeasureArgs) -> Result<(), Failure> {
    let rows = if args.rows.is_empty() { Row::value_variants().to_vec() } else { args.rows };
    let fixture = Fixture::open(args.dir, args.rounds, args.seconds, args.events)?;
    say(&format!("fdatasync of one page here: {:.2} ms (median of 100)\n", fixture.fdatasync_ms()?));
    say("| what | measured | against | ratio | at least | |");
    say("|---|---|---|---|---|---|");
    for row in rows {
        for line in lines_of(row, &fixture).await? {
            print(&line);
        }
    }
    Ok(())
}

async fn lines_of(row: Row, fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    match row {
        Row::AppendPostgres => append::postgres(fixture).await,
        Row::AppendSqlite => append::sqlite(fixture).await,
        Row::Share => share::share(fixture).await,
        Row::Http => http::http(fixture).await,
        Row::RebuildSqlite => rebuild::sqlite(fixture).await,
        Row::RebuildPostgres => rebuild::postgres(fixture).await,
        Row::Verify => proof::verify(fixture).await,
        Row::Followers => followers::followers(fixture).await,
        Row::Start => start::start(fixture).await,
        Row::Chat => chat::chat(fixture).await,
        Row::Turn => turn::turn(fixture).await,
        Row::TurnKurrentdb => kurrent::turn(fixture).await,
        Row::CopyKurrentdb => kurrent::copy(fixture).await,
        Row::Policy => policy::policy(fixture),
    }
}

fn print(line: &Line) {
    let ratio = line.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
    let verdict = if line.is_met { "met" } else { "**missed**" };
    say(&format!("| {} | {} | {} | {ratio} | {} | {verdict} |", line.what, line.figure, line.against, line.bar));
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(text: &str) {
    println!("{text}");
}
