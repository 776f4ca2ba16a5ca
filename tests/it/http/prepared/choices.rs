//! What an answer offers to say next, and what it cost: who is shown which of it.

use domain::{
    Language, MessageId, Personal, SessionId,
    session::{
        Event,
        event::{AssistantReplied, Cost, Outcome, Reply, Tokens},
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{MESSAGE, Prepared, RUN, VISITOR, asked, run_started, text};
use crate::http::ok;

fn offered() -> Event {
    let suggestions = vec!["How do I return my bike?".to_owned(), "运费多少？".to_owned()];
    let reply = Reply { text: text("Did you mean"), suggestions, assistant_context: Some("73".to_owned()) };
    Event::AssistantReplied(AssistantReplied {
        run: RUN,
        attempt: 1,
        message: MessageId(Uuid::from_u128(4)),
        answers: vec![MESSAGE],
        outcome: Outcome::Offered,
        language: Language::En,
        confidence_permille: None,
        tokens: Some(Tokens { input: 120, output: 30 }),
        cost: Some(Cost { micros: 240, currency: "EUR".to_owned() }),
        sources: Vec::new(),
        rule_signals: Vec::new(),
        reply: Personal::Known(reply),
    })
}

#[tokio::test]
async fn choices_are_shown_to_customer_and_staff_and_what_they_cost_to_staff_alone() {
    let prepared = Prepared::with(&[("offers", vec![asked(), run_started(), offered()])]).await;
    let staff = prepared.desk.staff();
    let own = ok(prepared.get("/api/sessions/offers?min_position=4").await).await["data"].clone();
    let id = SessionId::of(VISITOR, "offers");
    let seen = ok(staff.get(&format!("/api/sessions/{id}?min_position=4")).await.unwrap()).await["data"].clone();
    for data in [&own, &seen] {
        let history = data["session"]["history"].as_array().unwrap();
        assert_eq!(history[1]["suggestions"], json!(["How do I return my bike?", "运费多少？"]), "{data}");
        assert_eq!(history[0].get("suggestions"), None, "a message without has none");
    }
    assert_eq!(own["session"].get("usage"), None, "customers are not told");
    assert!(!own.to_string().contains("EUR"), "{own}");
    let cost = json!([{"currency": "EUR", "micros": 240}]);
    let tokens = json!({"input": 120, "output": 30});
    assert_eq!(seen["session"]["usage"], json!({"attempts": 1, "tokens": tokens, "cost": cost}));
    let before = ok(staff.get(&format!("/api/sessions/{id}?at=2")).await.unwrap()).await["data"].clone();
    assert_eq!(before["session"]["usage"], json!({"attempts": 0, "tokens": {"input": 0, "output": 0}, "cost": []}));
    let then = ok(staff.get(&format!("/api/sessions/{id}?at=4")).await.unwrap()).await["data"].clone();
    assert_eq!(then["session"]["usage"], seen["session"]["usage"]);
    assert_eq!(then["customer_view"]["session"].get("usage"), None);

    for (by, group) in [("session", json!(id)), ("run", json!(RUN)), ("assistant", json!("faq"))] {
        let field = if by == "session" { "session_id" } else { by };
        let answer = ok(staff.get(&format!("/api/assistants/usage?by={by}")).await.unwrap()).await;
        let groups: &Vec<Value> = answer["data"]["groups"].as_array().unwrap();
        assert_eq!((groups.len(), &groups[0][field]), (1, &group), "{answer}");
        assert_eq!((&groups[0]["offered"], &groups[0]["answered"], &groups[0]["cost"]), (&json!(1), &json!(0), &cost));
    }
    let listed = ok(staff.get("/api/assistants").await.unwrap()).await;
    assert_eq!(listed["data"][0]["today"], seen["session"]["usage"], "{listed}");
}
