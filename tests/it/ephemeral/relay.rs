//! Frames are lost on the way: with the connection that they come by, or one by one.

use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::*;

pub(super) async fn count(nodes: &Nodes, sql: &str) -> i64 {
    let mut connection = sqlx::PgConnection::connect(&nodes.database().admin_url()).await.unwrap();
    let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
    row.try_get(0).unwrap()
}

pub(super) async fn execute(nodes: &Nodes, sql: &str) {
    let mut connection = sqlx::PgConnection::connect(&nodes.database().admin_url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

const LISTENING: &str =
    "from pg_stat_activity where application_name = 'desk ephemeral frames' and datname = current_database()";

/// How often a server's relay was started again, where it runs.
async fn restarts(desk: &Desk) -> Option<u64> {
    let shown: Value = desk.staff().get("/api/health/detailed").await.unwrap().json().await.unwrap();
    let followers = shown["data"]["followers"].as_array().unwrap();
    let relay = followers.iter().find(|follower| follower["name"] == "ephemeral_frames").unwrap();
    (relay["state"] == "running").then(|| relay["restarts"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_cross_again_after_their_connections_were_cut_also_of_an_answer_that_streams() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    assert_eq!(count(&nodes, &format!("select count(*) {LISTENING}")).await, 2, "one connection for each server");
    let mut here = session.ask(&session.here).await;
    let mut there = session.ask(&session.there).await;
    let mut before = until_shown(&mut there, 200).await;
    assert_eq!(count(&nodes, &format!("select count(pg_terminate_backend(pid)) {LISTENING}")).await, 2);
    let cut = before.len();
    before.extend(rest(&mut there).await);
    assert_eq!(text_of(&before), story());
    assert_eq!(text_of(&rest(&mut here).await), story());
    // It goes on from the text so far, piece by piece.
    assert!(before.len() > cut + 20, "only {} frames came after the cut", before.len() - cut);
    for desk in [&nodes.here, &nodes.there] {
        assert_eq!(restarts(desk).await, Some(1));
    }
    assert_eq!(count(&nodes, &format!("select count(*) {LISTENING}")).await, 2);
    frames_still_cross(&nodes, &session).await;
}

async fn frames_still_cross(nodes: &Nodes, session: &Session) {
    let response = nodes.there.staff().get(&format!("/api/sessions/{}/events", session.id)).await.unwrap();
    let mut frames = Frames::of(response);
    let path = format!("/api/sessions/{}/typing", session.name);
    assert_eq!(session.here.post(&path, &json!({"is_typing": true})).await.unwrap().status(), 200);
    assert_eq!(next_called(&mut frames, "typing").await["by"], "customer");
}

/// Rows are refused as if they were lost, so the beginning does not come; pieces after it do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_missed_the_beginning_of_an_answer_shows_nothing_until_it_has_asked_for_it() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    execute(&nodes, "create function policy.lose() returns trigger language plpgsql as 'begin return null; end'").await;
    let lose =
        "create trigger lose before insert on policy.ephemeral_frame for each row execute function policy.lose()";
    execute(&nodes, lose).await;
    session.ask_without_waiting(&session.here).await;
    let mut here = session.ask(&session.here).await;
    until_shown(&mut here, 7_000).await;
    let mut there = session.ask(&session.there).await;
    let early = tokio::time::timeout(Duration::from_millis(700), until_shown(&mut there, 1)).await;
    assert!(early.is_err(), "{:?}", early.map(|frames| text_of(&frames)));
    execute(&nodes, "drop trigger lose on policy.ephemeral_frame").await;
    let mut shown = until_shown(&mut there, 7_000).await;
    let at_once = shown.len();
    shown.extend(rest(&mut there).await);
    assert_eq!(text_of(&shown), story());
    assert!(shown.len() > at_once + 10, "it came with the end: {} frames", shown.len());
}
