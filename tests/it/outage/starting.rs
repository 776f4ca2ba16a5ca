//! Starts that are refused, with a message that says why and what to do; and one that is not, by the program's role alone.

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

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_the_app_role_alone_starts_on_a_migrated_database() {
    let database = Postgres::shared().await.fresh_database().await;
    let app_alone = || Setup { database_url: Some(database.app_url()), ..Setup::default() };
    is_refused(app_alone(), &["vault database is at migration 0", "may not migrate", "database_owner_url"]);
    let mut owner = tokio::task::block_in_place(|| Desk::start(on(&database)));
    let here = tokio::task::block_in_place(|| Desk::start(app_alone()));
    assert_eq!(here.customer().chat("s", "多久发货？").await.unwrap()["success"], true);
    assert_eq!(tokio::task::block_in_place(|| owner.terminate()), Some(0));
    let there = tokio::task::block_in_place(|| Desk::start(app_alone()));
    assert_eq!(there.customer().chat("s", "多久发货？").await.unwrap()["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_named_once_with_the_reason() {
    let setup = Setup {
        database_url: Some("postgres://desk_app:hunter2@127.0.0.1:1/desk".to_owned()),
        environment: vec![("DESK_SERVER_WAIT_SECONDS", "0".to_owned())],
        ..Setup::default()
    };
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_eq!(code, Some(2), "{said}");
    let sentence =
        "desk: database_url: PostgreSQL at 127.0.0.1:1/desk as desk_app cannot be reached: nothing listens there";
    assert!(said.contains(sentence), "{said}");
    assert_eq!(said.matches("127.0.0.1:1").count(), 1, "{said}");
    assert!(!said.contains("hunter2") && !said.contains("timed out"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_that_is_named_is_asked_for_its_encoding_and_its_durability() {
    let server = Postgres::shared().await;
    let database = server.fresh_database().await;
    let mut admin = sqlx::PgConnection::connect(&database.admin_url()).await.unwrap();
    let made =
        "create database in_ascii owner desk_owner encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'";
    sqlx::raw_sql(made).execute(&mut admin).await.unwrap();
    let (stem, _) = database.url().rsplit_once('/').map(|(stem, name)| (stem.to_owned(), name.to_owned())).unwrap();
    let in_ascii = Setup { database_url: Some(format!("{stem}/in_ascii")), ..Setup::default() };
    is_refused(in_ascii, &["in_ascii", "encoded in SQL_ASCII", "createdb --encoding UTF8"]);

    let vault = format!("{}?options=-c%20synchronous_commit%3Doff", server.fresh_database().await.url());
    let setup = on(&database);
    let environment = vec![("DESK_VAULT_URL", vault)];
    is_refused(Setup { environment, ..setup }, &["synchronous_commit = off", "set synchronous_commit = on"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nodes_have_in_common_are_required_with_postgres() {
    let database = Postgres::shared().await.fresh_database().await;
    // An empty variable counts as none.
    let environment = vec![("DESK_TOKEN_KEY_FILE", String::new()), ("DESK_MASTER_KEY_FILE", String::new())];
    let setup = Setup { environment, ..on(&database) };
    is_refused(
        setup,
        &["2 faults", "setting token_key_file (default) must be set", "setting master_key_file", "openssl"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn key_files_that_everybody_can_read_are_refused_all_alike() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    for (setting, content) in [
        ("DESK_MASTER_KEY_FILE", "11".repeat(32)),
        ("DESK_TOKEN_KEY_FILE", "11".repeat(32)),
        ("DESK_CHECKPOINT_KEY_FILE", "PRIVATE+KEY+x+00000000+AA".to_owned()),
        ("DESK_TLS_KEY_FILE", "no matter what".to_owned()),
        ("DESK_IDENTITY_KEYS_FILE", "{\"keys\": []}".to_owned()),
    ] {
        std::fs::write(&key, content).unwrap();
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let mut environment = vec![(setting, key.display().to_string())];
        if setting == "DESK_TLS_KEY_FILE" {
            let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(folder.path().join("cert"), certified.cert.pem()).unwrap();
            environment.push(("DESK_TLS_CERT_FILE", folder.path().join("cert").display().to_string()));
        }
        is_refused(Setup { environment, ..Setup::default() }, &["open to everybody on this machine: chmod 640"]);
    }
    // A key that the program made, opened by a careless copy.
    let mut desk = Desk::start(Setup::default());
    tokio::task::block_in_place(|| desk.terminate());
    let own = desk.data_dir().join("token-key");
    std::fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let again = Setup { data_dir: Some(desk.data_dir().to_owned()), ..Setup::default() };
    is_refused(again, &["token-key", "open to everybody on this machine"]);
}
