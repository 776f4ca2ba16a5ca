//! Single moments of a rebuild, each prepared as a crash leaves it; and the command that does the work itself, with desks
//! that come and go under it.

use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};
use tests::{desk::Desk, postgres::FreshDatabase};
use tokio::process::Child;

use super::{
    kills::{figures, head},
    past, rebuild,
    scene::{Ended, LONG, Scene, serves},
};
use crate::crash::until;

/// Views of generation 1 that a server made, which is gone; and what it told.
async fn left(mut scene: Scene) -> (Scene, Value) {
    scene.start();
    let truth = figures(scene.desk(), head(&scene).await).await;
    scene.desk = None;
    (scene, truth)
}

/// A server on what is left: the right figures at once, and the wanted generation before long.
async fn comes_up(scene: &mut Scene, truth: &Value, at_once: u64, in_the_end: u64) {
    scene.start();
    assert!(super::generation(scene.desk()).await >= at_once, "it has gone back");
    assert_eq!(&figures(scene.desk(), 0).await, truth);
    serves(scene.desk(), in_the_end).await;
    assert_eq!(&figures(scene.desk(), 0).await, truth);
    scene.agrees_with_the_log().await;
}

/// Runs a statement in a generation's file or schema.
async fn in_generation(scene: &Scene, number: u64, sql: &str) {
    match &scene.database {
        Some(database) => on_server(database, &format!("set search_path to views_{number}; {sql}")).await,
        None => {
            let file = scene.data_dir().join(format!("views-{number}.db"));
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

async fn point_to(scene: &Scene, number: u64) {
    match &scene.database {
        Some(database) => on_server(database, &format!("update views.current_generation set number = {number}")).await,
        None => std::fs::write(scene.data_dir().join("views-current"), format!("{number}\n")).unwrap(),
    }
}

const DEAD_OWNER: &str = "update checkpoint set owner = 'dead', owner_epoch = owner_epoch + 1";

/// Asked for, and nothing begun.
async fn before_the_build(scene: Scene) {
    let (mut scene, truth) = left(scene).await;
    let asked = scene.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    assert_eq!((&asked["generation"], &asked["joined"], &asked["done"]), (&2.into(), &false.into(), &false.into()));
    let again = scene.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    assert_eq!((&again["generation"], &again["joined"]), (&2.into(), &true.into()), "asking twice asks once");
    comes_up(&mut scene, &truth, 1, 2).await;
}

/// Built, and dead before the pointer was moved.
async fn before_the_pointer(scene: Scene) {
    let (mut scene, truth) = left(scene).await;
    let built = rebuild(&scene, true).await.with_code(0);
    assert_eq!((&built["generation"], &built["by"]), (&2.into(), &"desk-replay".into()), "{built}");
    point_to(&scene, 1).await;
    for number in [1, 2] {
        in_generation(&scene, number, DEAD_OWNER).await;
    }
    comes_up(&mut scene, &truth, 1, 2).await;
}

/// The pointer was moved, and nobody had gone over; the rows that were left are somebody's who is dead.
async fn after_the_pointer(scene: Scene) {
    let (mut scene, truth) = left(scene).await;
    rebuild(&scene, true).await.with_code(0);
    for number in [1, 2] {
        in_generation(&scene, number, DEAD_OWNER).await;
    }
    comes_up(&mut scene, &truth, 2, 2).await;
    let next = rebuild(&scene, false).await.with_code(0);
    assert_eq!(next["generation"], 3, "{next}");
    until("the oldest goes", LONG, async || !has_generation(&scene, 1).await).await;
    assert!(has_generation(&scene, 2).await, "the one before stays");
}

async fn has_generation(scene: &Scene, number: u64) -> bool {
    match &scene.database {
        None => scene.data_dir().join(format!("views-{number}.db")).exists(),
        Some(database) => {
            let mut admin = sqlx::PgConnection::connect(&database.admin_url()).await.unwrap();
            let sql = format!("select count(*) from pg_namespace where nspname = 'views_{number}'");
            let (count,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
            count == 1
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_was_only_asked_for_is_built_by_the_next_server_on_sqlite() {
    before_the_build(Scene::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_was_only_asked_for_is_built_by_the_next_server_on_postgres() {
    before_the_build(Scene::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_before_the_pointer_moved_goes_on_on_sqlite() {
    before_the_pointer(Scene::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_before_the_pointer_moved_goes_on_on_postgres() {
    before_the_pointer(Scene::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_after_the_pointer_moved_serves_the_new_rows_on_sqlite() {
    after_the_pointer(Scene::on_sqlite(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_after_the_pointer_moved_serves_the_new_rows_on_postgres() {
    after_the_pointer(Scene::on_postgres(past()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_crash_left_half_made_or_half_removed_are_in_nobodys_way() {
    let (mut scene, truth) = left(Scene::on_sqlite(past()).await).await;
    let garbage = "not a database, and long enough to be looked at as one ".repeat(20);
    for file in ["views-draft", "views-draft-wal", "views-current.next", "views-2.db-wal", "views-2.db-shm"] {
        std::fs::write(scene.data_dir().join(file), &garbage).unwrap();
    }
    scene.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
    comes_up(&mut scene, &truth, 1, 2).await;
}

/// Starts the command, and waits until the generation is there.
async fn begun(scene: &Scene, with_key: bool) -> Child {
    let mut command = scene.replay(with_key, &["rebuild"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    until("it is asked for", LONG, async || has_generation(scene, 2).await).await;
    child
}

async fn ended(child: Child) -> Ended {
    Ended::of(tokio::time::timeout(LONG, child.wait_with_output()).await.expect("it ends").unwrap())
}

async fn a_desk_starts_meanwhile(scene: Scene) {
    let (mut scene, _) = left(scene).await;
    let child = begun(&scene, true).await;
    scene.start();
    let rebuilt = ended(child).await.with_code(0);
    assert_eq!(rebuilt["generation"], 2, "{rebuilt}");
    serves(scene.desk(), 2).await;
    scene.agrees_with_the_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_starts_while_the_command_builds_is_not_refused_and_goes_on_on_sqlite() {
    a_desk_starts_meanwhile(Scene::on_sqlite(past() * 3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_starts_while_the_command_builds_is_not_refused_and_goes_on_on_postgres() {
    a_desk_starts_meanwhile(Scene::on_postgres(past()).await).await;
}

async fn the_desk_dies_meanwhile(mut scene: Scene) {
    scene.start();
    let child = begun(&scene, true).await;
    scene.desk = None;
    let rebuilt = ended(child).await.with_code(0);
    assert_eq!(rebuilt["generation"], 2, "{rebuilt}");
    scene.agrees_with_the_log().await;
    scene.start();
    assert_eq!(super::generation(scene.desk()).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_goes_on_where_a_desk_has_died_on_sqlite() {
    the_desk_dies_meanwhile(Scene::on_sqlite(past() * 3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_goes_on_where_a_desk_has_died_on_postgres() {
    the_desk_dies_meanwhile(Scene::on_postgres(past() * 3).await).await;
}

async fn nobody_builds(scene: Scene) {
    let (mut scene, _) = left(scene).await;
    let refused = tokio::time::timeout(LONG, scene.replayed(false, &["rebuild"])).await.unwrap();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("no desk is running") && refused.err.contains("--master-key"), "{refused:?}");
    scene.start();
    serves(scene.desk(), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_desk_and_key_it_says_what_to_do_and_stays_asked_for_on_sqlite() {
    nobody_builds(Scene::on_sqlite(8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_desk_and_key_it_says_what_to_do_and_stays_asked_for_on_postgres() {
    nobody_builds(Scene::on_postgres(8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_command_leaves_what_the_next_one_goes_on_with() {
    let (scene, _) = left(Scene::on_sqlite(past() * 3).await).await;
    let child = begun(&scene, true).await;
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let interrupted = ended(child).await;
    // A fast machine may have been through by then.
    assert!(matches!(interrupted.code, Some(0 | 2)), "{interrupted:?}");
    if interrupted.code == Some(2) {
        assert!(interrupted.err.contains("stays asked for"), "{interrupted:?}");
        let on = rebuild(&scene, true).await.with_code(0);
        assert_eq!((&on["generation"], &on["joined"]), (&2.into(), &true.into()), "{on}");
    }
    scene.agrees_with_the_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_root_makes_belongs_to_whom_the_folder_belongs_to() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (scene, _) = left(Scene::on_sqlite(8).await).await;
    if std::fs::metadata(scene.data_dir()).unwrap().uid() != 0 {
        return;
    }
    give_all(&scene.data_dir(), |file| chown(file, Some(65_534), Some(65_534)));
    rebuild(&scene, true).await.with_code(0);
    give_all(&scene.data_dir(), |file| {
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

/// What a second desk is told while one runs has not changed: it waits for half a second only.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_desk_on_the_same_folder_is_still_refused() {
    let mut scene = Scene::on_sqlite(1).await;
    scene.start();
    let setup = scene.setup("data");
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_ne!(code, Some(0));
    assert!(said.contains("another desk uses"), "{said}");
}
