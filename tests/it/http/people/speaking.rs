//! Customer and person talk: who may, and that every message is stored once.

use super::*;

async fn manual(thread: &Thread, body: Value) -> Response {
    thread.customer.post("/api/manual/messages", &body).await.unwrap()
}

#[tokio::test]
async fn customer_and_owner_talk_and_both_see_it() {
    let agent = &team().await.agent;
    let thread = Thread::with(agent).await;
    let asked = ok(thread.say("Is it mine?").await).await;
    let body = json!({"session_name": thread.id, "role": "agent", "content": "It is.",
                      "agent_info": {"agent_id": agent.username, "agent_name": "anything"}});
    let answered = ok(agent.staff().post("/api/manual/messages", &body).await.unwrap()).await;
    let shown = super::super::session_at(&thread.customer, &thread.name, answered["position"].as_u64().unwrap()).await;
    let history = shown["data"]["session"]["history"].as_array().unwrap();
    let [.., question, answer] = history.as_slice() else { panic!("{history:?}") };
    assert_eq!((&question["role"], &question["content"]), (&json!("user"), &json!("Is it mine?")));
    assert_eq!((&answer["role"], &answer["content"]), (&json!("agent"), &json!("It is.")));
    assert_eq!((&answer["agent_id"], &answer["agent_name"]), (&json!(agent.id), &json!("Anna Li")));
    for (told, stored) in [(&asked, question), (&answered, answer)] {
        assert_eq!(
            (&told["data"]["message_id"], &told["data"]["timestamp"]),
            (&stored["message_id"], &stored["timestamp"])
        );
    }
}

#[tokio::test]
async fn customer_writes_while_waiting_and_not_to_the_assistant() {
    let thread = Thread::new().await;
    let refused = detail(thread.say("hello?").await, 409, "NOT_IN_MANUAL_MODE").await;
    assert_eq!(refused, "Session not in manual_live status");
    ok(thread.escalate().await).await;
    ok(thread.say("hello?").await).await;
    let unknown = json!({"session_name": fresh("unknown"), "role": "user", "content": "hello"});
    problem(manual(&thread, unknown).await, 404, "NOT_FOUND").await;
    let stranger = customer_with(&fresh("stranger")).await;
    let body = json!({"session_name": thread.name, "role": "user", "content": "hello"});
    problem(stranger.post("/api/manual/messages", &body).await.unwrap(), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn malformed_messages_are_refused_with_the_originals_texts() {
    let thread = Thread::waiting().await;
    let refused = async |body: Value| detail(manual(&thread, body).await, 400, "INVALID_FIELD").await;
    assert_eq!(refused(json!({"role": "user", "content": "a"})).await, "session_name is required");
    let robot = json!({"session_name": thread.name, "role": "robot", "content": "a"});
    assert_eq!(refused(robot).await, "role must be 'agent' or 'user'");
    assert_eq!(refused(json!({"session_name": thread.name, "role": "user"})).await, "content is required");
    let empty = json!({"session_name": thread.name, "role": "user", "content": " "});
    assert_eq!(refused(empty).await, "content must not be empty");
}

/// The original's defect 15: messages of anyone were taken as an agent's, in any state.
#[tokio::test]
async fn nobody_but_the_owner_writes_as_agent() {
    let team = team().await;
    let thread = Thread::waiting().await;
    problem(thread.answer(&team.agent, "Hello").await, 409, "NOT_IN_MANUAL_MODE").await;
    ok(thread.act(&team.agent, "takeover", json!({})).await).await;
    problem(thread.answer(&team.other, "Hello").await, 403, "NOT_THE_OWNER").await;
    problem(thread.answer(&team.auditor, "Hello").await, 403, "PERMISSION_DENIED").await;
    let as_agent = json!({"session_name": thread.name, "role": "agent", "content": "Hello"});
    problem(manual(&thread, as_agent).await, 401, "UNAUTHORIZED").await;
    let as_other = json!({"session_name": thread.id, "role": "agent", "content": "Hello",
                          "agent_info": {"agent_id": team.other.id}});
    let staff = team.agent.staff();
    problem(staff.post("/api/manual/messages", &as_other).await.unwrap(), 403, "NOT_YOUR_ACCOUNT").await;
    let as_customer = json!({"session_name": thread.id, "role": "user", "content": "Hello"});
    problem(staff.post("/api/manual/messages", &as_customer).await.unwrap(), 403, "NOT_A_CUSTOMER").await;
    assert_eq!(thread.count("session.agent_message_sent").await, 0);
}

#[tokio::test]
async fn messages_are_stored_once_under_their_key() {
    let agent = &team().await.agent;
    let thread = Thread::with(agent).await;
    let (own, staff) = (json!({"session_name": thread.name, "role": "user"}), agent.staff());
    let of_agent = json!({"session_name": thread.id, "role": "agent"});
    let send = async |body: &Value, text: &str, by_customer: bool| {
        let mut body = body.clone();
        body["content"] = text.into();
        let path = "/api/manual/messages";
        match by_customer {
            true => thread.customer.post_keyed(path, "k", &body).await.unwrap(),
            false => staff.request(Method::POST, path).header("Idempotency-Key", "k").json(&body).send().await.unwrap(),
        }
    };
    for (body, by_customer) in [(&own, true), (&of_agent, false)] {
        let first = ok(send(body, "once", by_customer).await).await;
        assert_eq!(ok(send(body, "once", by_customer).await).await, first);
        problem(send(body, "twice", by_customer).await, 422, "IDEMPOTENCY_KEY_REUSED").await;
    }
    assert_eq!(thread.count("session.agent_message_sent").await, 1);
    let to_person = |event: &&Value| event["data"]["recipient"] == "person";
    assert_eq!(thread.events().await.iter().filter(to_person).count(), 1);
}
