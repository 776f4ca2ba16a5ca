//! `verify`: a valid log is verified, and changes are found.

use serde_json::json;

use crate::shop::{Shop, finish, program, session_of};

/// Changes stored events directly in the database.
async fn tamper(shop: &Shop, statements: &[&str]) {
    let mut connection = shop.connection().await;
    for trigger in ["event_is_never_updated", "event_is_never_deleted", "event_is_only_appended"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("drop trigger {trigger}"))).execute(&mut connection).await.unwrap();
    }
    for statement in statements {
        sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn an_unchanged_log_is_verified() {
    let shop = Shop::with_a_session().await;
    shop.tell(2).await;
    let shown = shop.replay(["verify"]).ok();
    assert!(shown.contains("20 events in 2 streams"), "{shown}");
    assert!(shown.contains("without a signed checkpoint"), "{shown}");
    let report = shop.replay(["verify", "--json"]).json();
    assert_eq!(report["ok"], json!(true));
    assert_eq!(report["events"], json!(20));
    assert_eq!(report["head"], json!(20));
    assert_eq!(report["generation"], json!(1));
    assert_eq!(report["first_flaw"], json!(null));
    let times = shop.times().await;
    assert_eq!(report["first_recorded_at"], json!(event_store::event::time_text(times[0])));
    assert_eq!(report["last_recorded_at"], json!(event_store::event::time_text(times[19])));
}

#[tokio::test]
async fn an_empty_log_is_verified() {
    let report = Shop::empty().await.replay(["verify", "--json"]).json();
    assert_eq!(
        (&report["ok"], &report["events"], &report["first_recorded_at"]),
        (&json!(true), &json!(0), &json!(null))
    );
}

#[tokio::test]
async fn a_changed_byte_is_found_at_its_position() {
    let shop = Shop::with_a_session().await;
    tamper(&shop, &["update event set data = replace(data, '870', '871') where position = 4"]).await;
    let run = shop.replay(["verify"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    assert!(run.out.contains("first bad position 4: the event's content does not give its hash"), "{}", run.out);
    assert!(run.out.contains("3 events in 1 stream\n"), "{}", run.out);
}

#[tokio::test]
async fn removed_swapped_and_truncated_events_are_found() {
    let swap = [
        "update event set position = -3 where position = 3",
        "update event set position = 3 where position = 5",
        "update event set position = 5 where position = -3",
    ];
    let attacks: [(&[&str], u64); 4] = [
        (&["delete from event where position = 6"], 6),
        (&swap, 3),
        (&["delete from event where position = 10"], 10),
        (&["update event set recorded_at = 'not a time, but 27 letters!' where position = 2"], 2),
    ];
    for (attack, position) in attacks {
        let shop = Shop::with_a_session().await;
        tamper(&shop, attack).await;
        let run = shop.replay(["verify", "--json"]);
        assert_eq!(run.code, Some(1), "{attack:?}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(report["first_flaw"]["to"], json!(position), "{attack:?}: {report}");
    }
}

#[tokio::test]
async fn a_changed_session_is_not_shown() {
    let shop = Shop::with_a_session().await;
    tamper(&shop, &["delete from event where position = 8"]).await;
    let refused = shop.replay(["show", &session_of(1).to_string()]).failed(1);
    assert!(refused.contains("version 8 (position 9)"), "{refused}");
    assert!(refused.contains("desk-replay verify"), "{refused}");
}

#[tokio::test]
async fn a_closed_log_is_verified_and_counted() {
    let copy = Shop::with_a_session().await.closed_copy().await;
    let report = finish(program(copy.path()).args(["verify", "--json"])).json();
    assert_eq!(report["events"], json!(10));
    let counted = finish(program(copy.path()).args(["stats", "--json"])).json();
    assert_eq!(counted["events_by_type"]["session.customer_message_sent"], json!(2));
    assert_eq!(counted["streams_by_category"], json!({"session": 1}));
    assert_eq!(counted["sessions_by_status"], json!({"bot_active": 1}));
    assert_eq!(counted["personal_parts_by_class"], json!({"contact": 1, "message": 5}));
    assert!(counted["data_bytes"].as_u64() > Some(500) && counted["sealed_bytes"].as_u64() > Some(200));
}
