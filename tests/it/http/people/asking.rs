//! A person is asked for, by a button, by staff, or by a rule.

use super::*;

#[tokio::test]
async fn customer_escalates_a_session_that_did_not_exist() {
    let name = fresh("asks");
    let customer = desk().customer();
    let answer = customer.post("/api/manual/escalate", &json!({"session_name": name})).await.unwrap();
    let answer = ok(answer).await;
    assert_eq!(answer["data"]["status"], "pending_manual", "{answer}");
    assert_eq!((&answer["email_sent"], &answer["is_in_shift"]), (&json!(false), &json!(true)));
    assert_eq!(answer["data"]["escalation"]["reason"], "manual");
    assert_eq!(answer["data"]["escalation"].get("rule"), None, "{answer}");
    assert!(answer["position"].as_u64().unwrap() > 0);
}

/// The original's defect 11: the wait began anew, and the reason was lost.
#[tokio::test]
async fn escalating_while_pending_keeps_the_first_wait_and_reason() {
    let thread = Thread::new().await;
    let body = |reason: &str| json!({"session_name": thread.name, "reason": reason});
    let first = ok(thread.customer.post("/api/manual/escalate", &body("sentiment")).await.unwrap()).await;
    let again = ok(thread.customer.post("/api/manual/escalate", &body("vip")).await.unwrap()).await;
    assert_eq!(again["data"]["escalation"], first["data"]["escalation"]);
    assert_eq!(thread.count("session.escalated").await, 1);
}

/// The original's defect 14: any other reason was a 500.
#[tokio::test]
async fn unknown_escalation_reason_is_taken_and_shown_to_staff() {
    let thread = Thread::new().await;
    let body = json!({"session_name": thread.id, "reason": "battery_is_warm"});
    let answer = ok(team().await.agent.staff().post("/api/manual/escalate", &body).await.unwrap()).await;
    let escalation = &answer["data"]["escalation"];
    assert_eq!((&escalation["reason"], &escalation["severity"]), (&json!("manual"), &json!("low")));
    assert_eq!(escalation["details"], "触发原因: battery_is_warm");
}

#[tokio::test]
async fn escalate_is_repeatable_under_its_key() {
    let thread = Thread::new().await;
    let body = json!({"session_name": thread.name});
    let ask = async || ok(thread.customer.post_keyed("/api/manual/escalate", "k", &body).await.unwrap()).await;
    let first = ask().await;
    ok(thread.act(&team().await.agent, "takeover", json!({})).await).await;
    assert_eq!(ask().await, first, "the session is shown as the command left it");
    let other = json!({"session_name": thread.name, "reason": "vip"});
    let reused = thread.customer.post_keyed("/api/manual/escalate", "k", &other).await.unwrap();
    problem(reused, 422, "IDEMPOTENCY_KEY_REUSED").await;
    assert_eq!(thread.count("session.escalated").await, 1);
}

#[tokio::test]
async fn escalate_is_refused_with_the_originals_texts() {
    let thread = Thread::with(&team().await.agent).await;
    assert_eq!(detail(thread.escalate().await, 409, "MANUAL_IN_PROGRESS").await, "MANUAL_IN_PROGRESS");
    let nameless = thread.customer.post("/api/manual/escalate", &json!({})).await.unwrap();
    assert_eq!(detail(nameless, 400, "INVALID_FIELD").await, "session_name is required");
    let staff = team().await.agent.staff();
    let unknown = json!({"session_name": fresh("unknown")});
    problem(staff.post("/api/manual/escalate", &unknown).await.unwrap(), 404, "NOT_FOUND").await;
    ok(thread.act(&team().await.agent, "close", json!({})).await).await;
    let closed = json!({"session_name": thread.id});
    problem(staff.post("/api/manual/escalate", &closed).await.unwrap(), 409, "INVALID_STATUS").await;
    assert_eq!(ok(thread.escalate().await).await["data"]["status"], "pending_manual", "a customer comes back");
}

#[tokio::test]
async fn rule_on_a_message_answers_chat_with_the_notice() {
    let (name, customer) = (fresh("rule"), desk().customer());
    let answer = customer.chat(&name, "我要转人工").await.unwrap();
    assert_eq!((&answer["success"], &answer["message"]), (&json!(true), &json!("已为您转接人工客服，请稍候。")));
    let shown = super::super::session_at(&customer, &name, answer["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["status"], "pending_manual");
    assert_eq!(newest(&shown["data"]["session"]), "已为您转接人工客服，请稍候。");
}

#[tokio::test]
async fn danger_answers_chat_with_the_safety_text_first() {
    let answer = desk().customer().chat(&fresh("danger"), "My battery is on fire!").await.unwrap();
    let (first, last) = answer["message"].as_str().unwrap().rsplit_once('\n').unwrap();
    assert!(first.starts_with("⚠️"), "{answer}");
    assert!(last.to_lowercase().contains("colleague") || !last.is_empty(), "{answer}");
}

#[tokio::test]
async fn customer_or_staff_cancels_while_a_person_is_awaited() {
    let (thread, agent) = (Thread::waiting().await, &team().await.agent);
    let cancelled = ok(thread.own("cancel-escalation").await).await;
    assert_eq!((&cancelled["data"]["status"], &cancelled["data"]["escalation"]), (&json!("bot_active"), &Value::Null));
    problem(thread.own("cancel-escalation").await, 409, "INVALID_STATUS").await;
    ok(thread.escalate().await).await;
    let cancelled = ok(thread.act(agent, "cancel-escalation", json!({})).await).await;
    assert_eq!(cancelled["data"]["status"], "bot_active");
}

#[tokio::test]
async fn an_offer_that_is_over_is_declined_without_effect() {
    let (thread, agent) = (Thread::waiting().await, &team().await.agent);
    let offer = uuid::Uuid::new_v4();
    let declined = ok(thread.act(agent, &format!("offers/{offer}/decline"), json!({})).await).await;
    assert_eq!(declined["data"]["status"], "pending_manual");
    problem(thread.act(agent, "offers/none/decline", json!({})).await, 404, "NOT_FOUND").await;
    assert_eq!(thread.count("session.offer_expired").await, 0);
}

#[tokio::test]
async fn who_waits_is_told_its_place_in_the_queue() {
    let thread = Thread::new().await;
    let shown = async |position: &Value| {
        let path = format!("/api/sessions/{}?min_position={position}", thread.name);
        ok(thread.customer.get(&path).await.unwrap()).await
    };
    let asked = ok(thread.escalate().await).await;
    let waiting = shown(&asked["position"]).await;
    assert!(waiting["queue"]["position"].as_u64().unwrap() >= 1, "{waiting}");
    assert!(waiting["queue"].as_object().unwrap().contains_key("estimated_wait_seconds"), "{waiting}");
    let agent = &team().await.agent;
    let staffs = ok(agent.staff().get(&format!("/api/sessions/{}", thread.id)).await.unwrap()).await;
    assert_eq!(staffs.get("queue"), None, "staff has the queue itself");
    let taken = ok(thread.act(agent, "takeover", json!({})).await).await;
    assert_eq!(shown(&taken["position"]).await.get("queue"), None);
}
