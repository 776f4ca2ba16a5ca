//! Fixation: a token that somebody else put into the browser ends when the shop first names its visitor.

use super::{super::LIMIT, *};

#[tokio::test]
async fn token_of_before_the_shop_named_the_visitor_is_over() {
    let session = fresh("fixed");
    let customer = customer_with(&session).await;
    let planted = as_before(&customer);
    ok(identify(&customer, &token_for(&fresh("sub"))).await).await;
    assert_ne!(customer.token(), planted.token(), "the answer brings another one");
    assert_eq!(visitor_of(&customer), visitor_of(&planted), "of the same visitor, whose sessions stay");
    let position = customer.chat(&session, "my address is Elm Street 1").await.unwrap()["position"].as_u64().unwrap();
    assert_eq!(looking(&customer, &session, position).await, 200);
    for path in
        [format!("/api/sessions/{session}"), format!("/api/sessions/{session}/events"), "/api/customer".to_owned()]
    {
        problem(planted.get(&path).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    for path in ["/api/chat", "/api/chat/stream", "/api/conversation/clear"] {
        problem(planted.post(path, &body).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
}

#[tokio::test]
async fn token_of_before_neither_signs_the_customer_out_nor_ends_it_by_another_identity() {
    let customer = customer_with(&fresh("kept")).await;
    let planted = as_before(&customer);
    let named = token_for(&fresh("sub"));
    ok(identify(&customer, &named).await).await;
    let visitor = visitor_of(&customer);
    assert_eq!(sign_out(&as_before(&planted)).await["position"], 0);
    let stranger = as_before(&planted);
    ok(identify(&stranger, &token_for(&fresh("attacker"))).await).await;
    assert_ne!(visitor_of(&stranger), visitor);
    assert_eq!(who(&customer).await["is_identified"], true, "nothing has happened to it");
    assert_eq!(history(&visitor).await.len(), 1);
    let again = as_before(&planted);
    ok(identify(&again, &named).await).await;
    assert_eq!(visitor_of(&again), visitor, "whoever has lost the answer repeats what it sent");
    assert_eq!(who(&again).await["is_identified"], true);
}

#[tokio::test]
async fn stream_of_a_token_of_before_ends_when_the_shop_names_the_visitor() {
    let session = fresh("open-fixed");
    let customer = customer_with(&session).await;
    customer.chat(&session, "hello").await.unwrap();
    let mut frames = as_before(&customer).follow(&session, None).await.unwrap();
    frames.until(|frame| frame.event.as_deref() == Some("session.assistant_replied")).await;
    ok(identify(&customer, &token_for(&fresh("sub"))).await).await;
    assert_eq!(frames.next_within(LIMIT).await.unwrap().event.as_deref(), Some("reauthenticate"));
    assert_eq!(frames.next_within(LIMIT).await, None);
    let mut own = customer.follow(&session, None).await.unwrap();
    own.until(|frame| frame.event.as_deref() == Some("session.assistant_replied")).await;
}
