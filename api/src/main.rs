//! The program `desk`.

use std::process::ExitCode;

// Not actix's own, which has one thread: log, views, policies and vault share the cores with the doors' workers.
#[tokio::main]
async fn main() -> ExitCode {
    api::cli::run().await
}
