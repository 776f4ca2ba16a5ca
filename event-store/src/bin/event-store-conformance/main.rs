//! `event-store-conformance`: checks every promise of the log's port, and runs a crash walk, against a real server or a file.
//!
//! A single program without other files, to be copied to a machine with such a server. Invariant: it writes only into an empty log,
//! unless told otherwise.

mod crash;
mod options;
mod place;
mod report;
mod suite;
mod writer;

use std::process::ExitCode;

use clap::Parser as _;

use options::Options;
use place::Place;
use report::Report;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.map_err(Failure::Runtime).and_then(|runtime| runtime.block_on(run(&options)));
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            report::complain(&failure);
            ExitCode::from(2)
        }
    }
}

/// Why it could not run.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot start")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Place(#[from] place::PlaceError),
    #[error(
        "the log {0} is not empty. What is checked is written into it for good, and no desk can read it afterwards: name an empty \
         one, or say --into-this-log"
    )]
    NotEmpty(uuid::Uuid),
    #[error("there is no promise {0}; --list names them all")]
    NoPromise(String),
    #[error("the writer of the crash walk cannot be started or heard")]
    Writer(#[source] std::io::Error),
    #[error("the log cannot be read")]
    Read(#[from] event_store::ReadError),
    #[error("the command {0:?} failed")]
    Restart(String),
    #[error("the report cannot be written")]
    Report(#[source] std::io::Error),
}

/// Whether everything holds.
async fn run(options: &Options) -> Result<bool, Failure> {
    let mut report = Report::default();
    if options.list {
        return suite::list(&mut report).map(|()| true);
    }
    let place = Place::of(options)?;
    if let Some(walk) = &options.writer {
        return writer::write(&place, walk).await.map(|()| true);
    }
    suite::is_known(&options.only)?;
    let log = place.open().await?;
    let identity = log.identity().await?;
    if log.head().await? != event_store::Position::START && !options.into_this_log {
        return Err(Failure::NotEmpty(identity.log_id));
    }
    report.head(&place, identity, log.positions())?;
    drop(log);
    let broken = suite::check(&place, options, &mut report).await?;
    let holds = if options.only.is_empty() && options.kills > 0 {
        crash::walk(&place, options, &mut report).await?
    } else {
        true
    };
    report.end(broken, holds)?;
    Ok(broken == 0 && holds)
}
