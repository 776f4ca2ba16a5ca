//! Drafts: kept for their agent alone, and gone once they are sent.

use super::*;
use crate::http::eventually;

fn path(thread: &Thread, kind: &str) -> String {
    format!("/api/sessions/{}/drafts/{kind}", thread.id)
}

async fn save(agent: &Colleague, thread: &Thread, kind: &str, text: &str) -> Value {
    ok(agent.staff().put(&path(thread, kind), &json!({"text": text})).await.unwrap()).await["data"].clone()
}

async fn draft(agent: &Colleague, thread: &Thread, kind: &str) -> Value {
    ok(agent.staff().get(&path(thread, kind)).await.unwrap()).await["data"].clone()
}

async fn places(agent: &Colleague) -> Vec<(String, String)> {
    let drafts = ok(agent.staff().get("/api/drafts").await.unwrap()).await["data"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    drafts.as_array().unwrap().iter().map(|one| (text(&one["session_id"]), text(&one["kind"]))).collect()
}

#[tokio::test]
async fn a_draft_is_its_agents_alone_until_it_is_emptied() {
    let [agent, other] = [Colleague::with_role(Role::Agent).await, Colleague::with_role(Role::Agent).await];
    let thread = Thread::with(&agent).await;
    let nothing = json!({"text": "", "updated_at": null});
    assert_eq!(draft(&agent, &thread, "reply").await, nothing);
    let saved = save(&agent, &thread, "reply", "Sehr geehrte  ").await;
    assert_eq!(saved["text"], "Sehr geehrte  ");
    save(&agent, &thread, "note", "angry").await;
    assert_eq!(
        (draft(&agent, &thread, "reply").await, draft(&other, &thread, "reply").await),
        (saved, nothing.clone())
    );
    assert_eq!(places(&agent).await, [(thread.id.clone(), "note".to_owned()), (thread.id.clone(), "reply".to_owned())]);
    assert!(places(&other).await.is_empty());
    assert_eq!(save(&agent, &thread, "reply", " ").await, nothing);
    let dropped = agent.staff().request(Method::DELETE, &path(&thread, "note")).send().await.unwrap();
    assert_eq!(ok(dropped).await["data"], nothing);
    assert!(places(&agent).await.is_empty());
    let long = json!({"text": "x".repeat(5_001)});
    problem(agent.staff().put(&path(&thread, "reply"), &long).await.unwrap(), 400, "INVALID_FIELD").await;
    problem(agent.staff().get(&path(&thread, "mail")).await.unwrap(), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_reply_that_is_sent_is_no_draft_any_more_and_a_note_stays() {
    let agent = Colleague::with_role(Role::Agent).await;
    let (thread, other) = (Thread::with(&agent).await, Thread::with(&agent).await);
    for thread in [&thread, &other] {
        save(&agent, thread, "reply", "Good morning").await;
    }
    save(&agent, &thread, "note", "patient").await;
    ok(thread.answer(&agent, "Good morning").await).await;
    eventually(|| draft(&agent, &thread, "reply"), |draft| draft["text"] == "").await;
    assert_eq!(draft(&agent, &thread, "note").await["text"], "patient");
    assert_eq!(draft(&agent, &other, "reply").await["text"], "Good morning");
    let next = save(&agent, &thread, "reply", "One more thing").await;
    assert_eq!(draft(&agent, &thread, "reply").await, next);
}

#[tokio::test]
async fn no_text_of_a_draft_stands_on_the_disk() {
    let agent = Colleague::with_role(Role::Agent).await;
    let (thread, secret) = (Thread::with(&agent).await, fresh("nobody-reads-this"));
    save(&agent, &thread, "reply", &secret).await;
    for file in std::fs::read_dir(desk().data_dir()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", path.display());
        }
    }
}
