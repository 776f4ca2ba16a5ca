//! The program `desk-replay`.

use std::process::ExitCode;

use clap::Parser;
use replay_tool::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    run(Cli::parse(), &mut std::io::stdout().lock(), &mut std::io::stderr()).await
}
