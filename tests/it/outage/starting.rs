//! Starts that are refused, with a message that says why and what to do.

use std::path::Path;

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tests::{
    desk::{Desk, Setup},
    postgres::Postgres,
};

use crate::crash::on;

const FROM_THE_FUTURE: &str = "(version, description, success, checksum, execution_time)
     values (9999, 'from the future', true, '', 0)";

fn is_refused(setup: Setup, words: &[&str]) {
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_eq!(code, Some(2), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_desk_on_a_data_directory_is_refused() {
    let desk = Desk::start(Setup::default());
    let data_dir = desk.data_dir().to_owned();
    let folder = data_dir.display().to_string();
    is_refused(Setup { data_dir: Some(data_dir), ..Setup::default() }, &["another desk uses", &folder, "--data-dir"]);
    let answer = desk.customer().chat("s", "多久发货？").await.unwrap();
    assert_eq!(answer["success"], true);
}

async fn write_migration(file: &Path) {
    let mut database = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let sql = format!("insert into _sqlx_migrations {FROM_THE_FUTURE}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_files_of_a_newer_version_are_refused() {
    for (file, room) in [("events.db", "log"), ("keys.db", "vault"), ("policies.db", "policy")] {
        let mut desk = Desk::start(Setup::default());
        tokio::task::block_in_place(|| desk.terminate());
        write_migration(&desk.data_dir().join(file)).await;
        let setup = Setup { data_dir: Some(desk.data_dir().to_owned()), ..Setup::default() };
        is_refused(setup, &[&format!("the {room} database is at migration 9999"), "newer version of Fiido Desk"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_database_of_a_newer_version_is_refused() {
    for room in ["log", "vault", "policy"] {
        let database = Postgres::shared().await.fresh_database().await;
        drop(tokio::task::block_in_place(|| Desk::start(on(&database))));
        let mut owner = sqlx::PgConnection::connect(&database.url()).await.unwrap();
        let sql = format!("insert into {room}._sqlx_migrations {FROM_THE_FUTURE}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
        let words = [&*format!("the {room} database is at migration 9999"), "newer version of Fiido Desk"];
        is_refused(on(&database), &words);
    }
}
