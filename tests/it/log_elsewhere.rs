//! A log apart from the rest: in KurrentDB (the protocol test server, which is not KurrentDB) with everything else in PostgreSQL or
//! in files, or in a PostgreSQL database of its own. Both programs work there as elsewhere.

mod access;
mod calls;
mod configured;

use std::{path::PathBuf, process::Output, time::Duration};

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    desk::{Desk, Setup, program, write_private},
    kurrent::Kurrent,
    postgres::{FreshDatabase, Postgres},
};
use tokio::{process::Command, task::block_in_place};

use crate::crash::{on, until};

const LONG: Duration = Duration::from_secs(60);

/// The places of log, views, vault and policies.
struct Fixture {
    folder: tempfile::TempDir,
    log: Log,
    rest: Option<FreshDatabase>,
}

enum Log {
    Kurrent(Kurrent),
    Postgres(FreshDatabase),
}

impl Fixture {
    fn new(log: Log, rest: Option<FreshDatabase>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), log, rest }
    }

    fn store(&self) -> String {
        match &self.log {
            Log::Kurrent(kurrent) => kurrent.url(),
            Log::Postgres(database) => database.url(),
        }
    }

    fn views(&self) -> String {
        self.rest.as_ref().map_or_else(|| self.data().display().to_string(), FreshDatabase::app_url)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn setup(&self, data_dir: &str) -> Setup {
        let rest = self.rest.as_ref().map_or_else(Setup::default, on);
        let token_key = self.folder.path().join("token-key");
        write_private(&token_key, &"22".repeat(32));
        let mut environment = vec![("DESK_TOKEN_KEY_FILE", token_key.display().to_string())];
        let event_store_url = match &self.log {
            Log::Kurrent(kurrent) => kurrent.url(),
            Log::Postgres(database) => {
                environment.push(("DESK_EVENT_STORE_OWNER_URL", database.url()));
                database.app_url()
            }
        };
        let data_dir = Some(self.folder.path().join(data_dir));
        Setup { data_dir, event_store_url: Some(event_store_url), environment, ..rest }
    }

    fn start(&self, data_dir: &str) -> Desk {
        block_in_place(|| Desk::start(self.setup(data_dir)))
    }

    /// `desk-replay` on log and rest; returns exit code and output.
    async fn replay(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(program("desk-replay"));
        command.env_clear().args(["--store", &self.store(), "--views", &self.views()]);
        command.arg("--master-key").arg(self.folder.path().join("test-master-key"));
        let output = command.args(arguments).kill_on_drop(true).output().await.unwrap();
        (output.status.code(), said(&output))
    }

    async fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, said) = self.replay(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn talk(desk: &Desk, session: &str) {
    let customer = desk.customer();
    customer.arrive(session).await.unwrap();
    for question in ["多久发货？", "How far can I ride on one charge?"] {
        assert_eq!(customer.chat(session, question).await.unwrap()["success"], true);
    }
}

/// Every command of `desk-replay`, while desk runs and after its stop.
async fn everything_is_proved(fixture: Fixture) {
    let mut desk = fixture.start("data");
    talk(&desk, "proved").await;
    fixture.succeeds(&["verify"]).await;
    until("the views are what the log gives", LONG, async || fixture.replay(&["compare"]).await.0 == Some(0)).await;
    fixture.succeeds(&["rebuild"]).await;
    talk(&desk, "after the rebuild").await;
    assert_eq!(block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());

    // The checkpoint written at the stop covers everything.
    let note = fixture.data().join("checkpoints/latest.checkpoint").display().to_string();
    let key = fixture.data().join("checkpoint-key").display().to_string();
    let proved = fixture.succeeds(&["verify", "--checkpoint", &note, "--key", &key]).await;
    assert!(proved.contains("nothing: the newest checkpoint was signed over all that there is"), "{proved}");
    fixture.succeeds(&["compare"]).await;
    let shown = fixture.succeeds(&["show", "proved"]).await;
    assert!(shown.contains("多久发货"), "{shown}");
    let proof = fixture.file("proved.proof");
    fixture.succeeds(&["prove", "proved", "--checkpoint", &note, "--key", &key, "--out", &proof]).await;
    let checked = fixture.succeeds(&["check-proof", &proof, "--key", &key]).await;
    assert!(checked.contains("session"), "{checked}");
    fixture.succeeds(&["--json", "stats"]).await;
    // Without a running desk, `desk-replay` rebuilds by itself.
    fixture.succeeds(&["rebuild"]).await;
    fixture.succeeds(&["compare"]).await;

    block_in_place(|| desk.start_again());
    talk(&desk, "proved").await;
    until("readiness", LONG, async || desk.customer().get("/readyz").await.unwrap().status() == StatusCode::OK).await;
    fixture.succeeds(&["verify", "--checkpoint", &note, "--key", &key]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_and_replay_work_with_the_log_on_kurrentdb_and_the_rest_on_postgres() {
    let rest = Postgres::shared().await.fresh_database().await;
    everything_is_proved(Fixture::new(Log::Kurrent(Kurrent::start()), Some(rest))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_and_replay_work_with_the_log_on_kurrentdb_and_the_rest_on_sqlite() {
    everything_is_proved(Fixture::new(Log::Kurrent(Kurrent::start()), None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_and_replay_work_with_the_log_on_its_own_postgres_database() {
    let server = Postgres::shared().await;
    let (log, rest) = (server.fresh_database().await, server.fresh_database().await);
    everything_is_proved(Fixture::new(Log::Postgres(log.clone()), Some(rest.clone()))).await;
    assert_eq!(schemas(&log).await, ["log"]);
    assert!(!schemas(&rest).await.contains(&"log".to_owned()));
}

async fn schemas(database: &FreshDatabase) -> Vec<String> {
    use sqlx::{Connection as _, Row as _};
    let mut connection = sqlx::PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = "select nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema|public)' order by 1";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

/// Events of one node are shown, streamed and answered by the other without notifications of the log.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_log_on_kurrentdb() {
    let rest = Postgres::shared().await.fresh_database().await;
    let fixture = Fixture::new(Log::Kurrent(Kurrent::start()), Some(rest));
    let (here, there) = (fixture.start("here"), fixture.start("there"));
    let customer = here.customer();
    customer.arrive("shared").await.unwrap();
    let elsewhere = customer.at(there.url());
    let mut frames = elsewhere.follow("shared", None).await.unwrap();
    let answer = customer.chat("shared", "多久发货？").await.unwrap();
    let replied = frames.until(|frame| frame.event.as_deref() == Some("session.assistant_replied"));
    let seen = tokio::time::timeout(LONG, replied).await.expect("the other node streams it");
    assert_eq!(seen.last().unwrap().data["position"], answer["position"]);
    let shown = elsewhere.get(&format!("/api/sessions/shared?min_position={}", answer["position"])).await.unwrap();
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["data"]["session"]["history"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(elsewhere.chat("shared", "我想退货").await.unwrap()["success"], true);
    fixture.succeeds(&["verify"]).await;
}
