//! `desk-load generate`: a log of any size, to work with, to measure on, and to show.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tests::shop::{Order, Profile, bulk};

use super::measure::Failure;

/// What `desk-load generate --help` begins with.
pub(super) const LONG_ABOUT: &str = "Generates a log: a shop's days, from a seed.

Customers come as the hours of a day bring them, from China and from Europe; they ask what the FAQ knows and what it does \
not, ask for a person, lose patience, come back days later. The assistant answers, fails, is too late; agents take over, \
hand back, close; at night nobody works. Every event is decided by the domain, sealed by the vault and hashed as the \
program does it; only time is simulated. So `desk` serves such a log, and `desk-replay verify` proves it.

The days end at --until and begin as long before as the events need. The same seed and the same --until give the same \
events: ids, times and plain data. Sealed parts, their keys, the hashes over them and the log's own id differ each time, as \
keys and nonces must.

In the folder are then events.db, keys.db and master-key; with --database-url only the master key, and log and vault in \
the schemas `log` and `vault` of that database.

    desk-load generate --events 20000 --dir demo
    desk --data-dir demo --dev
    desk-replay --store demo verify";

/// What is generated, and where to.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// So many events, exactly
    #[arg(long, value_name = "N")]
    events: u64,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder, made if it is not there; one with a log in it is refused
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Writes log and vault to a PostgreSQL database without a log; only the master key goes to the folder
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The end of the last day, like 2026-11-25T12:00:00Z; now unless told
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Events of an average day: with fewer a log goes back further, with more there are more sessions at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    events_per_day: Option<u64>,
    /// How often things happen
    #[arg(long, value_enum, default_value_t = Kind::Shop)]
    profile: Kind,
}

/// How often things happen.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// As in an ordinary shop
    Shop,
    /// What is rare in a shop, often: withheld replies, dead nodes, people who are forgotten, clocks that are set
    Stress,
}

impl GenerateArgs {
    fn order(&self) -> Order {
        let profile = match self.profile {
            Kind::Shop => Profile::SHOP,
            Kind::Stress => Profile::STRESS,
        };
        let events_per_day = self.events_per_day.unwrap_or(profile.events_per_day);
        let profile = Profile { events_per_day, ..profile };
        Order { events: self.events, seed: self.seed, until: self.until.unwrap_or_else(Timestamp::now), profile }
    }
}

/// Generates a log.
///
/// # Errors
/// There is one already, or it could not be written.
pub(super) async fn generate(args: GenerateArgs) -> Result<(), Failure> {
    let (order, started) = (args.order(), Instant::now());
    say(&format!("{} events from {:.0} to {:.0}, seed {}", order.events, order.begins(), order.until, order.seed));
    let mut told = Instant::now();
    let mut progress = |written: u64| {
        if told.elapsed() >= Duration::from_secs(2) {
            told = Instant::now();
            say(&format!("{written} of {} events", order.events));
        }
    };
    bulk::write(order, &args.dir, args.database_url.as_deref(), &mut progress).await?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let per_second = order.events as f64 / seconds;
    say(&format!("{} events in {seconds:.1} s ({per_second:.0}/s) in {}", order.events, args.dir.display()));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "how far it is")]
fn say(text: &str) {
    eprintln!("desk-load: {text}");
}
