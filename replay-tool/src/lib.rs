//! The auditor's program `desk-replay`: it reads, compares and proves; it never sends and never writes to the log.
//!
//! Invariants: nothing here can append (only an `EventReader` is held); opening creates no file; only `rebuild` writes to desk's
//! data, and only views, which can be rebuilt; personal data only goes to standard output, to the requested file and into views;
//! control characters in it never reach a terminal.

pub mod agent_names;
pub mod atomic_file;
pub mod check_proof;
pub mod checkpoint;
pub mod checkpoint_files;
pub mod cli;
pub mod compare;
pub mod consistency;
pub mod erasures;
pub mod escape;
pub mod failure;
pub mod history;
pub mod link_check;
pub mod play;
pub mod point;
pub mod progress;
pub mod prove;
pub mod rebuild;
pub mod render;
pub mod report;
pub mod session_history;
pub mod sessions;
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

/// The outcome of a command that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// As expected: exit code 0.
    AsExpected,
    /// The log is not valid, or the views differ from it: exit code 1.
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
        // The reader of the output, as in `desk-replay … | head`, has ended.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be closed too; then nothing can be reported.
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
    let source = match &cli.action {
        Action::Verify(_) => Source::open_for_verify(&cli.store).await?,
        _with_its_keys => Source::open(&cli.store, cli.action.follows()).await?,
    };
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
        Action::Sessions => sessions::sessions(&source, screen).await,
        Action::Stats => stats::stats(&source, screen).await,
        Action::Compare(wanted) => compare::compare(&source, wanted, screen).await,
        Action::Rebuild(wanted) => rebuild::rebuild(&source, wanted, screen).await,
    };
    // If the log was opened for writing meanwhile, that explains any other failure.
    source.check_immutable()?;
    outcome
}
