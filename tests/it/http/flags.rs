//! Flags over HTTP: published with a reason, stale, wrong, taken back, and tried.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{desk, ok, problem, recorded};

fn document(seed: &str, percent: u32) -> String {
    format!(
        "[flags.assistant_order]\ntype = \"string\"\nshare_seed = \"{seed}\"\nvariant_seed = \"{seed} variants\"\n\
         rules = [{{ percent = {percent} }}]\nvariants = [\n\
         {{ name = \"model\", share = 50, assistants = [\"openai\", \"faq\"] }},\n\
         {{ name = \"plain\", share = 50, assistants = [\"faq\"] }},\n]\n"
    )
}

async fn publish(document: &str, if_match: Option<u64>) -> Response {
    let body = json!({"document": document, "reason": "half of them try the model"});
    let mut request = desk().staff().request(Method::POST, "/api/flags").json(&body);
    if let Some(version) = if_match {
        request = request.header("If-Match", format!("\"{version}\""));
    }
    request.send().await.unwrap()
}

async fn listed() -> Value {
    ok(desk().staff().get("/api/flags").await.unwrap()).await
}

async fn tried(body: Value) -> Value {
    ok(desk().staff().post("/api/flags/test", &body).await.unwrap()).await
}

/// One test, because versions are the server's. The FAQ answers in every variant, so other tests do not notice.
#[tokio::test]
async fn flags_are_published_with_a_reason_tried_and_rolled_back() {
    let before = listed().await["version"].as_u64().unwrap();
    let (session, all) = (Uuid::new_v4(), document("shared server", 100));
    let published = publish(&all, Some(before)).await;
    assert_eq!(published.headers()["etag"], format!("\"{}\"", before + 1));
    let version = ok(published).await["version"].as_u64().unwrap();
    let in_force = tried(json!({"session": session})).await;
    let flag = &in_force["data"][0];
    assert_eq!(
        (&in_force["version"], &flag["flag"], &flag["rule"]),
        (&json!(version), &json!("assistant_order"), &json!(1))
    );
    assert!(["model", "plain"].contains(&flag["value"].as_str().unwrap()), "{flag}");
    let staff = tried(json!({"agent": Uuid::new_v4(), "role": "agent"})).await;
    assert_eq!((&staff["data"][0]["value"], &staff["data"][0]["rule"]), (&json!(""), &Value::Null));

    problem(publish("# another", Some(before)).await, 412, "STALE_VERSION").await;
    let rows = listed().await["data"].as_array().unwrap().clone();
    let newest = rows.last().unwrap();
    assert_eq!((&newest["version"], &newest["reason"]), (&json!(version), &json!("half of them try the model")));
    assert!(newest["by"].as_str().unwrap().starts_with("agent:") && newest["at"].is_string(), "{newest}");

    let body = json!({"to_version": before, "reason": "it was dearer"});
    let back = ok(desk().staff().post("/api/flags/rollback", &body).await.unwrap()).await;
    assert_eq!(back["version"], version + 1);
    assert_eq!(tried(json!({"session": session})).await["data"][0]["value"], "");
    let newest = listed().await["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&newest["rolled_back_to"], &newest["reason"]), (&json!(before), &json!("it was dearer")));
    let is_ours = |event: &Value| event["stream"] == "settings-flags" && event["type"] == "settings.rolled_back";
    assert_eq!(recorded(is_ours).await.len(), 1);
    let shown = ok(desk().staff().get(&format!("/api/flags/{version}")).await.unwrap()).await;
    assert_eq!(shown["data"]["document"], all);
}

#[tokio::test]
async fn a_draft_of_flags_deals_sessions_out_by_share_and_a_wrong_one_is_told_with_its_place() {
    let draft = document("draft", 50);
    let mut inside = 0;
    for _ in 0..100 {
        let answer = tried(json!({"document": draft, "session": Uuid::new_v4()})).await;
        assert_eq!(answer["version"], Value::Null);
        inside += u32::from(answer["data"][0]["value"] != "");
    }
    assert!((25..=75).contains(&inside), "{inside} of 100, which is five standard deviations off");

    let wrong = json!({"document": draft.replace("share_seed", "share_sed")});
    let refused = problem(desk().staff().post("/api/flags/test", &wrong).await.unwrap(), 400, "INVALID_DOCUMENT").await;
    assert_eq!(
        (&refused["line"], &refused["document_field"]),
        (&json!(3), &json!("flags.assistant_order.share_sed")),
        "{refused}"
    );
    assert!(refused["detail"].as_str().unwrap().contains("did you mean share_seed?"), "{refused}");
    problem(publish(&draft.replace("50 }", "101 }"), None).await, 400, "INVALID_DOCUMENT").await;
    for (body, field) in [(json!({"session": "session 1"}), "session"), (json!({"role": "boss"}), "role")] {
        let refused = desk().staff().post("/api/flags/test", &body).await.unwrap();
        assert_eq!(problem(refused, 400, "INVALID_FIELD").await["field"], field);
    }
}
