//! A message that was made of a quick reply names it, and is counted.

use super::*;
use crate::http::eventually;

async fn uses(agent: &Colleague, id: &str) -> u64 {
    let all = ok(agent.staff().get("/api/quick-replies").await.unwrap()).await["data"]["items"].clone();
    let found = all.as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
    found["use_count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_message_that_names_a_quick_reply_is_counted_once() {
    let agent = Colleague::with_role(Role::Agent).await;
    let new = json!({"title": "Hi", "content": "Hello {{customer.name}}", "category": "greeting"});
    let made = ok(agent.staff().post("/api/quick-replies", &new).await.unwrap()).await;
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let thread = Thread::with(&agent).await;
    ok(thread.answer(&agent, "Hello").await).await;
    let body = json!({"session_name": thread.id, "role": "agent", "content": "Hello Anna", "quick_reply": id});
    for key in ["one", "one", "two"] {
        let request = agent.staff().request(Method::POST, "/api/manual/messages").header("Idempotency-Key", key);
        ok(request.json(&body).send().await.unwrap()).await;
    }
    eventually(|| uses(&agent, &id), |uses| *uses >= 2).await;
    assert_eq!(uses(&agent, &id).await, 2);
}
