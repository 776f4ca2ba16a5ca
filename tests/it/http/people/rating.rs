//! The customer rates the service: asked for at its end, given as often as one likes, and without any other effect.

use super::*;

async fn rate(thread: &Thread, body: Value) -> Response {
    thread.customer.post(&format!("/api/sessions/{}/rating", thread.name), &body).await.unwrap()
}

async fn shown(thread: &Thread, position: &Value) -> Value {
    let position = position.as_u64().unwrap();
    super::super::session_at(&thread.customer, &thread.name, position).await["data"]["session"].clone()
}

/// The agent wrote and gave it back.
async fn served(agent: &Colleague) -> (Thread, Value) {
    let thread = Thread::with(agent).await;
    ok(thread.answer(agent, "Hello!").await).await;
    let released = ok(thread.act(agent, "release", json!({})).await).await;
    (thread, released)
}

#[tokio::test]
async fn rating_is_asked_for_with_the_release_and_the_last_one_counts() {
    let team = team().await;
    let (thread, released) = served(&team.agent).await;
    let before = shown(&thread, &released["position"]).await;
    let asked = &before["rating"];
    assert_eq!((&asked["score"], &asked["comment"]), (&Value::Null, &Value::Null));
    let time = |field: &str| asked[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let open_for = time("open_until").duration_since(time("asked_at"));
    assert!((604_790..=604_801).contains(&open_for.as_secs()), "{open_for:?}");
    let history = before["history"].as_array().unwrap();
    assert!(history.last().unwrap()["content"].as_str().unwrap().contains("1 (poor) to 5"), "{history:?}");

    let first = ok(rate(&thread, json!({"score": 2, "comment": "slow"})).await).await;
    assert_eq!(first["data"], json!({"score": 2}));
    let last = ok(rate(&thread, json!({"score": 5})).await).await;
    let after = shown(&thread, &last["position"]).await;
    assert_eq!((&after["rating"]["score"], &after["rating"]["comment"]), (&json!(5), &Value::Null));
    assert_eq!((&after["status"], &after["history"]), (&json!("bot_active"), &before["history"]));
    let path = format!("/api/sessions/{}?at={}", thread.id, first["position"]);
    let then = ok(team.auditor.staff().get(&path).await.unwrap()).await["data"].clone();
    assert_eq!(
        (&then["session"]["rating"]["score"], &then["session"]["rating"]["comment"]),
        (&json!(2), &json!("slow"))
    );
    assert_eq!(then["customer_view"]["session"]["rating"], then["session"]["rating"]);
    let trail = then["audit_trail"].as_array().unwrap();
    assert_eq!(trail.last().unwrap()["action"], "session.rating_given");
}

#[tokio::test]
async fn rating_nobody_asked_for_is_refused_and_so_is_a_stranger() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    problem(rate(&thread, json!({"score": 5})).await, 409, "RATING_NOT_ASKED").await;
    ok(thread.act(&team.agent, "release", json!({})).await).await;
    problem(rate(&thread, json!({"score": 5})).await, 409, "RATING_NOT_ASKED").await;
    let (thread, _) = served(&team.agent).await;
    let stranger = customer_with(&fresh("stranger")).await;
    let path = format!("/api/sessions/{}/rating", thread.name);
    problem(stranger.post(&path, &json!({"score": 1})).await.unwrap(), 404, "NOT_FOUND").await;
    for bad in [json!({"score": 0}), json!({"score": 6}), json!({"score": 1, "comment": " "})] {
        problem(rate(&thread, bad).await, 400, "INVALID_FIELD").await;
    }
    problem(rate(&thread, json!({})).await, 400, "INVALID_FIELD").await;
    let staff = team.agent.staff().post(&path, &json!({"score": 5})).await.unwrap();
    problem(staff, 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn closed_session_is_rated_and_stays_closed() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    ok(thread.answer(&team.agent, "Hello!").await).await;
    ok(thread.own("close").await).await;
    let key = async |score: u8| {
        let path = format!("/api/sessions/{}/rating", thread.name);
        thread.customer.post_keyed(&path, "k", &json!({"score": score})).await.unwrap()
    };
    let first = ok(key(3).await).await;
    assert_eq!(ok(key(3).await).await, first);
    problem(key(4).await, 422, "IDEMPOTENCY_KEY_REUSED").await;
    let session = shown(&thread, &first["position"]).await;
    assert_eq!((&session["status"], &session["rating"]["score"]), (&json!("closed"), &json!(3)));
    assert_eq!(thread.count("session.rating_given").await, 1);
}
