//! The program `desk-load`: logs to work with, and what Fiido Desk costs. `tests/load/README.md` has the figures.

mod evaluate;
mod generate;
mod measure;
mod people;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use evaluate::EvaluateArgs;
use generate::GenerateArgs;
use measure::{Failure, MeasureArgs};
use people::PeopleArgs;
use tikv_jemallocator::Jemalloc;

/// As `desk`: what is measured in this program allocates as it does there.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Generates logs and measures Fiido Desk.
#[derive(Parser)]
#[command(name = "desk-load", version)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Generates a log: a shop's days, from a seed
    #[command(long_about = generate::LONG_ABOUT)]
    Generate(GenerateArgs),
    /// Says how well the FAQ answers a table of questions
    #[command(long_about = evaluate::LONG_ABOUT)]
    EvaluateFaq(EvaluateArgs),
    /// Brings agents and waiting customers into a running demo
    People(PeopleArgs),
    /// Measures, and prints a table
    Measure(MeasureArgs),
    /// Serves a data directory without an assistant; what `measure http` measures
    #[command(hide = true)]
    ServeQuietly {
        /// The data directory
        data_dir: PathBuf,
    },
    /// Answers as a model's server; what `measure turn` asks
    #[command(hide = true)]
    ServeModel,
    /// Copies bytes to a server; what `measure turn` compares with
    #[command(hide = true)]
    ServeProxy {
        /// Address and port of the server
        upstream: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match act(Cli::parse().action).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&*failure);
            ExitCode::from(2)
        }
    }
}

async fn act(action: Action) -> Result<(), Failure> {
    match action {
        Action::Generate(args) => generate::generate(args).await,
        Action::EvaluateFaq(args) => evaluate::evaluate(args).await,
        Action::People(args) => people::people(args).await,
        Action::Measure(args) => measure::measure(args).await,
        Action::ServeQuietly { data_dir } => measure::quiet_server(data_dir).await,
        Action::ServeModel => measure::model().await,
        Action::ServeProxy { upstream } => measure::proxy(upstream).await,
    }
}

#[expect(clippy::print_stderr, reason = "a program's last words")]
fn complain(failure: &(dyn std::error::Error + 'static)) {
    eprintln!("desk-load: {}", api::error_chain::chain(failure));
}
