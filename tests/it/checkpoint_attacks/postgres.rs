//! The same attacks on PostgreSQL by the role that owns the tables and drops the triggers first.

use std::sync::Arc;

use event_store::{EventReader as _, EventStore as _, Expected, Position, RecordedEvent, StreamName};
use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tests::postgres::{FreshDatabase, Postgres};
use uuid::Uuid;

use super::{
    Elsewhere,
    forger::{Dialect, FORGERIES, moving_head, relinked, replacing_all},
};
use crate::tamper::event;

const EVENTS: u64 = 24;
const EVERY: u64 = 6;
const NO_GUARDS: &str =
    "set search_path to log; alter table event disable trigger user; alter table head disable trigger user;";

struct Server {
    database: FreshDatabase,
    events: Vec<Arc<RecordedEvent>>,
    elsewhere: Elsewhere,
}

impl Server {
    async fn new() -> Self {
        let database = Postgres::shared().await.fresh_database().await;
        let store = database.open().await;
        let streams: Vec<_> = (0..3).map(|_| StreamName::of("session", Uuid::new_v4())).collect();
        for n in 0..EVENTS {
            store.append(&streams[(n * n) as usize % 3], Expected::Any, vec![event(n)]).await.unwrap();
        }
        let elsewhere = Elsewhere::for_log(store.identity().await.unwrap());
        for size in (EVERY..=EVENTS).step_by(EVERY as usize) {
            elsewhere.sign(&store, size).await;
        }
        let events = store.read_all(Position::START, 1000).await.unwrap();
        Self { database, events, elsewhere }
    }

    async fn owner_runs(&self, sql: &str) {
        let mut owner = PgConnection::connect(&self.database.url()).await.unwrap();
        let sql = format!("begin; {NO_GUARDS} {sql} commit;");
        sqlx::raw_sql(AssertSqlSafe(sql.clone()))
            .execute(&mut owner)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    async fn replaced_by(&self, events: &[RecordedEvent]) {
        self.owner_runs(&replacing_all(events, Dialect::Postgres)).await;
    }

    /// The log as it was written.
    async fn mended(&self) {
        let events: Vec<_> = self.events.iter().map(|event| (**event).clone()).collect();
        self.replaced_by(&events).await;
    }

    async fn verdict(&self, notes: &[String]) -> super::Verdict {
        self.elsewhere.verify(&self.database.url(), notes).await
    }

    async fn verdict_by_all(&self) -> super::Verdict {
        self.verdict(&[self.elsewhere.notes()]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_the_database_owner_are_found_at_their_position() {
    let server = Server::new().await;
    assert!(server.verdict_by_all().await.is_right);
    for position in [1, 7, 14, EVENTS] {
        let swap = format!(
            "update event set position = 1000 where position = {position}; \
             update event set position = {position} where position = {0}; update event set position = {0} where position = 1000;",
            position % EVENTS + 1
        );
        for (what, sql) in [
            ("data", format!("update event set data = data || ' ' where position = {position};")),
            (
                "personal",
                format!("update event set personal = personal || '\\x00', actor = 'x' where position = {position};"),
            ),
            ("hash", format!("update event set hash = sha256('x') where position = {position};")),
            ("removed", format!("delete from event where position = {position};")),
            ("cut", format!("delete from event where position >= {position};")),
            ("swapped", swap),
        ] {
            server.owner_runs(&sql).await;
            let verdict = server.verdict_by_all().await;
            let first_bad = if what == "swapped" && position == EVENTS { 1 } else { position };
            let (from, to) = (verdict.report["first_flaw"]["from"].as_u64().unwrap(), verdict.first_bad(what).0);
            let holds = from <= first_bad && first_bad <= to && to <= first_bad + 1;
            assert!(holds, "{what} at {position}: {}", verdict.report);
            let vouched = verdict.report["checkpoint"]["position"].as_u64().unwrap_or(0);
            assert_eq!(vouched, (first_bad - 1) / EVERY * EVERY, "{what} at {position}: {}", verdict.report);
            server.mended().await;
        }
    }
    assert!(server.verdict_by_all().await.is_right);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_rewritten_by_the_database_owner_is_found_by_checkpoints() {
    let server = Server::new().await;
    for position in [1, 8, 13] {
        for forgery in FORGERIES {
            let Some(forged) = forgery.of(&server.events, position) else { continue };
            server.replaced_by(&forged).await;
            let what = format!("{forgery:?} at {position}");
            assert!(server.verdict(&[]).await.is_right, "{what}: the log proves itself");
            let fits = (position - 1) / EVERY * EVERY;
            assert_eq!(server.verdict_by_all().await.bounds(&what), (fits + 1, fits + EVERY), "{what}");
        }
    }
    let last = &server.events[16];
    server.mended().await;
    server
        .owner_runs(&format!("delete from event where position > 17; {}", moving_head(Some(last), Dialect::Postgres)))
        .await;
    assert!(server.verdict(&[]).await.is_right, "cut: the log proves itself");
    assert_eq!(server.verdict_by_all().await.first_bad("cut"), (18, "cut_off".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_forged_after_the_newest_checkpoint_are_unproven() {
    let server = Server::new().await;
    let mut events = server.events.clone();
    let mut forged = (*events[5]).clone();
    (forged.event, forged.recorded_at) = (event(3), events[23].recorded_at + SignedDuration::from_secs(1));
    events.push(Arc::new(forged));
    server.replaced_by(&relinked(&events)).await;
    let verdict = server.verdict_by_all().await;
    assert!(verdict.is_right, "{}", verdict.report);
    assert_eq!(verdict.report["unproven_from"], EVENTS + 1);
    assert_eq!(verdict.report["unproven_events"], 1);
}
