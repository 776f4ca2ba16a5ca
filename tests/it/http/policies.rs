//! The policy over HTTP: published, stale, wrong, taken back, and tried. The shared server's policy is left as it was.

use domain::agent::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::desk::Staff;

use super::{customer_with, desk, fresh, ok, problem, recorded, staff::Member};

async fn publish(document: &str, if_match: Option<u64>) -> Response {
    let mut request = desk().staff().request(Method::POST, "/api/policies").json(&json!({"document": document}));
    if let Some(version) = if_match {
        request = request.header("If-Match", format!("\"{version}\""));
    }
    request.send().await.unwrap()
}

async fn roll_back(to_version: u64) -> Response {
    desk().staff().post("/api/policies/rollback", &json!({"to_version": to_version})).await.unwrap()
}

async fn listed() -> Value {
    ok(desk().staff().get("/api/policies").await.unwrap()).await
}

async fn tried(staff: &Staff, body: Value) -> Value {
    ok(staff.post("/api/policies/test", &body).await.unwrap()).await
}

/// One test, because versions are the server's.
#[tokio::test]
async fn policy_is_published_shown_and_rolled_back_and_a_stale_author_gets_412() {
    let before = listed().await["version"].as_u64().unwrap();
    let (word, document) = (fresh("word"), |word: &str| format!("[rules.R0]\nphrases = {{ en = [\"{word}\"] }}\n"));
    let published = publish(&document(&word), Some(before)).await;
    assert_eq!(published.headers()["etag"], format!("\"{}\"", before + 1));
    let version = ok(published).await["version"].as_u64().unwrap();
    assert_eq!(version, before + 1);

    let in_force = tried(&desk().staff(), json!({"text": word})).await;
    assert_eq!((&in_force["version"], &in_force["data"][0]["fires"]["rule"]), (&json!(version), &json!("R0")));
    let shown = ok(desk().staff().get(&format!("/api/policies/{version}")).await.unwrap()).await;
    assert_eq!(shown["data"], json!({"version": version, "document": document(&word), "is_in_force": true}));

    let stale = problem(publish("# another", Some(before)).await, 412, "STALE_VERSION").await;
    assert_eq!(stale["version"], version);
    let again = ok(publish(&document(&word), Some(before)).await).await;
    assert_eq!(again["version"], version, "what is in force already changes nothing");

    let version = listed_customer_is_given_to_a_person(version).await;
    let back = ok(roll_back(before).await).await;
    assert_eq!(back["version"], version + 1);
    let gone = tried(&desk().staff(), json!({"text": word})).await;
    assert_eq!((&gone["version"], &gone["data"][0]["fires"]), (&json!(version + 1), &Value::Null));
    problem(roll_back(version + 100).await, 404, "NOT_FOUND").await;

    let rows = listed().await["data"].as_array().unwrap().clone();
    let newest = rows.last().unwrap();
    assert_eq!((&newest["rolled_back_to"], &newest["is_in_force"]), (&json!(before), &json!(true)));
    assert!(newest["by"].as_str().unwrap().starts_with("agent:") && newest["at"].is_string(), "{newest}");
    assert_eq!(rows.iter().filter(|row| row["is_in_force"] == true).count(), 1);
    assert!(rows[0]["version"] == 0 && rows[0].get("by").is_none(), "{}", rows[0]);
    let is_rolled_back =
        |event: &Value| event["type"] == "settings.rolled_back" && event["stream"] == "settings-policy";
    assert_eq!(recorded(is_rolled_back).await.len(), 1);
}

/// R12, by the id that the log knows the customer by; answers the version that lists the customer.
async fn listed_customer_is_given_to_a_person(version: u64) -> u64 {
    let (listed, other, name) = (desk().customer(), desk().customer(), fresh("listed"));
    let first = listed.chat(&name, "hello").await.unwrap();
    let stream = format!("session-{}", first["session_id"].as_str().unwrap());
    let opened = recorded(|event| event["type"] == "session.opened" && event["stream"] == *stream).await;
    let id = opened[0]["actor"].as_str().unwrap().strip_prefix("customer:").unwrap().to_owned();
    let document = format!("[rules.R12]\non = true\ncustomers = [\"{id}\"]\n");
    let version = ok(publish(&document, Some(version)).await).await["version"].as_u64().unwrap();
    for (customer, rule) in [(&other, Value::Null), (&listed, json!("R12"))] {
        let answer = customer.chat(&name, "hello").await.unwrap();
        let path =
            format!("/api/sessions/{}?min_position={}", answer["session_id"].as_str().unwrap(), answer["position"]);
        let shown = ok(desk().staff().get(&path).await.unwrap()).await["data"]["session"].clone();
        assert_eq!(shown["escalation"]["rule"], rule, "{shown}");
    }
    version
}

#[tokio::test]
async fn version_0_is_what_the_program_brings() {
    let shown = ok(desk().staff().get("/api/policies/0").await.unwrap()).await;
    assert!(shown["data"]["document"].as_str().unwrap().contains("[rules.R13]"), "{shown}");
    problem(desk().staff().get("/api/policies/4000000").await.unwrap(), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_wrong_document_gets_400_with_line_and_field() {
    let document = "[rules.R1]\non = true\n\n[rules.R3]\nthreshold = 0\n";
    let refused = problem(publish(document, None).await, 400, "INVALID_DOCUMENT").await;
    assert_eq!((&refused["line"], &refused["document_field"]), (&json!(5), &json!("rules.R3.threshold")));
    assert_eq!(refused["detail"], "document, line 5: rules.R3.threshold must be a whole number from 1 to 100");
    let body = json!({"document": "[rules.R1\n", "text": "hello"});
    let draft = desk().staff().post("/api/policies/test", &body).await.unwrap();
    assert_eq!(problem(draft, 400, "INVALID_DOCUMENT").await["line"], 1);
    let request = desk().staff().request(Method::POST, "/api/policies").json(&json!({"document": ""}));
    let refused = request.header("If-Match", "\"newest\"").send().await.unwrap();
    assert_eq!(problem(refused, 400, "INVALID_FIELD").await["field"], "If-Match");
}

#[tokio::test]
async fn a_draft_is_tried_on_a_text_without_being_published() {
    let document = "[rules.R2]\ngroup = \"legal\"\n[rules.R2.phrases]\nen = [\"ombudsman\"]\n";
    let body = json!({"document": document, "text": "I will call the ombudsman", "language": "en"});
    let answer = tried(&desk().staff(), body).await;
    assert_eq!(answer["version"], Value::Null);
    let fires = &answer["data"][0]["fires"];
    let expected = json!({
        "rule": "R2", "reason": "keyword", "severity": "high", "class": "urgent", "group": "legal",
        "details": "命中关键词: ombudsman",
    });
    assert_eq!(*fires, expected);
    let is_published = |event: &Value| event["type"] == "settings.published" && event.to_string().contains("ombudsman");
    assert_eq!(recorded(is_published).await.len(), 0);
    for (body, field) in [
        (json!({}), "text"),
        (json!({"text": "a", "session": "b"}), "session"),
        (json!({"text": "a", "language": "xx"}), "language"),
    ] {
        let refused = desk().staff().post("/api/policies/test", &body).await.unwrap();
        assert_eq!(problem(refused, 400, "INVALID_FIELD").await["field"], field, "{body}");
    }
}

#[tokio::test]
async fn a_policy_is_tried_on_a_session_and_the_look_is_on_record() {
    let session = fresh("policy-trial");
    let customer = customer_with(&session).await;
    let answer = customer.chat(&session, "How far does the battery go?").await.unwrap();
    customer.chat(&session, "Do you sell helmets?").await.unwrap();
    let supervisor = Member::with_role(Role::Supervisor).await;
    let id = answer["session_id"].as_str().unwrap();
    let document = "[rules.R2.phrases]\nen = [\"helmets\"]\n";
    let answer = tried(&supervisor.staff, json!({"document": document, "session": id})).await;
    let rows = answer["data"].as_array().unwrap();
    let asked: Vec<&Value> = rows.iter().filter(|row| row["role"] == "user").collect();
    assert_eq!((&asked[0]["fires"], &asked[1]["fires"]["rule"]), (&Value::Null, &json!("R2")), "{answer}");
    assert!(asked.iter().all(|row| row["message_id"].is_string()), "{answer}");
    let looks = recorded(|event| {
        event["type"] == "access.session_viewed"
            && event.to_string().contains(id)
            && event.to_string().contains(&supervisor.id)
    });
    assert_eq!(looks.await.len(), 1);
    let nobody = supervisor.staff.post("/api/policies/test", &json!({"session": fresh("nobody")})).await.unwrap();
    problem(nobody, 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_program_without_session_read_tries_texts_only() {
    let body = json!({"name": "Policy check", "permissions": ["settings:read"]});
    let issued = ok(desk().staff().post("/api/api-keys", &body).await.unwrap()).await;
    let program = Staff::new(desk().url(), issued["key"].as_str().unwrap().to_owned());
    tried(&program, json!({"text": "hello"})).await;
    let refused = program.post("/api/policies/test", &json!({"session": "any"})).await.unwrap();
    problem(refused, 403, "PERMISSION_DENIED").await;
    let write = json!({"name": "Policy writer", "permissions": ["settings:write"]});
    problem(desk().staff().post("/api/api-keys", &write).await.unwrap(), 400, "INVALID_FIELD").await;
}
