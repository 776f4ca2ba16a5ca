//! The audit trail: actions, and reads of personal data.

use domain::agent::Role;
use serde_json::{Value, json};

use super::{Member, desk, fresh, ok};
use crate::http::{customer_with, problem};

/// The entries of a filter at the head of the log.
async fn audit(filter: &str) -> Vec<Value> {
    let staff = desk().staff();
    let head = staff.head().await.unwrap();
    let answer = ok(staff.get(&format!("/api/audit?min_position={head}&limit=1000&{filter}")).await.unwrap()).await;
    answer["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn session_views_are_audited_once_per_quarter_hour_before_the_answer() {
    let session = fresh("looked-at");
    let customer = customer_with(&session).await;
    let id = customer.chat(&session, "hello").await.unwrap()["session_id"].as_str().unwrap().to_owned();
    let member = Member::with_role(Role::Agent).await;
    for _ in 0..3 {
        ok(member.staff.get(&format!("/api/sessions/{id}")).await.unwrap()).await;
    }
    drop(member.staff.request(reqwest::Method::GET, &format!("/api/sessions/{id}/events")).send().await.unwrap());
    ok(member.staff.get("/api/sessions").await.unwrap()).await;
    let looks = audit(&format!("actor=agent:{}&action=access.session_viewed", member.id)).await;
    // Two if a quarter of an hour ended meanwhile.
    assert!((1..=2).contains(&looks.len()), "{looks:?}");
    assert_eq!(looks[0]["details"], json!({"session": id}));
    assert!(looks[0]["target"].as_str().unwrap().starts_with(&format!("access-{}-", member.id)), "{looks:?}");
}

#[tokio::test]
async fn unknown_sessions_and_customers_own_reads_are_not_audited() {
    let session = fresh("own-look");
    let customer = customer_with(&session).await;
    let member = Member::with_role(Role::Agent).await;
    let nobodys = uuid::Uuid::new_v4();
    problem(member.staff.get(&format!("/api/sessions/{nobodys}")).await.unwrap(), 404, "NOT_FOUND").await;
    ok(customer.get(&format!("/api/sessions/{session}")).await.unwrap()).await;
    assert_eq!(audit(&format!("actor=agent:{}&action=access.session_viewed", member.id)).await, Vec::<Value>::new());
}

#[tokio::test]
async fn every_read_of_the_log_is_audited() {
    let member = Member::with_role(Role::Auditor).await;
    let head = member.staff.head().await.unwrap();
    for _ in 0..2 {
        member.staff.log_after(head).await.unwrap();
    }
    let reads = audit(&format!("actor=agent:{}&action=access.log_exported", member.id)).await;
    assert_eq!(reads.len(), 2, "{reads:?}");
    assert_eq!(reads[0]["details"], json!({"after": head, "personal": true}));
}

#[tokio::test]
async fn audit_trail_filters_by_target_and_time_and_pages_by_position() {
    let member = Member::with_role(Role::Agent).await;
    let target = format!("agent-{}", member.id);
    let all = audit(&format!("target={target}")).await;
    let actions: Vec<&str> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected =
        ["agent.created", "agent.password_set", "agent.signed_in", "agent.presence_changed", "agent.password_set"];
    assert_eq!(actions, expected);
    let third = all[2]["at"].as_str().unwrap();
    assert_eq!(audit(&format!("target={target}&from={third}")).await, all[2..]);
    assert_eq!(audit(&format!("target={target}&to={third}")).await, all[..2]);
    let staff = desk().staff();
    assert_eq!(pages(&target, "").await, all);
    assert_eq!(pages(&target, "&order=oldest").await, all);
    assert_eq!(pages(&target, "&order=newest").await, all.iter().rev().cloned().collect::<Vec<_>>());
    for (filter, field) in [("limit=0", "limit"), ("from=yesterday", "from"), ("to=1", "to"), ("order=up", "order")] {
        let refused = problem(staff.get(&format!("/api/audit?{filter}")).await.unwrap(), 400, "INVALID_FIELD").await;
        assert_eq!(refused["field"], field);
    }
}

/// A target's whole trail in this order, page by page.
async fn pages(target: &str, order: &str) -> Vec<Value> {
    let (mut after, mut paged) = (String::new(), Vec::new());
    loop {
        let path = format!("/api/audit?target={target}&limit=3{order}{after}");
        let page = ok(desk().staff().get(&path).await.unwrap()).await;
        paged.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_u64() else { return paged };
        after = format!("&after={next}");
    }
}
