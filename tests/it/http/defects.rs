//! Defects of the original system that only a started server shows: `docs/original-defects.md` lists all of them with their tests.

use std::{sync::OnceLock, time::Duration};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    desk::{Customer, Desk, Frames, Setup},
    identity::{Key, claims, with},
};
use tokio::net::TcpListener;

use super::{LIMIT, Shared, fresh, ok, people::open_always, session_at, start_shared};

/// A server at which somebody works at any time, with the original's number of failures.
fn desk() -> &'static Desk {
    static OPEN: OnceLock<Shared> = OnceLock::new();
    let threshold = [("REGULATOR_FAIL_THRESHOLD", "3".to_owned())];
    &OPEN.get_or_init(|| start_shared([open_always().as_slice(), &threshold].concat())).desk
}

/// A server on the shop's holiday, which sends mails to a port of this machine.
///
/// Its main runtime has a single thread: whatever blocks that one keeps everybody waiting.
fn on_holiday(mail: &TcpListener) -> Desk {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let holidays = [-1, 0, 1].map(|days: i32| (today + days.days()).to_string());
    let environment = vec![
        ("HOLIDAYS", holidays.join(",")),
        ("DESK_DEV", "true".to_owned()),
        ("DESK_SMTP_HOST", "127.0.0.1".to_owned()),
        ("DESK_SMTP_PORT", mail.local_addr().unwrap().port().to_string()),
        ("DESK_SMTP_SECURITY", "none".to_owned()),
        ("DESK_EMAIL_FROM", "desk@example.com".to_owned()),
        ("DESK_EMAIL_RECIPIENTS", "team@example.com".to_owned()),
        ("TOKIO_WORKER_THREADS", "1".to_owned()),
    ];
    Desk::start(Setup { environment, ..Setup::default() })
}

async fn mail_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap()
}

async fn state(customer: &Customer, session: &str, position: u64) -> Value {
    session_at(customer, session, position).await["data"]["session"].clone()
}

/// What staff sees of the session of an answer to `chat`.
async fn to_staff(answer: &Value) -> Value {
    let path = format!("/api/sessions/{}?min_position={}", answer["session_id"].as_str().unwrap(), answer["position"]);
    ok(desk().staff().get(&path).await.unwrap()).await["data"]["session"].clone()
}

/// Defect 1: nobody counted them.
#[tokio::test]
async fn third_failed_answer_in_a_row_asks_for_a_person() {
    let (customer, session) = (desk().customer(), fresh("fails"));
    let mut statuses = Vec::new();
    let mut shown = Value::Null;
    for question in ["write me a poem", "who won the world cup", "how do I cook pasta"] {
        shown = to_staff(&customer.chat(&session, question).await.unwrap()).await;
        statuses.push(shown["status"].clone());
    }
    assert_eq!(statuses, ["bot_active", "bot_active", "pending_manual"]);
    assert_eq!(shown["escalation"]["reason"], "fail_loop");
}

/// Defect 2: nothing told the policy who is one. Whoever says so of itself is none.
#[tokio::test]
async fn vip_of_the_shops_identity_token_is_escalated_and_a_claimed_one_is_not() {
    let (customer, session) = (desk().customer(), fresh("vip"));
    let claimed = json!({"message": "hello", "user_id": session, "parameters": {"vip": true}});
    let answer = ok(customer.post("/api/chat", &claimed).await.unwrap()).await;
    assert_eq!(to_staff(&answer).await["status"], "bot_active");
    let token = Key::Ed25519.sign(&with(claims(&fresh("sub")), &json!({"vip": true})));
    ok(customer.post("/api/customer/identify", &json!({"identity_token": token})).await.unwrap()).await;
    let shown = to_staff(&customer.chat(&session, "hello").await.unwrap()).await;
    assert_eq!((&shown["status"], &shown["escalation"]["reason"]), (&json!("pending_manual"), &json!("vip")));
}

/// Defects 3, 12 and 19: the status was never set, what was not saved was shown all the same, and what was saved could not be
/// shown after a restart.
#[tokio::test]
async fn request_on_a_holiday_is_recorded_survives_a_restart_and_is_called_off() {
    let mail = mail_port().await;
    let mut desk = on_holiday(&mail);
    let (customer, session) = (desk.customer(), fresh("holiday"));
    let body = json!({"session_name": session});
    let answer = ok(customer.post("/api/manual/escalate", &body).await.unwrap()).await;
    assert_eq!((&answer["email_sent"], &answer["is_in_shift"]), (&json!(true), &json!(false)));
    let expected = (json!("after_hours_email"), json!("manual"));
    let is_as_recorded = |state: &Value| (state["status"].clone(), state["escalation"]["reason"].clone()) == expected;
    assert!(is_as_recorded(&answer["data"]), "{answer}");
    desk.kill();
    desk.start_again();
    // Connections from before the kill are closed.
    while customer.get("/healthz").await.is_err() {}
    let kept = state(&customer, &session, position(&answer)).await;
    assert!(is_as_recorded(&kept), "{kept}");
    let path = format!("/api/sessions/{}", kept["session_id"].as_str().unwrap());
    let to_staff = ok(desk.staff().get(&path).await.unwrap()).await;
    assert!(to_staff["data"]["session"]["mail"]["message_id"].is_string(), "{to_staff}");
    let own = format!("/api/sessions/{session}");
    for (command, status) in [("cancel-escalation", "bot_active"), ("close", "closed")] {
        let done = ok(customer.post(&format!("{own}/{command}"), &json!({})).await.unwrap()).await;
        assert_eq!(done["data"]["status"], status);
    }
    let reopened = ok(desk.staff().post(&format!("{path}/reopen"), &json!({})).await.unwrap()).await;
    assert_eq!(reopened["data"]["status"], "bot_active");
}

/// Defect 4: a rule asked for people at any hour, told nobody, and the customer's stream ended as ever.
#[tokio::test]
async fn rule_on_a_holiday_asks_for_a_mail_and_the_stream_says_what_happens() {
    let mail = mail_port().await;
    let desk = on_holiday(&mail);
    let body = json!({"user_id": fresh("holiday"), "message": "我要转人工"});
    let mut frames = Frames::of(desk.customer().post("/api/chat/stream", &body).await.unwrap());
    let frames = frames.until(|frame| frame.data["type"] == "done").await;
    let change = frames.iter().find(|frame| frame.data["type"] == "status_change").expect("the status changes");
    assert_eq!((&change.data["status"], &change.data["reason"]), (&json!("after_hours_email"), &json!("keyword")));
    let log = desk.staff().log().await.unwrap();
    assert_eq!(log.iter().filter(|event| event["type"] == "session.mail_requested").count(), 1);
}

/// Defect 7: a mail server that said nothing kept all customers waiting.
#[tokio::test]
async fn customers_are_answered_while_a_mail_server_says_nothing() {
    let mail = mail_port().await;
    let desk = on_holiday(&mail);
    let (customer, session) = (desk.customer(), fresh("holiday"));
    ok(customer.post("/api/manual/escalate", &json!({"session_name": fresh("mailed")})).await.unwrap()).await;
    let (_silent, _) = tokio::time::timeout(LIMIT, mail.accept()).await.expect("a mail is being sent").unwrap();
    // Long enough for the desk to wait for a greeting.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = customer.chat(&session, "How long does it take to charge the battery?").await.unwrap();
    let shown = state(&customer, &session, position(&answer)).await;
    assert_eq!(shown["history"].as_array().unwrap().len(), 2);
    assert!(!desk.log().contains("an item was not delivered"), "the mail was given up first:\n{}", desk.log());
}

/// Defect 20: tokens were shown to everybody, and so was the folder of the program with its keys.
#[tokio::test]
async fn tokens_keys_and_files_of_the_server_are_served_to_nobody() {
    let (anybody, staff) = (desk().customer(), desk().staff());
    for response in
        [anybody.get("/api/chat/token").await.unwrap(), staff.post("/api/chat/token", &json!({})).await.unwrap()]
    {
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    // For administrators alone, and what they are shown has nothing of a token (`assistant_faults`).
    assert_eq!(anybody.get("/api/token/info").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(anybody.post("/api/token/refresh", &json!({})).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let files = [".env", "backend.py", "private_key.pem", "data/master-key", "master-key", "token-key", "Cargo.toml"];
    for file in files {
        for folder in ["", "/static", "/page", "/docs"] {
            let path = format!("{folder}/{file}");
            assert_eq!(anybody.get(&path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(staff.get(&path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    let health = ok(anybody.get("/api/health").await.unwrap()).await;
    assert!(!health.to_string().contains("token_preview"), "{health}");
}

/// Defect 23: three sessions were one conversation to the assistant.
#[tokio::test]
async fn no_two_sessions_have_the_same_conversation() {
    let names = [fresh("one"), fresh("two"), fresh("three")];
    let (first, second) = (desk().customer(), desk().customer());
    let mut found = std::collections::BTreeSet::new();
    for customer in [&first, &second] {
        for name in &names {
            let answer = customer.chat(name, "hello").await.unwrap();
            let shown = state(customer, name, position(&answer)).await;
            found.insert(shown["conversation_id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(found.len(), 6, "also where two customers name their sessions alike");
}
