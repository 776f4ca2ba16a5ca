//! A real PostgreSQL for tests, from the server binaries that Debian's package `postgresql` brings.
//!
//! `Postgres::shared` is one server per test process, made by `initdb` in a fresh folder under the temporary directory, on
//! its own port; each test takes its own database from it. `Postgres::own` is for tests that stop, kill or misconfigure
//! their server. Run by root, the server runs as the package's user, for PostgreSQL refuses to be root.
//!
//! Invariant: a server never outlives its test process, however that ends. Beside each server a small guard process reads
//! from a pipe whose other end only the test process holds; when that end is gone (dropped, panicked, killed) the guard
//! stops the server and removes its folder. Nothing is shared between processes, so nothing stale can disturb.

mod proxy;
mod server;

use std::sync::{Arc, OnceLock};

use event_store::postgres::{PostgresSettings, PostgresStore};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

pub use proxy::{Cut, Proxy};
use server::Server;
pub use server::program;

/// Owns the tables and migrates them.
pub const OWNER: &str = "desk_owner";
/// What the program connects as.
pub const APP: &str = "desk_app";

/// A running server.
#[derive(Clone)]
pub struct Postgres(Arc<Server>);

impl Postgres {
    /// The server that all tests of this process share; started at the first call.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        blocking(|| SHARED.get_or_init(|| Postgres(Arc::new(Server::start_new(&[]))))).await
    }

    /// A server of the test's own.
    pub async fn own() -> Self {
        Self::own_with(&[]).await
    }

    /// A server of the test's own with settings over ours, like `("fsync", "off")`.
    pub async fn own_with(settings: &'static [(&'static str, &'static str)]) -> Self {
        blocking(|| Self(Arc::new(Server::start_new(settings)))).await
    }

    /// An empty database that [`OWNER`] owns and [`APP`] may connect to.
    pub async fn fresh_database(&self) -> FreshDatabase {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&self.0.url("postgres", "postgres")).await.expect("the server runs");
        let sql = format!("create database {name} owner {OWNER}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.expect("a database can be made");
        admin.close().await.expect("the server runs");
        FreshDatabase { server: self.clone(), name }
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Stops the server as an operator does: sessions are ended, then everything is written.
    pub async fn stop(&self) {
        let server = self.0.clone();
        blocking(move || server.stop("INT")).await;
    }

    /// Stops the server as a crash does: nothing is written, and the next start recovers from the write-ahead log.
    pub async fn kill(&self) {
        let server = self.0.clone();
        blocking(move || server.stop("QUIT")).await;
    }

    /// Freezes the server, as a full host or a paused machine does: it keeps its connections, takes more, and says nothing.
    pub async fn freeze(&self) {
        let server = self.0.clone();
        blocking(move || server.freeze()).await;
    }

    /// Lets a frozen server go on.
    pub async fn thaw(&self) {
        let server = self.0.clone();
        blocking(move || server.thaw()).await;
    }

    /// Starts the server again, on the same port and folder; returns when it accepts connections.
    pub async fn start(&self) {
        let server = self.0.clone();
        blocking(move || server.start()).await;
    }
}

/// A test's own database. Holding it keeps its server running.
#[derive(Clone)]
pub struct FreshDatabase {
    server: Postgres,
    name: String,
}

impl FreshDatabase {
    /// One role for everything: the owner's.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(OWNER)
    }

    /// As the program's own role, which has no rights here until a store was opened with [`Self::settings`].
    #[must_use]
    pub fn app_url(&self) -> String {
        self.url_of(APP)
    }

    /// As the server's superuser.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url_of("postgres")
    }

    /// With both roles, as in production.
    #[must_use]
    pub fn settings(&self) -> PostgresSettings {
        PostgresSettings::new(self.app_url()).with_owner(self.url())
    }

    /// Opens the log in it, with both roles.
    pub async fn open(&self) -> PostgresStore {
        PostgresStore::open(self.settings()).await.expect("the database is usable")
    }

    /// The server it is on.
    #[must_use]
    pub fn server(&self) -> &Postgres {
        &self.server
    }

    fn url_of(&self, role: &str) -> String {
        self.server.0.url(role, &self.name)
    }
}

/// Servers are started and stopped by waiting for processes, which must not hold up a test's runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the server's log is printed above")
}
