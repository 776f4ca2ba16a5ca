//! Taking over, stealing, releasing and handing back.

use super::*;

#[tokio::test]
async fn agent_takes_over_from_the_queue_and_the_next_one_is_told_who() {
    let (thread, team) = (Thread::waiting().await, team().await);
    let body = json!({"agent_id": team.agent.username, "agent_name": "anything"});
    let taken = ok(thread.act(&team.agent, "takeover", body).await).await;
    assert_eq!(taken["data"]["status"], "manual_live");
    let expected = json!({"id": team.agent.username, "name": "Anna Li", "agent_uuid": team.agent.id});
    assert_eq!(taken["data"]["assigned_agent"], expected);
    assert_eq!(
        newest(&taken["data"]),
        "Anna Li from our customer service has joined the chat and is here to help you."
    );
    let refused = problem(thread.act(&team.other, "takeover", json!({})).await, 409, "ALREADY_TAKEN").await;
    assert_eq!(refused["detail"], "ALREADY_TAKEN: 会话已被坐席【Anna Li】接入");
    assert_eq!((&refused["agent_id"], &refused["agent_uuid"]), (&json!(team.agent.username), &json!(team.agent.id)));
}

#[tokio::test]
async fn takeover_from_the_assistant_needs_from_any() {
    let (thread, agent) = (Thread::new().await, &team().await.agent);
    let refused = detail(thread.act(agent, "takeover", json!({})).await, 409, "INVALID_STATUS").await;
    assert_eq!(refused, "INVALID_STATUS: 当前状态为bot_active，无法接入");
    let taken = ok(thread.act(agent, "takeover", json!({"from": "any"})).await).await;
    assert_eq!(taken["data"]["status"], "manual_live");
    ok(thread.act(agent, "close", json!({})).await).await;
    let refused = detail(thread.act(agent, "takeover", json!({"from": "any"})).await, 409, "INVALID_STATUS").await;
    assert_eq!(refused, "INVALID_STATUS: 当前状态为closed，无法接入");
}

#[tokio::test]
async fn takeover_is_repeatable_and_acts_for_nobody_else() {
    let (thread, team) = (Thread::waiting().await, team().await);
    let first = ok(thread.act_keyed(&team.agent, "takeover", "k", json!({})).await).await;
    ok(thread.answer(&team.agent, "Hello").await).await;
    assert_eq!(ok(thread.act_keyed(&team.agent, "takeover", "k", json!({})).await).await, first);
    assert_eq!(thread.count("session.agent_took_over").await, 1);
    for named in [&team.other.username, &team.other.id] {
        problem(thread.act(&team.agent, "takeover", json!({"agent_id": named})).await, 403, "NOT_YOUR_ACCOUNT").await;
    }
    problem(thread.act(&team.agent, "takeover", json!({"from": "nowhere"})).await, 400, "INVALID_FIELD").await;
    problem(thread.act(&team.auditor, "takeover", json!({})).await, 403, "PERMISSION_DENIED").await;
}

#[tokio::test]
async fn staff_names_a_session_that_is_there() {
    let staff = team().await.agent.staff();
    for name in [fresh("none"), uuid::Uuid::new_v4().to_string()] {
        for command in ["takeover", "release", "return", "close", "reopen", "cancel-escalation"] {
            let path = format!("/api/sessions/{name}/{command}");
            problem(staff.post(&path, &json!({})).await.unwrap(), 404, "NOT_FOUND").await;
        }
    }
}

#[tokio::test]
async fn supervisor_steals_and_then_writes() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    problem(thread.answer(&team.supervisor, "Hello").await, 403, "NOT_THE_OWNER").await;
    problem(thread.act(&team.other, "steal", json!({})).await, 403, "PERMISSION_DENIED").await;
    let stolen = ok(thread.act(&team.supervisor, "steal", json!({})).await).await;
    assert_eq!(stolen["data"]["assigned_agent"]["id"], team.supervisor.username);
    ok(thread.answer(&team.supervisor, "Hello").await).await;
    problem(thread.answer(&team.agent, "Hello").await, 403, "NOT_THE_OWNER").await;
    let waiting = Thread::waiting().await;
    problem(waiting.act(&team.supervisor, "steal", json!({})).await, 409, "INVALID_STATUS").await;
}

/// The original's defects 13 and 15: anybody could release, and the escalation stayed.
#[tokio::test]
async fn owner_or_supervisor_releases_and_the_escalation_is_over() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    problem(thread.act(&team.other, "release", json!({})).await, 403, "NOT_THE_OWNER").await;
    let body = json!({"agent_id": team.agent.id, "reason": "resolved"});
    let released = ok(thread.act_keyed(&team.agent, "release", "k", body.clone()).await).await;
    let data = &released["data"];
    assert_eq!((&data["status"], &data["escalation"]), (&json!("bot_active"), &Value::Null));
    assert_eq!(data["assigned_agent"], Value::Null);
    assert!(data["last_manual_end_at"].as_f64().unwrap() > 0.0);
    assert_eq!(ok(thread.act_keyed(&team.agent, "release", "k", body).await).await, released);
    let other = json!({"reason": "no_answer"});
    problem(thread.act_keyed(&team.agent, "release", "k", other).await, 422, "IDEMPOTENCY_KEY_REUSED").await;
    let refused = detail(thread.act(&team.agent, "release", json!({})).await, 409, "NOT_IN_MANUAL_MODE").await;
    assert_eq!(refused, "Session not in manual_live status");
    let thread = Thread::with(&team.agent).await;
    problem(thread.act(&team.agent, "release", json!({"reason": "In words"})).await, 400, "INVALID_FIELD").await;
    assert_eq!(ok(thread.act(&team.supervisor, "release", json!({})).await).await["data"]["status"], "bot_active");
}

#[tokio::test]
async fn owner_hands_back_to_the_queue() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    problem(thread.act(&team.other, "return", json!({})).await, 403, "NOT_THE_OWNER").await;
    let returned = ok(thread.act(&team.agent, "return", json!({"to_group": "Batteries"})).await).await;
    assert_eq!(
        (&returned["data"]["status"], &returned["data"]["assigned_agent"]),
        (&json!("pending_manual"), &Value::Null)
    );
    let events = thread.events().await;
    let returned = events.iter().find(|event| event["type"] == "session.returned_to_queue").unwrap();
    assert_eq!((&returned["data"]["group"], &returned["data"]["reason"]), (&json!("Batteries"), &json!("handed_back")));
    problem(thread.act(&team.agent, "return", json!({})).await, 409, "NOT_IN_MANUAL_MODE").await;
}

#[tokio::test]
async fn who_picks_one_more_than_its_capacity_gets_it_and_a_warning() {
    let agent = Colleague::with_role(Role::Agent).await;
    let path = format!("/api/agents/{}", agent.id);
    let change = desk().staff().request(Method::PUT, &path).json(&json!({"max_sessions": 1}));
    ok(change.send().await.unwrap()).await;
    let [first, second] = [Thread::waiting().await, Thread::waiting().await];
    let taken = ok(first.act(&agent, "takeover", json!({})).await).await;
    assert_eq!((&taken["data"]["status"], &taken["warning"]), (&json!("manual_live"), &Value::Null));
    let taken = ok(second.act(&agent, "takeover", json!({})).await).await;
    let warning = "CAPACITY_EXCEEDED: 2 sessions, capacity 1";
    assert_eq!((&taken["data"]["status"], &taken["warning"]), (&json!("manual_live"), &json!(warning)));
}
