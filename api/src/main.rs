//! The program `desk`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

// Many small things live for one request or event, on several threads: it takes less time and memory than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

// Not actix's own, which has one thread: log, views, policies and vault share the cores with the doors' workers.
#[tokio::main]
async fn main() -> ExitCode {
    api::cli::run().await
}
