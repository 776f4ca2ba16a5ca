//! What floods leave behind: sessions that are opened count as messages, and refusals write few lines into the log, which say from
//! whom and how many there were.

use std::time::Instant;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::desk::{Desk, Setup};

use super::{from, header, limited};
use crate::http::{eventually, problem};

#[tokio::test]
async fn opening_sessions_counts_for_the_limit_of_chats() {
    for (last, path) in ["create", "new", "clear"].into_iter().enumerate() {
        let client = from(&format!("127.2.1.{}", last + 1));
        let url = format!("{}/api/conversation/{path}", limited().url());
        let mut opened = 0;
        let refused = loop {
            let body = json!({"user_id": "s", "session_id": "s"});
            let answer = client.post(&url).json(&body).send().await.unwrap();
            if answer.status() != 200 {
                break answer;
            }
            opened += 1;
            assert!(opened < 40, "nothing was refused");
            // Not more than the limit of all requests.
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        };
        assert!(header(&refused, "ratelimit").contains("\"chat\";r=0"), "{path}: {:?}", refused.headers());
        problem(refused, 429, "RATE_LIMITED").await;
    }
}

/// The lines of requests with this status.
fn lines(desk: &Desk, status: u16) -> Vec<Value> {
    let log = desk.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "request" && line["status"] == status).collect()
}

#[tokio::test]
async fn flood_of_malformed_requests_writes_a_line_a_second_and_its_count() {
    let desk = Desk::start(Setup::default());
    let (client, url) = (from("127.4.0.1"), format!("{}/api/chat", desk.url()));
    let malformed = || client.post(&url).header("Content-Type", "application/json").body("{").send();
    let started = Instant::now();
    for answer in join_all((0..300).map(|_| malformed())).await {
        assert_eq!(answer.unwrap().status(), 400);
    }
    // One for each second that begins, and one for the second in which the first came.
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 2;
    let written = lines(&desk, 400).len();
    assert!((1..=most).contains(&written), "{written} lines, at most {most}");
    eventually(
        async || {
            malformed().await.unwrap();
            lines(&desk, 400).iter().filter_map(|line| line["left_out"].as_u64()).sum::<u64>()
        },
        |left_out| *left_out >= 300 - written as u64,
    )
    .await;
}

#[tokio::test]
async fn refused_right_names_actor_and_address_and_a_failed_sign_in_the_address() {
    let desk = Desk::start(Setup::default());
    let customer = desk.customer();
    customer.arrive("s").await.unwrap();
    let new = json!({"username": "anna", "password": "set by the administrator", "role": "agent"});
    let made = desk.staff().post("/api/agents", &new).await.unwrap();
    let id = made.json::<Value>().await.unwrap()["data"]["id"].as_str().unwrap().to_owned();
    let url = |path: &str| format!("{}{path}", desk.url());
    let (here, there) = (from("127.4.0.2"), from("127.4.0.3"));
    let wrong = json!({"username": "anna", "password": "not the right one"});
    assert_eq!(there.post(url("/api/agent/login")).json(&wrong).send().await.unwrap().status(), 401);
    let right = json!({"username": "anna", "password": "set by the administrator"});
    let signed_in: Value = here.post(url("/api/agent/login")).json(&right).send().await.unwrap().json().await.unwrap();
    let token = signed_in["access_token"].as_str().unwrap();
    assert_eq!(here.get(url("/api/agents")).bearer_auth(token).send().await.unwrap().status(), 403);
    let failed = eventually(async || lines(&desk, 401), |lines| !lines.is_empty()).await;
    assert_eq!((&failed[0]["address"], &failed[0]["actor"]), (&json!("127.4.0.3"), &Value::Null));
    let refused = eventually(async || lines(&desk, 403), |lines| !lines.is_empty()).await;
    assert_eq!((&refused[0]["address"], &refused[0]["actor"]), (&json!("127.4.0.2"), &json!(format!("agent:{id}"))));
    let others = lines(&desk, 200);
    assert!(!others.is_empty() && others.iter().all(|line| line["address"].is_null() && line["actor"].is_null()));
}
