//! The program `desk`.

use std::process::ExitCode;

use event_store::private_file::keep_files_private;
use tikv_jemallocator::Jemalloc;

/// Also what SQLite allocates with; how it is set stands in `.cargo/config.toml`. What one thread allocates others free here,
/// which takes the system's allocator ever longer the more there is, and little of that goes back to the system.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

// Not actix's own, which has one thread: log, views, policies and vault share the cores with the server's workers.
#[tokio::main]
async fn main() -> ExitCode {
    keep_files_private();
    api::cli::run().await
}
