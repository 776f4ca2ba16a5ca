//! The program `desk-replay`.

use std::process::ExitCode;

use clap::Parser;
use event_store::private_file::keep_files_private;
use replay_tool::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    keep_files_private();
    run(Cli::parse(), &mut std::io::stdout().lock(), &mut std::io::stderr()).await
}
