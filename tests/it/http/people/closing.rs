//! Sessions are closed and reopened.

use super::*;

#[tokio::test]
async fn customer_closes_its_own_and_nobody_elses() {
    let thread = Thread::with(&team().await.agent).await;
    let stranger = customer_with(&fresh("stranger")).await;
    for command in ["close", "cancel-escalation"] {
        let path = format!("/api/sessions/{}/{command}", thread.name);
        problem(stranger.post(&path, &json!({})).await.unwrap(), 404, "NOT_FOUND").await;
        problem(desk().customer().post(&path, &json!({})).await.unwrap(), 404, "NOT_FOUND").await;
    }
    let closed = ok(thread.own("close").await).await;
    assert_eq!(closed["data"]["status"], "closed");
    assert_eq!(closed["data"].get("skill_group"), None, "{closed}");
    let events = thread.events().await;
    let closed = events.iter().find(|event| event["type"] == "session.closed").unwrap();
    assert_eq!(closed["data"]["reason"], "customer_left");
}

#[tokio::test]
async fn staff_closes_and_reopens() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    problem(thread.act(&team.other, "close", json!({})).await, 403, "NOT_THE_OWNER").await;
    problem(thread.act(&team.agent, "reopen", json!({})).await, 409, "INVALID_STATUS").await;
    let closed = ok(thread.act_keyed(&team.supervisor, "close", "k", json!({})).await).await;
    assert_eq!(closed["data"]["status"], "closed");
    assert_eq!(ok(thread.act_keyed(&team.supervisor, "close", "k", json!({})).await).await, closed);
    assert_eq!(ok(thread.act(&team.agent, "reopen", json!({})).await).await["data"]["status"], "bot_active");
    assert_eq!(ok(thread.act(&team.other, "close", json!({})).await).await["data"]["status"], "closed");
    problem(thread.act(&team.agent, "close", json!({"reason": "x"})).await, 400, "BAD_REQUEST").await;
}
