//! After sign-out neither bearer token nor cookie nor open stream works.

use reqwest::Method;

use super::{super::LIMIT, *};

#[tokio::test]
async fn visitor_token_is_rejected_after_sign_out() {
    let session = fresh("leaves");
    let customer = customer_with(&session).await;
    ok(identify(&customer, &token_for(&fresh("sub"))).await).await;
    let before = as_before(&customer);
    let position = sign_out(&customer).await["position"].as_u64().unwrap();
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    for path in [
        "/api/chat",
        "/api/chat/stream",
        "/api/conversation/create",
        "/api/conversation/new",
        "/api/conversation/clear",
    ] {
        problem(before.post(path, &body).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
    for path in
        [format!("/api/sessions/{session}"), format!("/api/sessions/{session}/events"), "/api/customer".to_owned()]
    {
        problem(before.get(&path).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
    assert_eq!(looking(&customer, &session, position).await, 404, "the new visitor has nothing");
    assert_eq!(who(&customer).await["is_identified"], false);
    let staff = desk().staff().get(&format!("/api/sessions/{session}")).await.unwrap();
    assert_eq!(staff.status(), 200, "for staff it is still there");
}

#[tokio::test]
async fn visitor_cookie_after_sign_out_counts_as_none() {
    let session = fresh("cookie");
    let customer = customer_with(&session).await;
    let cookie = format!("desk_visitor={}", customer.token().unwrap());
    sign_out(&customer).await;
    let request = |method, path: &str| {
        tests::http_client::client().request(method, format!("{}{path}", desk().url())).header("Cookie", &cookie)
    };
    let looked = request(Method::GET, &format!("/api/sessions/{session}")).send().await.unwrap();
    problem(looked, 404, "NOT_FOUND").await;
    let created = request(Method::POST, "/api/conversation/create").json(&json!({"user_id": session}));
    let created = created.send().await.unwrap();
    assert!(created.headers().get("x-visitor-token").is_some(), "a new visitor has come");
    ok(created).await;
}

#[tokio::test]
async fn repeated_or_anonymous_sign_out_succeeds() {
    let customer = customer_with(&fresh("twice")).await;
    let before = as_before(&customer);
    let visitor = visitor_of(&customer);
    sign_out(&customer).await;
    sign_out(&before).await;
    assert_ne!(visitor_of(&before), visitor);
    assert_eq!(history(&visitor).await.len(), 1);
    let nobody = desk().customer();
    assert_eq!(sign_out(&nobody).await["position"], 0);
    assert!(nobody.token().is_some());
}

#[tokio::test]
async fn customer_identified_again_after_sign_out_is_a_new_visitor() {
    let (session, sub) = (fresh("back"), fresh("sub"));
    let customer = customer_with(&session).await;
    ok(identify(&customer, &token_for(&sub)).await).await;
    let before = as_before(&customer);
    sign_out(&customer).await;
    ok(identify(&before, &token_for(&sub)).await).await;
    assert_eq!(who(&before).await["name"], "Wang Xiaoming");
    assert_eq!(looking(&before, &session, 0).await, 404);
}

#[tokio::test]
async fn open_stream_ends_at_sign_out() {
    let session = fresh("open");
    let customer = customer_with(&session).await;
    customer.chat(&session, "hello").await.unwrap();
    let mut frames = as_before(&customer).follow(&session, None).await.unwrap();
    frames.until(|frame| frame.event.as_deref() == Some("session.assistant_replied")).await;
    let staff = desk().staff();
    let mut seen_by_staff = staff.follow(None).await.unwrap();
    sign_out(&customer).await;
    let last = frames.next_within(LIMIT).await.unwrap();
    assert_eq!((last.event.as_deref(), last.id), (Some("reauthenticate"), None));
    assert_eq!(frames.next_within(LIMIT).await, None);
    seen_by_staff.next_within(LIMIT).await.unwrap();
}
