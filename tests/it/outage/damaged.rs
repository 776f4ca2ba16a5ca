//! An event that cannot be read, of one session: requests for other sessions are answered rightly or with 503 at once, and
//! readiness says that the store answers and cannot be read.

use std::time::Duration;

use eventstore::{Client, EventData, TombstoneStreamOptions};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, sqlite::SqliteConnectOptions};
use tests::{
    desk::{Customer, Desk, Setup},
    kurrent::Kurrent,
    postgres::{FreshDatabase, Postgres},
};
use tokio::{task::block_in_place, time::timeout};

use super::{says_later_with, status_of};
use crate::crash::{on, until};

/// Far below the two minutes that an answer may take, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(30);

const HERS: &str = "hers";
const DAMAGED: &str = "damaged";

async fn two_customers(desk: &Desk) -> (Customer, String) {
    let (hers, damaged) = (desk.customer(), desk.customer());
    assert_eq!(hers.chat(HERS, "多久发货？").await.unwrap()["success"], true);
    let answer = damaged.chat(DAMAGED, "多久发货？").await.unwrap();
    (hers, format!("session-{}", answer["session_id"].as_str().unwrap()))
}

async fn asked(customer: &Customer, path: &str, session: &str) -> Response {
    let message = json!({"user_id": session, "message": "多久发货？"});
    let answer = timeout(AT_ONCE, customer.post(path, &message)).await;
    answer.unwrap_or_else(|_| panic!("{path} has no answer")).unwrap()
}

/// The store answers, and has what cannot be read.
async fn ready_says_unreadable(desk: &Desk) {
    let store = async || desk.customer().get("/readyz").await.unwrap().json::<Value>().await.unwrap();
    until("readiness says unreadable", AT_ONCE, async || store().await["store"]["readable"] == false).await;
    let ready = store().await;
    assert_eq!(ready["store"]["reachable"], true, "{ready}");
    assert!(!ready["alarms"].as_array().unwrap().is_empty(), "{ready}");
    assert_eq!(status_of(desk, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
}

/// With the tail stopped nothing can be answered any more, and everybody is told so before anything is recorded.
async fn others_are_told(desk: &Desk, hers: &Customer) {
    for (customer, session) in [(hers, HERS), (&desk.customer(), "new")] {
        for path in ["/api/chat", "/api/chat/stream"] {
            says_later_with("HISTORY_UNREADABLE", asked(customer, path, session).await).await;
        }
    }
    let path = format!("/api/sessions/{HERS}/events");
    let following = hers.get(&path);
    says_later_with("HISTORY_UNREADABLE", timeout(AT_ONCE, following).await.unwrap().unwrap()).await;
    assert_eq!(status_of(desk, "/healthz").await, StatusCode::OK);
}

type Damage = fn(&str) -> (String, EventData);

#[tokio::test(flavor = "multi_thread")]
async fn others_are_told_at_once_when_the_log_in_kurrentdb_is_damaged() {
    let strangers: [Damage; 2] = [
        |stream| (stream.to_owned(), EventData::json("OrderPlaced", &json!({"total": 12})).unwrap()),
        |_| {
            let stream = format!("session-{}", uuid::Uuid::new_v4());
            (stream, EventData::json("session.noted", &json!({})).unwrap())
        },
    ];
    for damage in strangers.map(Some).into_iter().chain([None]) {
        let kurrent = Kurrent::start();
        let setup = Setup { event_store_url: Some(kurrent.url()), ..Setup::default() };
        let desk = block_in_place(|| Desk::start(setup));
        let (hers, damaged) = two_customers(&desk).await;
        let client = Client::new(kurrent.url().parse().unwrap()).unwrap();
        match damage.map(|damage| damage(&damaged)) {
            Some((stream, event)) => {
                client.append_to_stream(stream, &Default::default(), event).await.unwrap();
            }
            None => {
                client.tombstone_stream(damaged.as_str(), &TombstoneStreamOptions::default()).await.unwrap();
            }
        }
        ready_says_unreadable(&desk).await;
        others_are_told(&desk, &hers).await;
    }
}

/// Another program's stream that is only named alike is nobody's concern.
#[tokio::test(flavor = "multi_thread")]
async fn streams_of_others_that_are_named_alike_disturb_nobody() {
    let kurrent = Kurrent::start();
    let setup = Setup { event_store_url: Some(kurrent.url()), ..Setup::default() };
    let desk = block_in_place(|| Desk::start(setup));
    let (hers, _) = two_customers(&desk).await;
    let client = Client::new(kurrent.url().parse().unwrap()).unwrap();
    for stream in ["session-foreign", "agent-smith", "settings-theirs", "order-4711"] {
        let event = EventData::json("OrderPlaced", &json!({"total": 12})).unwrap();
        client.append_to_stream(stream, &Default::default(), event).await.unwrap();
    }
    let answer: Value = asked(&hers, "/api/chat", HERS).await.json().await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    let path = format!("/api/sessions/{HERS}?min_position={}", answer["position"]);
    assert_eq!(hers.get(&path).await.unwrap().status(), StatusCode::OK);
    super::is_ready(&desk).await;
}

/// Views that are built anew stop at the damage: what needs them says so at once, what does not goes on.
async fn others_go_on(desk: &Desk, hers: &Customer) {
    ready_says_unreadable(desk).await;
    for (customer, session) in [(hers, HERS), (&desk.customer(), "new")] {
        let answer = asked(customer, "/api/chat", session).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["success"], true, "{answer}");
        let path = format!("/api/sessions/{session}?min_position={}", answer["position"]);
        let waiting = timeout(AT_ONCE, customer.get(&path)).await.unwrap().unwrap();
        says_later_with("HISTORY_UNREADABLE", waiting).await;
    }
}

const KINDS: [(&str, &str); 2] = [
    ("a malformed event", "update {event} set recorded_at = replace(recorded_at, 'T', ' ') where {damaged}"),
    ("a gap", "delete from {event} where {damaged}"),
];

/// The statement for the middle of the session.
fn damaging(sql: &str, event: &str, stream: &str) -> String {
    let damaged = format!("stream = '{stream}' and version = 2");
    sql.replace("{event}", event).replace("{damaged}", &damaged)
}

#[tokio::test(flavor = "multi_thread")]
async fn others_go_on_when_the_log_in_sqlite_is_damaged() {
    for (kind, sql) in KINDS {
        println!("{kind}");
        let mut desk = block_in_place(|| Desk::start(Setup::default()));
        let (hers, stream) = two_customers(&desk).await;
        block_in_place(|| desk.terminate());
        let file = desk.data_dir().join("events.db");
        let mut raw = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
        let guards = "drop trigger event_is_never_updated; drop trigger event_is_never_deleted;";
        let sql = format!("{guards} {}", damaging(sql, "event", &stream));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        for entry in std::fs::read_dir(desk.data_dir()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("views-") {
                std::fs::remove_file(path).unwrap();
            }
        }
        block_in_place(|| desk.start_again());
        others_go_on(&desk, &hers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_go_on_when_the_log_in_postgres_is_damaged() {
    for (kind, sql) in KINDS {
        println!("{kind}");
        let database = Postgres::shared().await.fresh_database().await;
        let mut desk = block_in_place(|| Desk::start(on(&database)));
        let (hers, stream) = two_customers(&desk).await;
        block_in_place(|| desk.terminate());
        damage(&database, &damaging(sql, "log.event", &stream)).await;
        block_in_place(|| desk.start_again());
        others_go_on(&desk, &hers).await;
    }
}

/// Also deletes the views, which the next start builds anew.
async fn damage(database: &FreshDatabase, sql: &str) {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = format!(
        "set session_replication_role = replica; {sql}; \
         do $$ declare room text; begin \
           for room in select schema_name from information_schema.schemata where schema_name like 'views%' loop \
             execute format('drop schema %I cascade', room); \
           end loop; \
         end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}
