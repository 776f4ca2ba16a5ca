//! `show`: a session now and at earlier moments.

use serde_json::json;

use crate::shop::{ANSWER, NAME, Shop, WITHHELD, agent, customer, screen_cleared, session_of};

fn id() -> String {
    session_of(1).to_string()
}

#[tokio::test]
async fn a_session_is_shown_with_everything_that_happened() {
    let shop = Shop::with_a_session().await;
    let shown = shop.replay_with_key(["show", &id()]).ok();
    for expected in [
        NAME,
        "status     bot_active",
        "events     10, positions 1 to 10",
        "刹车异响\\u{1b}[2J",
        "| 怎么办？",
        ANSWER,
        "confidence 0.870",
        "ESCALATED: manual, rule R1 of policy 3, severity high, class normal  -> pending_manual",
        "命中关键词: 人工",
        "WITHHELD: handed_over",
        WITHHELD,
        "already seen of it: 第二",
        "-> manual_live",
        "state after version 10, position 10:",
        "no message waits for the assistant",
    ] {
        assert!(shown.contains(expected), "{expected:?} is missing in\n{shown}");
    }
}

#[tokio::test]
async fn a_session_is_found_by_stream_and_by_name() {
    let shop = Shop::with_a_session().await;
    let by_id = shop.replay_with_key(["show", &id()]).ok();
    assert_eq!(shop.replay_with_key(["show", &format!("session-{}", id())]).ok(), by_id);
    assert_eq!(shop.replay_with_key(["show", NAME]).ok(), by_id);
}

#[tokio::test]
async fn an_ambiguous_name_lists_the_session_ids() {
    let shop = Shop::with_a_session().await;
    shop.tell(2).await;
    let refused = shop.replay_with_key(["show", NAME]).failed(2);
    assert!(refused.contains(&id()) && refused.contains(&session_of(2).to_string()), "{refused}");
    assert!(!refused.contains(NAME), "{refused}");
}

#[tokio::test]
async fn an_unknown_name_is_not_repeated_in_the_error() {
    let shop = Shop::with_a_session().await;
    for wanted in ["frau-mueller", &session_of(7).to_string()] {
        let refused = shop.replay_with_key(["show", wanted]).failed(2);
        assert!(refused.starts_with("error: there is no such session"), "{refused}");
        assert!(!refused.contains(wanted), "{refused}");
    }
    let refused = shop.replay(["show", NAME]).failed(2);
    assert!(refused.contains("--master-key"), "{refused}");
}

/// Status and owner in the JSON output.
fn state(shop: &Shop, moment: [&str; 2]) -> (String, serde_json::Value, u64) {
    let shown = shop.replay(["--json", "show", &id(), moment[0], moment[1]]).json();
    let status = shown["state"]["status"].as_str().unwrap().to_owned();
    (status, shown["state"]["agent"].clone(), shown["at"]["version"].as_u64().unwrap())
}

#[tokio::test]
async fn a_session_is_shown_after_a_version_and_at_a_position() {
    let shop = Shop::with_a_session().await;
    let owner = json!(agent());
    for by in ["--version", "--position"] {
        assert_eq!(state(&shop, [by, "1"]), ("bot_active".into(), json!(null), 1));
        assert_eq!(state(&shop, [by, "7"]), ("pending_manual".into(), json!(null), 7));
        assert_eq!(state(&shop, [by, "9"]), ("manual_live".into(), owner.clone(), 9));
        assert_eq!(state(&shop, [by, "10"]), ("bot_active".into(), json!(null), 10));
    }
}

#[tokio::test]
async fn a_moment_is_a_position_or_a_time() {
    let shop = Shop::with_a_session().await;
    let times = shop.times().await;
    for position in [1, 7, 9, 10] {
        let by_position = shop.replay_with_key(["show", &id(), "--at", &position.to_string()]).ok();
        assert_eq!(shop.replay_with_key(["show", &id(), "--position", &position.to_string()]).ok(), by_position);
        assert_eq!(shop.replay_with_key(["show", &id(), "--at", &times[position - 1].to_string()]).ok(), by_position);
    }
}

#[tokio::test]
async fn messages_of_customer_and_staff_and_the_last_decision_are_shown() {
    let shop = Shop::with_a_session().await;
    let before = shop.replay_with_key(["show", &id(), "--at", "6"]).ok();
    assert!(before.contains("last decision: no rule has fired"), "{before}");
    let shown = shop.replay_with_key(["show", &id(), "--at", "8"]).ok();
    let seen = shown.split_once("the customer saw:").unwrap().1;
    let (by_customer, besides) = seen.split_once("staff saw besides:").unwrap();
    let (by_staff, decision) = besides.split_once("last decision: ").unwrap();
    assert!(by_customer.contains(ANSWER) && !by_customer.contains(WITHHELD), "{by_customer}");
    assert!(by_staff.contains("assistant  withheld") && by_staff.contains(WITHHELD), "{by_staff}");
    assert!(by_staff.contains("already seen of it: 第二"), "{by_staff}");
    assert!(decision.starts_with("manual, rule R1 of policy 3, severity high, at position 7"), "{decision}");
    assert!(decision.contains("evidence: 命中关键词: 人工"), "{decision}");
}

#[tokio::test]
async fn cleared_messages_are_shown_before_the_clearing_only() {
    let shop = Shop::with_a_session().await;
    shop.append(1, customer(1), &screen_cleared()).await;
    let saw = |at: &str| shop.replay_with_key(["--json", "show", &id(), "--at", at]).json();
    let (before, after) = (saw("10"), saw("11"));
    assert_eq!(before["customer_saw"].as_array().unwrap().len(), 3);
    assert_eq!(after["customer_saw"], json!([]));
    let staff = after["staff_saw"].as_array().unwrap();
    assert_eq!((staff.len(), staff.iter().all(|message| message["hidden"] == true)), (4, true));
    assert_eq!(before["last_decision"], after["last_decision"]);
}

#[tokio::test]
async fn sealed_and_erased_texts_are_distinguished() {
    let shop = Shop::with_a_session().await;
    for (state, word) in [("sealed", "[sealed]"), ("erased", "[erased]")] {
        let shown = shop.replay(["--json", "show", &id()]).json();
        let messages = shown["staff_saw"].as_array().unwrap();
        assert!(messages.iter().all(|message| message["text"].is_null() && message["text_state"] == state), "{shown}");
        assert_eq!(shown["last_decision"]["evidence_state"], state);
        let text = shop.replay(["show", &id()]).ok();
        assert!(text.split_once("the customer saw:").unwrap().1.contains(word), "{text}");
        shop.erase(1).await;
    }
}

#[tokio::test]
async fn a_time_includes_events_of_that_moment() {
    let shop = Shop::with_a_session().await;
    let times = shop.times().await;
    let just_before = times[8] - jiff::SignedDuration::from_nanos(1);
    assert_eq!(state(&shop, ["--at", &times[8].to_string()]).0, "manual_live");
    assert_eq!(state(&shop, ["--at", &just_before.to_string()]).0, "pending_manual");
    assert_eq!(state(&shop, ["--at", "2999-01-01 00:00"]).2, 10);
}

#[tokio::test]
async fn waiting_messages_of_that_moment_are_shown() {
    let shop = Shop::with_a_session().await;
    let shown = shop.replay(["show", &id(), "--version", "6"]).ok();
    assert!(shown.contains("events     6 of 10"), "{shown}");
    assert!(shown.contains("attempt 1, 1 to answer, until 2025-11-23T12:00:00Z"), "{shown}");
    let shown = shop.replay(["show", &id(), "--version", "5"]).ok();
    assert!(shown.contains("  waiting: message"), "{shown}");
}

#[tokio::test]
async fn a_moment_outside_the_session_is_refused() {
    let shop = Shop::empty().await;
    shop.tell(2).await;
    shop.tell(1).await;
    for (moment, says) in [
        (["--at", "1999-01-01 00:00"], "did not exist then"),
        (["--position", "3"], "did not exist then"),
        (["--version", "0"], "did not exist then"),
        (["--version", "11"], "has 10 versions, not 11"),
        (["--position", "21"], "the log ends at position 20"),
        (["--at", "yesterday"], "must be a position like"),
    ] {
        let refused = shop.replay(["show", &id(), moment[0], moment[1]]).failed(2);
        assert!(refused.contains(says), "{moment:?}: {refused}");
    }
    let both = shop.replay(["show", &id(), "--version", "1", "--position", "1"]).failed(2);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[tokio::test]
async fn json_is_one_document() {
    let shop = Shop::with_a_session().await;
    let shown = shop.replay_with_key(["show", NAME, "--json"]).json();
    assert_eq!(shown["session_id"], json!(session_of(1)));
    assert_eq!(shown["name"], json!(NAME));
    assert_eq!(shown["name_state"], json!("known"));
    assert_eq!(shown["log"]["head"], json!(10));
    assert_eq!(shown["state"]["episode"], json!(1));
    let events = shown["events"].as_array().unwrap();
    assert_eq!(events.len(), 10);
    assert_eq!(events[1]["type"], json!("session.customer_message_sent"));
    assert_eq!(events[1]["personal"]["text"], json!(crate::shop::QUESTION));
    assert_eq!(events[6]["status_after"], json!("pending_manual"));
    assert_eq!(events[8]["data"]["agent"], json!(agent()));
}
