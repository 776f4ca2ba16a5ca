//! What every command says of a log that does not prove itself, and what it lists of one that does.

use serde_json::{Value, json};

use crate::shop::{Shop, finish, program, session_of};

const GUARDS: [&str; 6] = [
    "event_is_never_updated",
    "event_is_never_deleted",
    "event_is_only_appended",
    "head_is_never_deleted",
    "identity_is_never_deleted",
    "identity_keeps_its_log",
];

async fn tampered(shop: &Shop, sql: &str) {
    let mut connection = shop.connection().await;
    for trigger in GUARDS {
        let drop = format!("drop trigger {trigger}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn tail_and_stats_say_when_an_event_does_not_prove_itself() {
    let shop = Shop::with_a_session().await;
    tampered(&shop, "update event set actor = 'agent:eve' where position = 3").await;
    let tail = shop.replay(["tail"]);
    assert_eq!(tail.code, Some(1), "{tail:?}");
    assert!(
        tail.out.contains("!! position 3 does not prove itself: the event's content does not give its hash"),
        "{tail:?}"
    );
    assert!(tail.out.lines().count() > 10, "the others are printed all the same: {tail:?}");
    let tail = shop.replay(["--json", "tail", "--type", "session.released"]);
    let lines: Vec<Value> = tail.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "the bad one is shown whatever is asked for: {tail:?}");
    assert_eq!(lines[0]["flaw"], json!({"kind": "changed"}));
    let stats = shop.replay(["stats", "--json"]);
    let document: Value = serde_json::from_str(&stats.out).unwrap();
    assert_eq!((stats.code, &document["first_unproved"]["position"]), (Some(1), &json!(3)));
    let listed = shop.replay(["sessions"]);
    assert!(listed.code == Some(1) && listed.out.contains("!! position 3"), "{listed:?}");
}

/// The log cannot be read as it was written: that is a difference, not a failure to run.
#[tokio::test]
async fn gaps_and_lost_rows_are_exit_code_1_in_every_command() {
    for sql in [
        "delete from event where position = 5",
        "delete from event",
        "delete from head",
        "delete from identity",
        "pragma ignore_check_constraints = on; update identity set log_id = x'00'",
    ] {
        let shop = Shop::with_a_session().await;
        tampered(&shop, sql).await;
        for command in ["verify", "tail", "stats", "sessions"] {
            let run = shop.replay([command]);
            assert_eq!(run.code, Some(1), "{command} after {sql}: {run:?}");
        }
        let run = shop.replay_with_key(["compare"]);
        // Without views there is nothing to compare, and the log is verified before that.
        assert_eq!(run.code, Some(1), "compare after {sql}: {run:?}");
    }
}

#[tokio::test]
async fn key_destroyed_without_a_record_is_no_erasure() {
    const WITHOUT: &str = "[key destroyed without an erasure on record]";
    let shop = Shop::with_a_session().await;
    shop.tell(2).await;
    shop.erase(1).await;
    let verified = shop.replay(["verify"]).ok();
    assert!(verified.contains("erasures   checked: "), "{verified}");
    shop.erase_without_record(2).await;
    let verified = shop.replay(["verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.out.contains("destroyed without an erasure on record"), "{verified:?}");
    let report = shop.replay(["verify", "--json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["first_flaw"]["kind"], json!("erased_without_record"), "{report}");
    assert_eq!(report["first_flaw"]["position"], json!(11), "{report}");
    for (n, expected, other) in [(1, "[erased]", WITHOUT), (2, WITHOUT, "[erased]")] {
        for shown in [
            shop.replay(["show", &session_of(n).to_string()]),
            shop.replay_with_key(["show", &session_of(n).to_string()]),
        ] {
            let shown = shown.ok();
            assert!(shown.contains(expected) && !shown.contains(other), "{shown}");
        }
        let stream = format!("session-{}", session_of(n));
        let tail = shop.replay(["tail", "--stream", &stream]).ok();
        assert!(tail.contains(expected) && !tail.contains(other), "{tail}");
    }
    let shown = shop.replay(["--json", "show", &session_of(2).to_string()]).json();
    assert_eq!(shown["name_state"], json!("destroyed_without_record"));
    let html = shop.folder().join("report.html").display().to_string();
    shop.replay(["report", &session_of(2).to_string(), "--html", &html]).ok();
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains(WITHOUT) && page.contains("WITHOUT an erasure on record"), "{page}");
    let listed = shop.replay(["sessions"]).ok();
    assert!(listed.contains(WITHOUT) && listed.contains("[erased]"), "{listed}");
}

#[tokio::test]
async fn verify_needs_no_vault_and_says_what_it_did_not_check() {
    let copy = Shop::with_a_session().await.closed_copy().await;
    std::fs::remove_file(copy.path().join("keys.db")).unwrap();
    let mut command = program(copy.path());
    command
        .env("DESK_MASTER_KEY_FILE", "/nowhere")
        .env("DESK_VAULT", "/nowhere/keys.db")
        .env("DESK_VIEWS", "mysql://x");
    let said = finish(command.arg("verify")).ok();
    assert!(said.contains("erasures   not checked: there is no vault at /nowhere/keys.db"), "{said}");
}

#[tokio::test]
async fn sessions_are_listed_and_events_filtered() {
    let shop = Shop::with_a_session().await;
    shop.tell(2).await;
    let listed = shop.replay(["sessions"]).ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains(&session_of(1).to_string()) && listed.contains("[sealed]"), "{listed}");
    let listed = shop.replay_with_key(["--json", "sessions"]).ok();
    let first: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!((&first["name"], &first["events"]), (&json!(crate::shop::NAME), &json!(10)));
    let count = |arguments: &[&str]| shop.replay([&["tail"], arguments].concat()).ok().lines().count();
    assert_eq!(count(&["--type", "session.opened"]), 2);
    assert_eq!(count(&["--type", "session.opened", "--stream", &format!("session-{}", session_of(2))]), 1);
    assert!(count(&["--actor", "assistant"]) >= 2 && count(&["--actor", "assistant:none"]) == 0);
}
