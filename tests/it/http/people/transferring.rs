//! Transfers at once, and asked for and answered.

use super::*;

#[tokio::test]
async fn owner_transfers_at_once_with_the_originals_answer() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let body = json!({"from_agent_id": team.agent.username, "to_agent_id": team.other.username,
                      "to_agent_name": "anything", "reason": "知道电池"});
    let moved = ok(thread.act_keyed(&team.agent, "transfer", "k", body.clone()).await).await;
    assert_eq!(moved["message"], "会话已转接至【Anna Li】");
    assert_eq!(moved["data"]["status"], "manual_live");
    assert_eq!(moved["data"]["assigned_agent"]["id"], team.other.username);
    assert_eq!(ok(thread.act_keyed(&team.agent, "transfer", "k", body).await).await, moved);
    let elsewhere = json!({"to_agent_id": team.supervisor.id});
    problem(thread.act_keyed(&team.agent, "transfer", "k", elsewhere).await, 422, "IDEMPOTENCY_KEY_REUSED").await;
    let events = thread.events().await;
    let moved: Vec<&Value> = events.iter().filter(|event| event["type"] == "session.transferred").collect();
    assert_eq!((moved.len(), &moved[0]["personal"]["reason"]), (1, &json!("知道电池")));
}

#[tokio::test]
async fn transfer_is_refused_with_the_originals_texts() {
    let team = team().await;
    let to = |agent: &str| json!({"to_agent_id": agent});
    let thread = Thread::waiting().await;
    let refused = thread.act(&team.agent, "transfer", to(&team.other.id)).await;
    assert_eq!(detail(refused, 409, "INVALID_STATUS").await, "INVALID_STATUS: 当前状态为pending_manual，无法转接");
    ok(thread.act(&team.agent, "takeover", json!({})).await).await;
    let refused = thread.act(&team.other, "transfer", to(&team.other.id)).await;
    assert_eq!(detail(refused, 403, "NOT_THE_OWNER").await, "只有当前服务的坐席才能转接会话");
    let from_other = json!({"from_agent_id": team.other.id, "to_agent_id": team.other.id});
    problem(thread.act(&team.supervisor, "transfer", from_other).await, 403, "NOT_THE_OWNER").await;
    for target in [&team.agent.id, &team.auditor.id, "nobody", "no body"] {
        problem(thread.act(&team.agent, "transfer", to(target)).await, 400, "INVALID_FIELD").await;
    }
    for body in [json!({}), json!({"to_agent_id": team.other.id, "to_group": "Batteries"})] {
        problem(thread.act(&team.agent, "transfer", body).await, 400, "INVALID_FIELD").await;
    }
    assert_eq!(thread.count("session.transferred").await, 0);
}

#[tokio::test]
async fn supervisor_transfers_for_the_owner_and_a_group_gets_the_queue() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let body = json!({"from_agent_id": team.agent.id, "to_agent_id": team.other.id});
    let moved = ok(thread.act(&team.supervisor, "transfer", body).await).await;
    assert_eq!(moved["data"]["assigned_agent"]["id"], team.other.username);
    let moved = ok(thread.act(&team.other, "transfer", json!({"to_group": "Batteries"})).await).await;
    assert_eq!(
        (&moved["data"]["status"], &moved["message"]),
        (&json!("pending_manual"), &json!("会话已转接至【Batteries】"))
    );
}

async fn ask(thread: &Thread, from: &Colleague, to: &Colleague) -> Value {
    ok(thread.act(from, "transfer-requests", json!({"to_agent_id": to.id, "reason": "知道电池"})).await).await
}

async fn respond(by: &Colleague, id: &str, action: &str) -> Response {
    let path = format!("/api/transfer-requests/{id}/respond");
    by.staff().post(&path, &json!({"action": action})).await.unwrap()
}

#[tokio::test]
async fn transfer_is_asked_for_seen_by_who_was_asked_and_accepted() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let asked = ask(&thread, &team.agent, &team.other).await;
    let id = asked["data"]["id"].as_str().unwrap();
    let another = thread.act(&team.agent, "transfer-requests", json!({"to_agent_id": team.supervisor.id})).await;
    problem(another, 409, "TRANSFER_PENDING").await;
    let pending = async |who: &Colleague| {
        let path = format!("/api/transfer-requests/pending?min_position={}", asked["position"]);
        let listed = ok(who.staff().get(&path).await.unwrap()).await["data"].as_array().unwrap().clone();
        listed.into_iter().find(|row| row["id"] == id)
    };
    let seen = pending(&team.other).await.unwrap();
    assert_eq!((&seen["session_id"], &seen["reason"]), (&json!(thread.id), &json!("知道电池")));
    assert_eq!((&seen["session_name"], &seen["from_agent_id"]), (&json!(thread.name), &json!(team.agent.username)));
    assert_eq!(pending(&team.agent).await, None);
    problem(respond(&team.supervisor, id, "accept").await, 403, "NOT_ASKED").await;
    let path = format!("/api/transfer-requests/{id}/respond");
    let accept = async || {
        let request = team.other.staff().request(Method::POST, &path).header("Idempotency-Key", "k");
        ok(request.json(&json!({"action": "accept"})).send().await.unwrap()).await
    };
    let accepted = accept().await;
    assert_eq!(accepted["data"]["assigned_agent"]["id"], team.other.username);
    assert_eq!(accept().await, accepted);
    problem(respond(&team.other, id, "accept").await, 409, "NO_TRANSFER").await;
}

#[tokio::test]
async fn transfer_that_is_declined_or_withdrawn_leaves_the_owner() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    for (by, action, reason) in [(&team.other, "decline", "declined"), (&team.agent, "withdraw", "withdrawn")] {
        let asked = ask(&thread, &team.agent, &team.other).await;
        let answered = ok(respond(by, asked["data"]["id"].as_str().unwrap(), action).await).await;
        assert_eq!(answered["data"]["assigned_agent"]["id"], team.agent.username);
        let events = thread.events().await;
        let ended = events.iter().rfind(|event| event["type"] == "session.transfer_declined").unwrap();
        assert_eq!(ended["data"]["reason"], reason);
    }
    let asked = ask(&thread, &team.agent, &team.other).await;
    let id = asked["data"]["id"].as_str().unwrap();
    problem(respond(&team.other, id, "withdraw").await, 403, "NOT_THE_OWNER").await;
    problem(respond(&team.other, id, "perhaps").await, 400, "INVALID_FIELD").await;
    problem(respond(&team.other, &uuid::Uuid::new_v4().to_string(), "accept").await, 404, "NOT_FOUND").await;
}
