//! Single moments of a rebuild, prepared as a crash leaves them; and the rebuild command with desks that start and stop meanwhile.

use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};
use tests::{desk::Desk, postgres::FreshDatabase};
use tokio::process::Child;

use super::{
    fixture::{Ended, Fixture, LONG, serves},
    kills::{figures, head},
    past, rebuild,
};
use crate::crash::until;

/// Views of generation 1 by a stopped server, and the figures that it served.
async fn left(mut fixture: Fixture) -> (Fixture, Value) {
    fixture.start();
    let truth = figures(fixture.desk(), head(&fixture).await).await;
    fixture.desk = None;
    (fixture, truth)
}

/// A new server serves the right figures at once, and the requested generation soon.
async fn comes_up(fixture: &mut Fixture, truth: &Value, at_once: u64, in_the_end: u64) {
    fixture.start();
    assert!(super::generation(fixture.desk()).await >= at_once, "it has gone back");
    assert_eq!(&figures(fixture.desk(), 0).await, truth);
    serves(fixture.desk(), in_the_end).await;
    assert_eq!(&figures(fixture.desk(), 0).await, truth);
    fixture.agrees_with_the_log().await;
}

/// Runs a statement in a generation's file or schema.
async fn in_generation(fixture: &Fixture, number: u64, sql: &str) {
    match &fixture.database {
        Some(database) => on_server(database, &format!("set search_path to views_{number}; {sql}")).await,
        None => {
            let file = fixture.data_dir().join(format!("views-{number}.db"));
            let mut connection = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn on_server(database: &FreshDatabase, sql: &str) {
    let mut admin = sqlx::PgConnection::connect(&database.admin_url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut admin).await.unwrap();
}

async fn point_to(fixture: &Fixture, number: u64) {
    match &fixture.database {
        Some(database) => on_server(database, &format!("update views.current_generation set number = {number}")).await,
        None => std::fs::write(fixture.data_dir().join("views-current"), format!("{number}\n")).unwrap(),
    }
}

const DEAD_OWNER: &str = "update checkpoint set owner = 'dead', owner_epoch = owner_epoch + 1";

/// Requested, and nothing started.
async fn before_the_build(fixture: Fixture) {
    let (mut fixture, truth) = left(fixture).await;
    let asked = fixture.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    assert_eq!((&asked["generation"], &asked["joined"], &asked["done"]), (&2.into(), &false.into(), &false.into()));
    let again = fixture.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    assert_eq!((&again["generation"], &again["joined"]), (&2.into(), &true.into()), "asking twice asks once");
    comes_up(&mut fixture, &truth, 1, 2).await;
}

/// Built, and killed before the switch.
async fn before_the_pointer(fixture: Fixture) {
    let (mut fixture, truth) = left(fixture).await;
    let built = rebuild(&fixture, true).await.with_code(0);
    assert_eq!((&built["generation"], &built["by"]), (&2.into(), &"desk-replay".into()), "{built}");
    point_to(&fixture, 1).await;
    for number in [1, 2] {
        in_generation(&fixture, number, DEAD_OWNER).await;
    }
    comes_up(&mut fixture, &truth, 1, 2).await;
}

/// Killed after the switch, before any reader followed; the killed process still owns the old rows.
async fn after_the_pointer(fixture: Fixture) {
    let (mut fixture, truth) = left(fixture).await;
    rebuild(&fixture, true).await.with_code(0);
    for number in [1, 2] {
        in_generation(&fixture, number, DEAD_OWNER).await;
    }
    comes_up(&mut fixture, &truth, 2, 2).await;
    let next = rebuild(&fixture, false).await.with_code(0);
    assert_eq!(next["generation"], 3, "{next}");
    until("the oldest goes", LONG, async || !has_generation(&fixture, 1).await).await;
    assert!(has_generation(&fixture, 2).await, "the one before stays");
}

async fn has_generation(fixture: &Fixture, number: u64) -> bool {
    match &fixture.database {
        None => fixture.data_dir().join(format!("views-{number}.db")).exists(),
        Some(database) => {
            let mut admin = sqlx::PgConnection::connect(&database.admin_url()).await.unwrap();
            let sql = format!("select count(*) from pg_namespace where nspname = 'views_{number}'");
            let (count,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
            count == 1
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requested_generation_is_built_by_the_next_server_on_sqlite() {
    before_the_build(Fixture::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requested_generation_is_built_by_the_next_server_on_postgres() {
    before_the_build(Fixture::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_before_the_switch_resumes_on_sqlite() {
    before_the_pointer(Fixture::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_before_the_switch_resumes_on_postgres() {
    before_the_pointer(Fixture::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_after_the_switch_serves_the_new_generation_on_sqlite() {
    after_the_pointer(Fixture::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_after_the_switch_serves_the_new_generation_on_postgres() {
    after_the_pointer(Fixture::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leftover_files_of_a_crash_do_not_block_a_rebuild() {
    let (mut fixture, truth) = left(Fixture::on_sqlite(past()).await).await;
    let garbage = "not a database, and long enough to be looked at as one ".repeat(20);
    for file in ["views-draft", "views-draft-wal", "views-current.next", "views-2.db-wal", "views-2.db-shm"] {
        std::fs::write(fixture.data_dir().join(file), &garbage).unwrap();
    }
    fixture.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    comes_up(&mut fixture, &truth, 1, 2).await;
}

/// Starts the command, and waits until the generation is there.
async fn begun(fixture: &Fixture, with_key: bool) -> Child {
    let mut command = fixture.replay(with_key, &["rebuild"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    until("it is asked for", LONG, async || has_generation(fixture, 2).await).await;
    child
}

async fn ended(child: Child) -> Ended {
    Ended::of(tokio::time::timeout(LONG, child.wait_with_output()).await.expect("it ends").unwrap())
}

async fn a_desk_starts_meanwhile(fixture: Fixture) {
    let (mut fixture, _) = left(fixture).await;
    let child = begun(&fixture, true).await;
    fixture.start();
    let rebuilt = ended(child).await.with_code(0);
    assert_eq!(rebuilt["generation"], 2, "{rebuilt}");
    serves(fixture.desk(), 2).await;
    fixture.agrees_with_the_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_starting_during_a_command_line_rebuild_continues_it_on_sqlite() {
    a_desk_starts_meanwhile(Fixture::on_sqlite(past() * 3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_starting_during_a_command_line_rebuild_continues_it_on_postgres() {
    a_desk_starts_meanwhile(Fixture::on_postgres(past()).await).await;
}

async fn the_desk_dies_meanwhile(mut fixture: Fixture) {
    fixture.start();
    let child = begun(&fixture, true).await;
    fixture.desk = None;
    let rebuilt = ended(child).await.with_code(0);
    assert_eq!(rebuilt["generation"], 2, "{rebuilt}");
    fixture.agrees_with_the_log().await;
    fixture.start();
    assert_eq!(super::generation(fixture.desk()).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_command_resumes_after_a_killed_desk_on_sqlite() {
    the_desk_dies_meanwhile(Fixture::on_sqlite(past() * 3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_command_resumes_after_a_killed_desk_on_postgres() {
    the_desk_dies_meanwhile(Fixture::on_postgres(past() * 3).await).await;
}

async fn nobody_builds(fixture: Fixture) {
    let (mut fixture, _) = left(fixture).await;
    let refused = tokio::time::timeout(LONG, fixture.replayed(false, &["rebuild"])).await.unwrap();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("no desk is running") && refused.err.contains("--master-key"), "{refused:?}");
    fixture.start();
    serves(fixture.desk(), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_without_desk_and_key_stays_requested_and_says_what_to_do_on_sqlite() {
    nobody_builds(Fixture::on_sqlite(8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_without_desk_and_key_stays_requested_and_says_what_to_do_on_postgres() {
    nobody_builds(Fixture::on_postgres(8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_rebuild_command_is_resumed_by_the_next() {
    let (fixture, _) = left(Fixture::on_sqlite(past() * 3).await).await;
    let child = begun(&fixture, true).await;
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let interrupted = ended(child).await;
    // A fast machine may have finished by then.
    assert!(matches!(interrupted.code, Some(0 | 2)), "{interrupted:?}");
    if interrupted.code == Some(2) {
        assert!(interrupted.err.contains("stays asked for"), "{interrupted:?}");
        let on = rebuild(&fixture, true).await.with_code(0);
        assert_eq!((&on["generation"], &on["joined"]), (&2.into(), &true.into()), "{on}");
    }
    fixture.agrees_with_the_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_made_by_root_belong_to_the_folders_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (fixture, _) = left(Fixture::on_sqlite(8).await).await;
    if std::fs::metadata(fixture.data_dir()).unwrap().uid() != 0 {
        return;
    }
    give_all(&fixture.data_dir(), |file| chown(file, Some(65_534), Some(65_534)));
    rebuild(&fixture, true).await.with_code(0);
    give_all(&fixture.data_dir(), |file| {
        let owner = std::fs::metadata(file)?.uid();
        assert_eq!(owner, 65_534, "{}", file.display());
        Ok(())
    });
}

fn give_all(folder: &Path, each: impl Fn(&Path) -> std::io::Result<()>) {
    each(folder).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        each(&entry.unwrap().path()).unwrap();
    }
}

/// A second desk is refused after half a second, as without a rebuild.
#[tokio::test(flavor = "multi_thread")]
async fn second_desk_on_the_folder_is_refused_during_a_rebuild() {
    let mut fixture = Fixture::on_sqlite(1).await;
    fixture.start();
    let setup = fixture.setup("data");
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_ne!(code, Some(0));
    assert!(said.contains("another desk uses"), "{said}");
}
