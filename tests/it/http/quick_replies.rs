//! Quick replies over HTTP: the first set, the shop's and one's own, versions, rights, variables, and what is recorded of them.

use domain::agent::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::desk::Staff;
use uuid::Uuid;

use super::{desk, fresh, ok, problem, recorded, staff::Member};

const ROUTE: &str = "/api/quick-replies";

async fn listed(staff: &Staff, query: &str) -> Vec<Value> {
    let answer = ok(staff.get(&format!("{ROUTE}?{query}")).await.unwrap()).await;
    assert_eq!(answer["data"]["total"], answer["data"]["items"].as_array().unwrap().len());
    answer["data"]["items"].as_array().unwrap().clone()
}

fn written(title: &str, scope: &str) -> Value {
    json!({"title": title, "content": "Hello {{customer.name}}, {{order.number}}", "category": "greeting", "language": "en", "scope": scope})
}

async fn create(staff: &Staff, title: &str, scope: &str) -> Response {
    staff.post(ROUTE, &written(title, scope)).await.unwrap()
}

async fn send(staff: &Staff, method: Method, id: &str, body: Option<Value>, if_match: Option<u64>) -> Response {
    let mut request = staff.request(method, &format!("{ROUTE}/{id}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    if let Some(version) = if_match {
        request = request.header("If-Match", format!("\"{version}\""));
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn the_first_set_is_the_originals_twelve_in_four_categories() {
    let all = listed(&desk().staff(), "scope=shared&language=zh").await;
    let first: Vec<&Value> = all.iter().take(12).collect();
    assert!(first.iter().all(|item| item["version"] == 1 && item["owner"].is_null() && item["updated_at"].is_null()));
    let categories = ok(desk().staff().get(&format!("{ROUTE}/categories")).await.unwrap()).await;
    let labels: Vec<&str> =
        categories["data"].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).take(4).collect();
    assert_eq!(labels, ["问候", "产品", "售后", "结束"]);
    assert_eq!(first[0]["variables"], json!(["agent.name"]));
}

#[tokio::test]
async fn one_is_written_changed_at_its_version_and_removed() {
    let (title, supervisor) = (fresh("Shared"), Member::with_role(Role::Supervisor).await.staff);
    let made = create(&supervisor, &title, "shared").await;
    assert_eq!(made.headers()["etag"], "\"1\"");
    let made = ok(made).await["data"].clone();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((&made["scope"], &made["use_count"]), (&json!("shared"), &json!(0)));
    assert_eq!(made["variables"], json!(["customer.name", "order.number"]));
    let found = listed(&desk().staff(), &format!("q={}", title.to_uppercase())).await;
    assert_eq!(found, std::slice::from_ref(&made));

    let other = written(&format!("{title} 2"), "shared");
    problem(send(&supervisor, Method::PUT, &id, Some(other.clone()), None).await, 428, "PRECONDITION_REQUIRED").await;
    let changed = send(&supervisor, Method::PUT, &id, Some(other.clone()), Some(1)).await;
    assert_eq!(changed.headers()["etag"], "\"2\"");
    let changed = ok(changed).await["data"].clone();
    let stale =
        problem(send(&supervisor, Method::PUT, &id, Some(other), Some(1)).await, 412, "CHANGED_MEANWHILE").await;
    assert_eq!(stale["current"], changed);
    let stale = problem(send(&supervisor, Method::DELETE, &id, None, Some(1)).await, 412, "CHANGED_MEANWHILE").await;
    assert_eq!(stale["current"], changed);
    let personal = written(&title, "personal");
    problem(send(&supervisor, Method::PUT, &id, Some(personal), Some(2)).await, 409, "SCOPE_STAYS").await;

    let removed = ok(send(&supervisor, Method::DELETE, &id, None, Some(2)).await).await;
    assert_eq!(removed["data"], json!({"id": id, "version": 3}));
    let seen = listed(&desk().staff(), &format!("q={title}&min_position={}", removed["position"])).await;
    assert!(seen.is_empty(), "{seen:?}");
    problem(send(&supervisor, Method::DELETE, &id, None, Some(3)).await, 404, "NOT_FOUND").await;
    let events = recorded(|event| event["data"]["reply"] == id.as_str()).await;
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let saved = "settings.quick_reply_saved";
    assert_eq!(types, [saved, saved, "settings.quick_reply_removed"]);
    let path = "/api/audit?target=settings-quick_replies&limit=1000&action=settings.quick_reply_removed";
    let trail = ok(desk().staff().get(path).await.unwrap()).await;
    assert!(trail["data"].as_array().unwrap().iter().any(|entry| entry["details"]["reply"] == id.as_str()));
}

#[tokio::test]
async fn an_agents_own_are_its_own_and_the_shops_are_not_for_agents() {
    let (ana, bo) = (Member::with_role(Role::Agent).await, Member::with_role(Role::Agent).await);
    let title = fresh("Own");
    problem(create(&ana.staff, &title, "shared").await, 403, "PERMISSION_DENIED").await;
    let own = ok(create(&ana.staff, &title, "personal").await).await["data"].clone();
    assert_eq!(own["owner"], json!({"agent_id": ana.username, "agent_uuid": ana.id, "name": "Anna Li"}));
    assert_eq!(listed(&ana.staff, &format!("scope=personal&q={title}")).await.len(), 1);
    assert!(listed(&bo.staff, &format!("q={title}")).await.is_empty());
    let id = own["id"].as_str().unwrap();
    for (method, body) in [(Method::PUT, Some(written(&title, "personal"))), (Method::DELETE, None)] {
        problem(send(&bo.staff, method, id, body, Some(1)).await, 404, "NOT_FOUND").await;
    }
    let first = listed(&ana.staff, "scope=shared").await[0]["id"].as_str().unwrap().to_owned();
    problem(send(&ana.staff, Method::DELETE, &first, None, Some(1)).await, 403, "PERMISSION_DENIED").await;
    ok(send(&ana.staff, Method::DELETE, id, None, Some(1)).await).await;
    // Its words are sealed by the agent's keys: the plain part has none.
    let events = recorded(|event| event["data"]["reply"] == id).await;
    assert!(events.iter().all(|event| event["data"]["title"].is_null()), "{events:?}");
    assert_eq!(events[0]["type"], "settings.personal_quick_reply_saved");
}

#[tokio::test]
async fn the_same_key_writes_one_and_answers_the_same() {
    let (title, key) = (fresh("Once"), Uuid::new_v4().to_string());
    let post = |title: String| {
        let request = desk().staff().request(Method::POST, ROUTE).header("Idempotency-Key", &key);
        request.json(&written(&title, "shared")).send()
    };
    let (first, again) = (ok(post(title.clone()).await.unwrap()).await, ok(post(title.clone()).await.unwrap()).await);
    assert_eq!(first, again);
    problem(post(format!("{title} 2")).await.unwrap(), 422, "IDEMPOTENCY_KEY_REUSED").await;
    assert_eq!(listed(&desk().staff(), &format!("q={title}")).await.len(), 1);
    let id = first["data"]["id"].as_str().unwrap();
    let remove = || {
        let request = desk().staff().request(Method::DELETE, &format!("{ROUTE}/{id}"));
        request.header("Idempotency-Key", &key).header("If-Match", "1").send()
    };
    assert_eq!(ok(remove().await.unwrap()).await, ok(remove().await.unwrap()).await);
}

#[tokio::test]
async fn variables_are_filled_in_from_session_customer_and_page() {
    let (session, customer) = (fresh("render"), desk().customer());
    let body = json!({"message": "hello", "user_id": session, "parameters": {"order_number": "F-4711"}});
    let answer = ok(customer.post("/api/chat", &body).await.unwrap()).await;
    let session_id = answer["session_id"].as_str().unwrap().to_owned();
    let content = "{{agent.name}} {{session.id}} {{session.name}} {{order.number}} {{customer.name}} {{nobody.knows}}";
    let new = json!({"title": fresh("Render"), "content": content, "category": "greeting", "scope": "personal"});
    let agent = Member::with_role(Role::Agent).await.staff;
    let made = ok(agent.post(ROUTE, &new).await.unwrap()).await;
    let path = format!("{ROUTE}/{}/render", made["data"]["id"].as_str().unwrap());
    let list = format!("/api/sessions?limit=1&min_position={}", answer["position"]);
    ok(agent.get(&list).await.unwrap()).await;
    for name in [&session_id, &session] {
        let rendered = ok(agent.post(&path, &json!({"session": name})).await.unwrap()).await["data"].clone();
        let text = format!("Anna Li {session_id} {session} F-4711 {{{{customer.name}}}} {{{{nobody.knows}}}}");
        assert_eq!(rendered, json!({"text": text, "missing": ["customer.name", "nobody.knows"]}));
    }
    let nowhere = agent.post(&path, &json!({"session": Uuid::new_v4().to_string()})).await.unwrap();
    problem(nowhere, 404, "NOT_FOUND").await;
}
