//! The auditor's program `desk-replay`: it reads, compares and proves; it never sends and never writes to the log.
//!
//! Invariants: nothing here can append (it holds an `EventReader` only); opening makes no file, and of all commands only
//! `rebuild` writes into what is desk's: views, which can be thrown away; what is personal goes to standard output, to the
//! file that was asked for and into such views alone, and control characters in it reach no terminal.

pub mod atomic_file;
pub mod check_proof;
pub mod checkpoint;
pub mod checkpoint_files;
pub mod cli;
pub mod compare;
pub mod consistency;
pub mod escape;
pub mod failure;
pub mod history;
pub mod play;
pub mod point;
pub mod progress;
pub mod prove;
pub mod rebuild;
pub mod render;
pub mod report;
pub mod session_history;
pub mod show;
pub mod source;
pub mod stats;
pub mod tail;
pub mod verify;

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

pub use cli::Cli;
pub use failure::Failure;

use cli::Action;
use render::Screen;
use source::Source;

/// What a command found, where it could run at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing is wrong: exit code 0.
    AsExpected,
    /// The log does not prove itself, or the views are not what it gives: exit code 1.
    Differences,
}

/// Runs the program and gives its exit code: 0 as expected, 1 differences, 2 could not.
pub async fn run(cli: Cli, output: &mut dyn Write, errors: &mut dyn Write) -> ExitCode {
    let mut output = BufWriter::new(output);
    let mut screen = Screen::new(&mut output, cli.json);
    let outcome = execute(&cli, &mut screen).await;
    let outcome = outcome.and_then(|finding| screen.flush().map(|()| finding).map_err(Failure::Output));
    match outcome {
        Ok(Finding::AsExpected) => ExitCode::SUCCESS,
        Ok(Finding::Differences) => ExitCode::from(1),
        // `desk-replay … | head` has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when standard error is gone as well.
            drop(errors.write_all(failure.report().as_bytes()));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn execute(cli: &Cli, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    if let Action::CheckProof(wanted) = &cli.action {
        return check_proof::check_proof(wanted, screen);
    }
    run_on_log(cli, screen).await
}

async fn run_on_log(cli: &Cli, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let source = Source::open(&cli.store, cli.action.follows()).await?;
    let outcome = match &cli.action {
        Action::Show(wanted) => show::show(&source, wanted, screen).await,
        Action::Play(wanted) => play::play(&source, wanted, screen).await,
        Action::Report(wanted) => report::report(&source, wanted, screen).await,
        Action::Tail(wanted) => tail::tail(&source, wanted, screen).await,
        Action::Verify(wanted) => verify::verify(&source, wanted, screen).await,
        Action::Checkpoint(wanted) => checkpoint::checkpoint(&source, wanted, screen).await,
        Action::Prove(wanted) => prove::prove(&source, wanted, screen).await,
        Action::CheckProof(wanted) => check_proof::check_proof(wanted, screen),
        Action::Consistency(wanted) => consistency::consistency(&source, wanted, screen).await,
        Action::Stats => stats::stats(&source, screen).await,
        Action::Compare(wanted) => compare::compare(&source, wanted, screen).await,
        Action::Rebuild(wanted) => rebuild::rebuild(&source, wanted, screen).await,
    };
    // A log that was opened to write meanwhile explains whatever else went wrong.
    source.check_immutable()?;
    outcome
}
