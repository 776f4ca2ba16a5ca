//! Copies that are refused: onto another log, onto a diverged copy, from a damaged log, or while desk runs. Nothing is changed, and
//! no password is printed.

use event_store::{EventStore as _, Expected, sqlite::SqliteStore};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tests::{
    desk::{Desk, Setup},
    postgres::FreshDatabase,
};

use super::{Place, copy, copying, desk, place::positions, refused, said, shop};

async fn targets() -> Vec<Place> {
    vec![Place::folder(), Place::postgres().await, Place::kurrent()]
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_refuses_a_target_that_holds_another_log() {
    let (source, other) = (shop(300, 1).await, shop(200, 2).await);
    for target in targets().await {
        copy(&other, &target, &[]).await;
        let there = target.events().await;
        let log = other.reader().await.identity().await.unwrap().log_id.to_string();
        refused(&source, &target, 2, &["the target holds another log", &log, "name a place that holds nothing"]).await;
        assert_eq!(target.events().await, there);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_refuses_a_target_that_diverged_and_names_the_first_difference() {
    let (source, target) = (shop(300, 3).await, Place::folder());
    copy(&source, &target, &[]).await;
    let stream = source.events().await[0].stream.clone();
    let on = async |place: &Place| {
        let store = SqliteStore::open(&place.path().join("events.db")).await.unwrap();
        store.append(&stream, Expected::Any, vec![testkit::sealed_event()]).await.unwrap();
    };
    on(&target).await;
    let there = target.events().await;
    refused(&source, &target, 1, &["event 301 differs: the source has nothing more, the target test.happened"]).await;
    on(&source).await;
    let words = ["event 301 differs: the source has test.happened", "gone on by itself", "at position 301"];
    refused(&source, &target, 1, &words).await;
    assert_eq!(target.events().await, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_refuses_a_target_that_is_no_log() {
    let (source, target) = (shop(50, 4).await, Place::folder());
    let file = target.path().join("events.db");
    let mut other = SqliteConnectOptions::new().filename(&file).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql("create table letter (text text)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    refused(&source, &target, 2, &["is not a log of Fiido Desk", "name a place that holds nothing"]).await;
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_back_over_the_source_is_refused_where_positions_moved() {
    let (source, kurrent) = (shop(60, 5).await, Place::kurrent());
    copy(&source, &kurrent, &[]).await;
    refused(&kurrent, &source, 2, &["holds generation 1 of this log, and the copy is to be generation 3"]).await;
}

async fn change(place: &Place, sql: &str) {
    let mut raw = SqliteConnectOptions::new().filename(place.path().join("events.db")).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_source_is_copied_up_to_the_damage() {
    for target in targets().await {
        let source = shop(700, 6).await;
        let forged = "drop trigger event_is_never_updated; update event set data = '{}' where position = 601";
        change(&source, forged).await;
        let words =
            ["the source is not as it was recorded, at position 601", "does not give its hash", "desk-replay verify"];
        refused(&source, &target, 1, &words).await;
        let there = target.events().await;
        assert!(there.len() <= 600, "{}", there.len());
        refused(&target, &Place::folder(), 2, &["itself a copy that is not whole"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_refuses_sqlite_files_in_use_by_a_desk() {
    let running = tokio::task::block_in_place(|| Desk::start(Setup::default()));
    let folder = running.data_dir().display().to_string();
    for (from, to) in [(&*folder, "/nowhere-else"), ("/nowhere", &*folder)] {
        let output = desk(&["copy-log", "--from", from, "--to", to]).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
    let other = shop(50, 8).await;
    let output = desk(&["copy-log", "--from", &other.url(), "--to", &folder]).output().await.unwrap();
    assert!(said(&output).contains("another desk uses the data directory"), "{}", said(&output));
    let output = desk(&["copy-log", "--from", &folder, "--to", &Place::folder().url()]).output().await.unwrap();
    assert!(said(&output).contains("another desk uses the data directory"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_of_a_log_onto_itself_is_refused() {
    let source = shop(50, 9).await;
    let again = desk(&["copy-log", "--from", &source.url(), "--to", &format!("sqlite:{}/events.db", source.url())]);
    let output = { again }.output().await.unwrap();
    assert!(said(&output).contains("source and target are the same"), "{}", said(&output));
    assert_eq!(output.status.code(), Some(2));
}

fn with_password(database: &FreshDatabase) -> String {
    database.url().replace("desk_owner@", "desk_owner:hunter2@")
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_takes_passwords_from_the_environment_only_and_never_prints_them() {
    let source = shop(100, 10).await;
    let Place::Postgres(database) = Place::postgres().await else { unreachable!() };
    let target = with_password(&database);
    let output = desk(&["copy-log", "--from", &source.url(), "--to", &target]).output().await.unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("DESK_COPY_TO") && !text.contains("hunter2"), "{text}");

    let mut with_environment = desk(&["copy-log", "--from", &source.url()]);
    let output = with_environment.env("DESK_COPY_TO", &target).output().await.unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains("hunter2") && text.contains("to         postgres://127.0.0.1:"), "{text}");
    let unreachable = target.replace(&format!(":{}/", database.server().port()), ":1/");
    let mut to_nobody = desk(&["copy-log", "--from", &source.url()]);
    let text = said(&to_nobody.env("DESK_COPY_TO", &unreachable).output().await.unwrap());
    assert!(!text.contains("hunter2") && text.contains("cannot be used"), "{text}");
    let help = said(&desk(&["copy-log", "--help"]).env("DESK_COPY_TO", &target).output().await.unwrap());
    assert!(!help.contains("hunter2"), "{help}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_into_postgres_with_the_app_role_is_refused() {
    let source = shop(100, 11).await;
    let database = tests::postgres::Postgres::shared().await.fresh_database().await;
    drop(database.open().await);
    let output = desk(&["copy-log", "--from", &source.url(), "--to", &database.app_url()]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("use the role that owns it"), "{}", said(&output));
}

/// Two operators at once, or a run believed dead.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_copies_write_every_event_once() {
    let source = shop(1_200, 12).await;
    for target in [Place::postgres().await, Place::kurrent()] {
        // A SQLite source allows one run, so the second run reads a copy of it.
        let twin = Place::folder();
        copy(&source, &twin, &[]).await;
        let (mut one, mut other) = (copying(&source, &target, &[]), copying(&twin, &target, &[]));
        let (one, other) = tokio::join!(one.output(), other.output());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!((one.status.code(), other.status.code()), (Some(0), Some(0)), "{}{}", said(&one), said(&other));
        let there = target.events().await;
        assert_eq!(super::place::unplaced(&there), super::place::unplaced(&source.events().await));
        assert!(positions(&there).is_sorted());
        super::proves_itself(&target).await;
    }
}
