//! Log files of a started server: a file a day by the shop's zone and the server's clock, whole lines of JSON, nothing personal, and
//! the request's id.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};
use tests::desk::{ADMIN_PASSWORD, Desk, Setup};
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(20);

fn lines(folder: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            lines.push(serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        }
    }
    lines
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_passes_begins_a_file_and_no_line_holds_what_anybody_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, logs) = (folder.path().join("clock"), folder.path().join("logs"));
    fs::write(&clock, "0").unwrap();
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("desk-2001-01-01.jsonl"), "{}\n").unwrap();
    let environment = vec![
        ("DESK_CLOCK_FILE", clock.display().to_string()),
        ("DESK_DEV", "true".to_owned()),
        ("DESK_LOG_DIR", logs.display().to_string()),
        ("DESK_LOG_DAYS", "1".to_owned()),
    ];
    let mut desk = block_in_place(|| Desk::start(Setup { environment, ..Setup::default() }));
    assert!(!logs.join("desk-2001-01-01.jsonl").exists(), "what is too old goes at the start");
    let (customer, request_id) = (desk.customer(), Uuid::new_v4());
    let message = json!({"user_id": "zzz-private-name", "message": "zzz-private-words 多久发货？"});
    let request = customer.request(reqwest::Method::POST, "/api/chat").json(&message);
    let response = customer.send(request.header("X-Request-Id", request_id.simple().to_string())).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], request_id.to_string());
    let wrong = json!({"username": "zzz-private-agent", "password": ADMIN_PASSWORD});
    customer.post("/api/agent/login", &wrong).await.unwrap();
    fs::write(&clock, "86400").unwrap();
    until("the next day has a file", PATIENCE, async || files(&logs) == 2).await;
    fs::write(&clock, "259200").unwrap();
    until("files of more than a day before are gone", PATIENCE, async || files(&logs) == 1).await;
    fs::write(&clock, "86400").unwrap();
    customer.chat("zzz-private-name", "zzz-private-words").await.unwrap();
    assert_eq!(block_in_place(|| desk.terminate()), Some(0));
    let last = lines(&logs);
    assert!(last.iter().any(|line| line["message"] == "stopped"), "the last line is written: {last:#?}");
    assert!(last.iter().any(|line| line["route"] == "/api/chat" && line["status"] == 200), "{last:#?}");
    let all = serde_json::to_string(&last).unwrap() + &desk.log();
    for word in ["zzz-private", ADMIN_PASSWORD] {
        assert!(!all.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_id_is_in_the_answer_the_log_the_problem_and_the_events() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let environment = vec![("DESK_LOG_DIR", logs.display().to_string())];
    let desk = block_in_place(|| Desk::start(Setup { environment, ..Setup::default() }));
    let (customer, staff) = (desk.customer(), desk.staff());
    // As nginx makes it.
    let [good, bad, mailed] = [(); 3].map(|()| Uuid::new_v4());
    let send = async |id: Uuid, body: Value| {
        let request = customer.request(reqwest::Method::POST, "/api/chat").json(&body);
        customer.send(request.header("X-Request-Id", id.simple().to_string())).await.unwrap()
    };
    let answer = send(good, json!({"user_id": "s", "message": "多久发货？"})).await;
    assert_eq!(answer.headers()["x-request-id"], good.to_string());
    let refused: Value = send(bad, json!({"user_id": "s", "message": 7})).await.json().await.unwrap();
    assert_eq!(refused["request_id"], bad.to_string());
    let told = async || {
        let lines = lines(&logs);
        [good, bad].iter().all(|id| lines.iter().any(|line| line["request.id"] == id.to_string()))
    };
    until("both are logged", PATIENCE, told).await;
    let events = staff.log().await.unwrap();
    let of_request = |event: &&Value| event["correlation_id"] == good.to_string();
    let types: Vec<&str> = events.iter().filter(of_request).map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"session.customer_message_sent"), "{types:?}");
    for caused in ["session.assistant_run_started", "session.assistant_replied"] {
        assert!(types.contains(&caused), "{caused} came of the request: {types:?}");
    }
    let mail = staff.request(reqwest::Method::POST, "/api/sessions/s/email").json(&json!({}));
    mail.header("X-Request-Id", mailed.to_string()).send().await.unwrap().error_for_status().unwrap();
    let is_recorded = async |wanted: &str| {
        let events = staff.log().await.unwrap();
        events.iter().any(|event| event["type"] == wanted && event["correlation_id"] == mailed.to_string())
    };
    for wanted in ["session.mail_requested", "session.mail_failed"] {
        until("what became of the mail belongs to the request", PATIENCE, async || is_recorded(wanted).await).await;
    }
}
