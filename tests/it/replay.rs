//! `desk-replay` on PostgreSQL, with log and vault in two schemas of one database. `replay-tool/tests` tests it on files.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use commands::erasure::Person;
use domain::{
    ContextId, ErasureCause, Personal, SessionId, VisitorId,
    session::{
        Event, encode,
        event::{Named, Opened},
    },
    text::SessionName,
};
use event_store::{Actor, Expected, Log, StreamName, sql::Database};
use replay_tool::{
    Cli,
    cli::{Action, SessionArgs, TailArgs, VerifyArgs},
    run,
    source::StoreArgs,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::postgres::{FreshDatabase, Postgres};
use uuid::Uuid;

const NAME: &str = "session_1763899200_xiaoming";
const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xa001));

struct Shop {
    database: FreshDatabase,
    folder: TempDir,
    log: Log,
}

impl Shop {
    async fn with_a_session() -> Self {
        let database = Postgres::shared().await.fresh_database().await;
        let folder = tempfile::tempdir().unwrap();
        let keys = Database::postgres(&database.url(), "vault", 2).await.unwrap();
        let master_key = folder.path().join("master-key");
        let log = testkit::log_over(Arc::new(database.open().await), &keys, &master_key).await;
        let shop = Self { database, folder, log };
        shop.open_session().await;
        shop
    }

    async fn open_session(&self) {
        let session_name = SessionName::parse(NAME.to_owned()).unwrap();
        let name = Personal::Known(Named { session_name });
        let opened = encode(&Event::Opened(Opened { visitor: VISITOR, context: ContextId(Uuid::nil()), name }));
        let event = testkit::new_event(opened, VISITOR.0, Actor::new("customer", &VISITOR.to_string()));
        let stream = StreamName::of("session", SessionId::of(VISITOR, NAME).0);
        self.log.append(&stream, Expected::NoStream, &[event]).await.unwrap();
    }

    /// One JSON document, and the exit code.
    async fn replay(&self, action: Action, master_key: Option<PathBuf>) -> (Value, ExitCode) {
        let store = StoreArgs { store: self.database.url(), master_key, ..StoreArgs::default() };
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let code = run(Cli { store, json: true, action }, &mut out, &mut errors).await;
        assert_eq!(String::from_utf8(errors).unwrap(), "");
        (serde_json::from_slice(&out).unwrap(), code)
    }

    fn master_key(&self) -> Option<PathBuf> {
        Some(self.folder.path().join("master-key"))
    }
}

fn tail() -> TailArgs {
    TailArgs { after: "0".parse().unwrap(), follow: false, types: vec![], streams: vec![], actors: vec![] }
}

fn show(session: &str) -> Action {
    Action::Show(SessionArgs { session: session.to_owned(), at: None, position: None, version: None, time_zone: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_replay_reads_a_log_on_postgres() {
    let shop = Shop::with_a_session().await;
    let (report, code) = shop.replay(Action::Verify(VerifyArgs::default()), None).await;
    assert_eq!((&report["ok"], &report["events"], code), (&json!(true), &json!(1), ExitCode::SUCCESS));
    let (counted, _) = shop.replay(Action::Stats, None).await;
    assert_eq!(counted["personal_parts_by_class"], json!({"contact": 1}));
    let (line, _) = shop.replay(Action::Tail(tail()), None).await;
    assert_eq!(line["personal_state"], json!("sealed"));
    let (shown, _) = shop.replay(show(NAME), shop.master_key()).await;
    assert_eq!((&shown["name"], &shown["state"]["status"]), (&json!(NAME), &json!("bot_active")));
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_replay_shows_an_erased_customer_as_erased_on_postgres() {
    let shop = Shop::with_a_session().await;
    let actor = event_store::Actor::new("system", "test");
    let erasure = commands::Erasure::new(shop.log.clone());
    erasure.erase(Person::Customer(VISITOR), ErasureCause::Request, actor).await.unwrap();
    let id = SessionId::of(VISITOR, NAME).to_string();
    for key in [shop.master_key(), None] {
        let (shown, _) = shop.replay(show(&id), key).await;
        assert_eq!((&shown["name"], &shown["name_state"]), (&Value::Null, &json!("erased")));
    }
}
