//! A server with a log of past sessions, on either database, and `desk-replay` on the same data.

use std::{path::PathBuf, process::Output, sync::Arc, time::Duration};

use domain::VisitorId;
use event_store::{
    EventStore, Log,
    postgres::{Rights, grant_new_schemas, grant_schema},
    sql::{Access, Database},
    sqlite::SqliteStore,
};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tests::{
    desk::{Desk, Setup, program, write_private},
    postgres::{APP, FreshDatabase, Postgres},
};
use tokio::process::Command;

use super::day;
use crate::crash::{on, until};

/// Timeout of a rebuild on a slow machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Log, vault and views, and a server that may run on them.
pub(crate) struct Fixture {
    pub(crate) desk: Option<Desk>,
    pub(crate) database: Option<FreshDatabase>,
    pub(crate) visitors: Vec<VisitorId>,
    folder: TempDir,
}

impl Fixture {
    /// So many past sessions on SQLite; nothing runs yet.
    pub(crate) async fn on_sqlite(sessions: usize) -> Self {
        Self::set(sessions, None).await
    }

    /// The same on PostgreSQL.
    pub(crate) async fn on_postgres(sessions: usize) -> Self {
        Self::set(sessions, Some(Postgres::shared().await.fresh_database().await)).await
    }

    async fn set(sessions: usize, database: Option<FreshDatabase>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        write_private(folder.path().join("test-master-key"), &"11".repeat(32));
        write_private(folder.path().join("data/token-key"), &"22".repeat(32));
        let mut fixture = Self { desk: None, database, visitors: Vec::new(), folder };
        let log = fixture.log().await;
        fixture.grant_rooms().await;
        fixture.visitors = day::write(&log, sessions).await;
        log.flush().await.unwrap();
        fixture
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What a server that starts with the owner's URL grants to the program's role.
    async fn grant_rooms(&self) {
        let Some(database) = &self.database else { return };
        let owner = PgPool::connect(&database.url()).await.unwrap();
        grant_schema(&owner, "vault", APP, Rights::ReadAndWrite).await.unwrap();
        grant_new_schemas(&owner, APP).await.unwrap();
        owner.close().await;
    }

    /// The log for writing; on SQLite no server may run.
    pub(crate) async fn log(&self) -> Log {
        let (store, keys): (Arc<dyn EventStore>, _) = match &self.database {
            Some(database) => {
                (Arc::new(database.open().await), Database::postgres(&database.url(), "vault", 2).await.unwrap())
            }
            None => (
                Arc::new(SqliteStore::open(&self.data_dir().join("events.db")).await.unwrap()),
                Database::sqlite(&self.data_dir().join("keys.db"), Access::Durable).await.unwrap(),
            ),
        };
        testkit::log_over(store, &keys, &self.folder.path().join("test-master-key")).await
    }

    /// The setup of a server on it with this data directory.
    pub(crate) fn setup(&self, data_dir: &str) -> Setup {
        let setup = self.database.as_ref().map_or_else(Setup::default, on);
        let token_key = self.data_dir().join("token-key").display().to_string();
        let environment = vec![("DESK_TOKEN_KEY_FILE", token_key)];
        Setup { data_dir: Some(self.folder.path().join(data_dir)), environment, ..setup }.with_patient_rules()
    }

    pub(crate) fn start(&mut self) -> &Desk {
        let setup = self.setup("data");
        self.desk.insert(tokio::task::block_in_place(|| Desk::start(setup)))
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.desk.as_ref().unwrap()
    }

    /// The `--store` of `desk-replay`, with the role of desk.
    pub(crate) fn store(&self) -> String {
        self.database.as_ref().map_or_else(|| self.data_dir().display().to_string(), FreshDatabase::app_url)
    }

    /// `desk-replay` with or without the master key.
    pub(crate) fn replay(&self, with_key: bool, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("desk-replay"));
        command.env_clear().args(["--json", "--store", &self.store()]);
        if with_key {
            command.arg("--master-key").arg(self.folder.path().join("test-master-key"));
        }
        command.args(arguments).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub(crate) async fn replayed(&self, with_key: bool, arguments: &[&str]) -> Ended {
        Ended::of(self.replay(with_key, arguments).output().await.unwrap())
    }

    /// `compare` finds no difference; returns its report.
    pub(crate) async fn agrees_with_the_log(&self) -> Value {
        let compared = self.replayed(true, &["compare"]).await.with_code(0);
        assert_eq!((&compared["ok"], &compared["difference_count"]), (&true.into(), &0.into()), "{compared}");
        compared
    }
}

/// The result of a run of `desk-replay`.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Its JSON, if it ended with this code.
    #[track_caller]
    pub(crate) fn with_code(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The view generation that a server serves.
pub(crate) async fn generation(desk: &Desk) -> u64 {
    let ready: Value = reqwest::get(format!("{}/readyz", desk.url())).await.unwrap().json().await.unwrap();
    ready["views"]["generation"].as_u64().unwrap_or_else(|| panic!("{ready}"))
}

/// Waits until it serves this generation.
pub(crate) async fn serves(desk: &Desk, wanted: u64) {
    until(&format!("generation {wanted}"), LONG, async || generation(desk).await == wanted).await;
}
