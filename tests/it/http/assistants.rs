//! What operators are told of the assistants, and analysts of their use.

use domain::agent::Role;
use serde_json::{Value, json};

use tests::desk::{Desk, Frames, Setup};

use super::{LIMIT, customer_with, desk, fresh, ok, problem, staff::Member};

#[tokio::test]
async fn operators_see_that_the_assistant_takes_questions_and_how_it_did() {
    let session = fresh("asked");
    let customer = customer_with(&session).await;
    let position = customer.chat(&session, "How long does shipping take?").await.unwrap()["position"].clone();
    let supervisor = Member::with_role(Role::Supervisor).await.staff;
    let answer = ok(supervisor.get(&format!("/api/assistants?min_position={position}")).await.unwrap()).await;
    let [faq] = answer["data"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(
        (&faq["name"], &faq["takes_questions"], &faq["breaker"]),
        (&json!("faq"), &json!(true), &json!("closed"))
    );
    let number = |value: &Value| value.as_u64().unwrap();
    assert!(number(&faq["answers"]) >= 1 && number(&faq["places"]["of"]) >= 1, "{faq}");
    assert!(number(&faq["latency"]["p50_ms"]) <= number(&faq["latency"]["p99_ms"]), "{faq}");
    assert_eq!(faq["last_error"], Value::Null);
    assert!(number(&faq["today"]["attempts"]) >= 1, "{faq}");
    assert!(answer["node"].is_string());
}

#[tokio::test]
async fn analysts_page_through_sums() {
    let session = fresh("counted");
    let customer = customer_with(&session).await;
    let answer = customer.chat(&session, "How long does shipping take?").await.unwrap();
    let (position, id) = (answer["position"].clone(), answer["session_id"].clone());
    let analyst = Member::with_role(Role::Analyst).await.staff;
    let get = async |query: &str| {
        let path = format!("/api/assistants/usage?min_position={position}&{query}");
        ok(analyst.get(&path).await.unwrap()).await["data"].clone()
    };
    let (mut found, mut offset) = (None, 0);
    loop {
        let page = get(&format!("by=session&limit=200&offset={offset}")).await;
        let groups = page["groups"].as_array().unwrap();
        found = found.or_else(|| groups.iter().find(|group| group["session_id"] == id).cloned());
        offset += groups.len();
        if page["has_more"] == false {
            break;
        }
    }
    let found = found.expect("the session is in a group");
    assert_eq!((&found["attempts"], &found["failed"], &found["cost"]), (&json!(1), &json!(0), &json!([])));
    assert!(found["p50_ms"].is_u64() && found.get("assistant").is_none(), "{found}");
    let day = get("by=day").await;
    let last = day["groups"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["assistant"], last["day"].as_str().unwrap().len()), (&json!("faq"), 10), "{day}");
    let one = get("by=session&limit=1").await;
    assert_eq!(one["groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_period_that_is_empty_or_too_long_and_unknown_groups_are_refused() {
    let staff = desk().staff();
    let refused = [
        "by=week",
        "by=",
        "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z",
        "from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z",
        "from=yesterday",
        "limit=201",
        "limit=0",
    ];
    for query in refused {
        let path = format!("/api/assistants/usage?{query}");
        problem(staff.get(&path).await.unwrap(), 400, "INVALID_FIELD").await;
    }
    let longest = "from=2026-08-01T00:00:00Z&to=2026-11-01T00:00:00Z";
    ok(staff.get(&format!("/api/assistants/usage?{longest}")).await.unwrap()).await;
    ok(staff.get("/api/assistants/usage?to=9999-12-30T22:00:00Z").await.unwrap()).await;
}

const ENTRIES: &str = "\
## rain
### en
Q: Can I ride in the rain?
Q: Is the bike waterproof?

Rain is fine.
## cleaning
### en
Q: Can I wash the bike with a hose?

Not with pressure.
";

#[tokio::test]
async fn choices_come_beside_the_message_and_with_the_end_of_a_stream_and_one_of_them_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.md"), ENTRIES).unwrap();
    let environment = vec![("DESK_FAQ_DIR", folder.path().display().to_string())];
    let own = Desk::start(Setup { environment, ..Setup::default() });
    let (customer, session) = (own.customer(), fresh("choices"));
    let answer = customer.chat(&session, "waterproof?").await.unwrap();
    let choices = answer["suggestions"].as_array().expect("something is offered").clone();
    assert!(!choices.is_empty() && answer["message"].as_str().unwrap().contains(choices[0].as_str().unwrap()));
    let body = json!({"message": "waterproof?", "user_id": session});
    let streamed = customer.request(reqwest::Method::POST, "/api/chat/stream").json(&body).send().await.unwrap();
    let mut streamed = Frames::of(streamed);
    let frames = streamed.until(|frame| frame.data["type"] == "done");
    let frames = tokio::time::timeout(LIMIT, frames).await.unwrap();
    assert_eq!(frames.last().unwrap().data["suggestions"], json!(choices));
    assert!(frames.iter().rev().skip(1).all(|frame| frame.data.get("suggestions").is_none()), "{frames:?}");
    let chosen = customer.chat(&session, choices[0].as_str().unwrap()).await.unwrap();
    assert_eq!((&chosen["message"], chosen.get("suggestions")), (&json!("Rain is fine."), None));
}
