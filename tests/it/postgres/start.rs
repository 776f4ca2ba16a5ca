//! Refused starts and their messages; the rights that each role needs.

use event_store::{
    EventReader as _, Position,
    migration::MigrationError,
    postgres::{PostgresError, PostgresSettings, PostgresStore},
};
use futures::future::join_all;
use tests::postgres::Postgres;

use super::{append_one, connect, new_stream, run_sql};

async fn refusal(settings: PostgresSettings) -> PostgresError {
    PostgresStore::open(settings).await.err().expect("it is refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_fsync_is_refused() {
    let server = Postgres::own_with(&[("fsync", "off")]).await;
    let error = refusal(server.fresh_database().await.settings()).await;
    assert!(matches!(&error, PostgresError::UnsafeSetting { setting, .. } if setting == "fsync"), "{error}");
    assert!(error.to_string().contains("set fsync = on"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn role_with_asynchronous_commit_is_refused() {
    let database = Postgres::shared().await.fresh_database().await;
    let url = format!("{}?options=-c%20synchronous_commit%3Doff", database.url());
    let error = refusal(PostgresSettings::new(url)).await;
    assert!(
        matches!(&error, PostgresError::UnsafeSetting { setting, .. } if setting == "synchronous_commit"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn database_of_a_newer_version_is_refused() {
    let database = Postgres::shared().await.fresh_database().await;
    drop(database.open().await);
    let newer = "insert into log._sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, '', 0)";
    run_sql(&database.url(), newer).await;

    for settings in
        [database.settings(), PostgresSettings::new(database.url()), PostgresSettings::new(database.app_url())]
    {
        let error = refusal(settings).await;
        let newer =
            matches!(&error, PostgresError::Migration(MigrationError::Newer { database: "log", version: 9999 }));
        assert!(newer, "{error}");
        assert!(error.to_string().contains("newer version of Fiido Desk"), "{error}");
    }
    let error = PostgresStore::open_reader(&database.url()).await.err().expect("it is refused");
    assert!(matches!(error, PostgresError::Migration(MigrationError::Newer { .. })), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_first_starts_on_an_empty_database_agree_on_one_log() {
    let database = Postgres::shared().await.fresh_database().await;
    let nodes = join_all((0..6).map(|_| database.open())).await;
    let identities = join_all(nodes.iter().map(|node| node.identity())).await;
    let first = identities[0].as_ref().expect("it has one");
    assert!(identities.iter().all(|identity| identity.as_ref().is_ok_and(|identity| identity == first)));
}

#[tokio::test(flavor = "multi_thread")]
async fn app_role_alone_opens_a_migrated_log() {
    let database = Postgres::shared().await.fresh_database().await;
    drop(database.open().await);
    let store = PostgresStore::open(PostgresSettings::new(database.app_url())).await.expect("nothing to migrate");
    assert_eq!(append_one(&store, &new_stream()).await.position, Position(1));

    run_sql(&database.url(), "delete from log._sqlx_migrations").await;
    let error = refusal(PostgresSettings::new(database.app_url())).await;
    let is_behind = matches!(error, PostgresError::Migration(MigrationError::Behind { database: "log", found: 0, .. }));
    assert!(is_behind, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reader_needs_a_log_and_receives_events_of_others() {
    let database = Postgres::shared().await.fresh_database().await;
    assert!(PostgresStore::open_reader(&database.url()).await.is_err(), "there is no log yet");

    let store = database.open().await;
    let reader = PostgresStore::open_reader(&database.app_url()).await.expect("there is a log");
    assert_eq!(reader.identity().await.expect("it has one"), store.identity().await.expect("it has one"));
    append_one(&store, &new_stream()).await;
    assert_eq!(reader.head().await.expect("it is there"), Position(1));
    assert_eq!(reader.read_all(Position::START, 10).await.expect("it is there").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn app_role_has_no_access_to_migration_tables() {
    use event_store::{
        migration::migrate_vault,
        postgres::{Rights, grant_schema, role_of},
        sql::{Database, pg_pool},
    };
    let database = Postgres::shared().await.fresh_database().await;
    let owner = pg_pool(&database.url(), "vault", 2).await.expect("the database is there");
    migrate_vault(&Database::Postgres(owner.clone())).await.expect("it is empty");
    let role = role_of(&database.app_url()).expect("a right URL");
    grant_schema(&owner, "vault", &role, Rights::ReadAndWrite).await.expect("the owner may");

    let mut app = connect(&database.app_url()).await;
    let add = "insert into vault.data_key (key_id, subject, wrapped, created_at)
         values ('k', decode(repeat('11', 16), 'hex'), '\\x01', 'now')";
    sqlx::raw_sql(add).execute(&mut app).await.expect("it may add keys");
    let code = super::guards::refusal_code(&mut app, "delete from vault._sqlx_migrations").await;
    assert_eq!(code, "42501");
}
