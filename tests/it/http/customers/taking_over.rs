//! The first customer of a visitor gets its sessions, and no other customer sees them.

use super::*;

#[tokio::test]
async fn identify_keeps_the_visitors_sessions() {
    let session = fresh("known");
    let customer = customer_with(&session).await;
    let position = customer.chat(&session, "hello").await.unwrap()["position"].as_u64().unwrap();
    assert_eq!(who(&customer).await, json!({"is_identified": false, "name": null, "email": null, "vip": false}));
    let before = visitor_of(&customer);
    let answer = ok(identify(&customer, &token_for(&fresh("sub"))).await).await;
    let expected = json!({"is_identified": true, "name": "Wang Xiaoming", "email": "ming@example.com", "vip": false});
    assert_eq!(answer["data"], expected);
    assert!(answer["position"].as_u64().unwrap() > position);
    assert_eq!(visitor_of(&customer), before);
    assert_eq!(who(&customer).await, expected);
    assert_eq!(looking(&customer, &session, position).await, 200);
}

#[tokio::test]
async fn identify_without_a_visitor_token_creates_a_visitor() {
    let customer = desk().customer();
    let response = identify(&customer, &token_for(&fresh("sub"))).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    ok(response).await;
    assert!(cookie.contains(&format!("={};", customer.token().unwrap())), "the same by both ways: {cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(who(&customer).await["is_identified"], true);
    let session = fresh("first");
    let answer = customer.chat(&session, "hello").await.unwrap();
    assert_eq!(looking(&customer, &session, answer["position"].as_u64().unwrap()).await, 200);
}

#[tokio::test]
async fn identify_records_a_changed_profile_and_not_a_repeated_one() {
    let (customer, sub) = (customer_with(&fresh("changes")).await, fresh("sub"));
    ok(identify(&customer, &token_for(&sub)).await).await;
    ok(identify(&customer, &token_for(&sub)).await).await;
    let vip = with(claims(&sub), &json!({"vip": true, "name": "Ming"}));
    let answer = ok(identify(&customer, &Key::Rsa.sign(&vip)).await).await;
    assert_eq!(answer["data"], json!({"is_identified": true, "name": "Ming", "email": null, "vip": true}));
    assert_eq!(who(&customer).await, answer["data"]);
    let types: Vec<Value> =
        history(&visitor_of(&customer)).await.into_iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["customer.identified", "customer.command_confirmed", "customer.profile_changed"]);
}

#[tokio::test]
async fn second_customer_on_one_browser_sees_nothing_of_the_first() {
    let session = fresh("shared-browser");
    let browser = customer_with(&session).await;
    let position = browser.chat(&session, "my address is Elm Street 1").await.unwrap()["position"].as_u64().unwrap();
    ok(identify(&browser, &token_for(&fresh("first"))).await).await;
    let (first, first_visitor) = (as_before(&browser), visitor_of(&browser));
    let second = with(claims(&fresh("second")), &json!({"name": "Li"}));
    let answer = ok(identify(&browser, &Key::Secret.sign(&second)).await).await;
    assert_eq!(answer["data"], json!({"is_identified": true, "name": "Li", "email": null, "vip": false}));
    assert_ne!(visitor_of(&browser), first_visitor);
    assert_eq!(looking(&browser, &session, position).await, 404);
    let own = browser.chat(&session, "hello").await.unwrap();
    let shown = super::super::session_at(&browser, &session, own["position"].as_u64().unwrap()).await;
    assert!(!shown.to_string().contains("Elm Street"), "{shown}");
    for path in [format!("/api/sessions/{session}"), "/api/customer".to_owned()] {
        problem(first.get(&path).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
    let left = history(&first_visitor).await;
    assert_eq!(left.last().unwrap()["data"], json!({"reason": "another_customer"}));
}

#[tokio::test]
async fn session_of_another_visitor_is_not_found_by_name() {
    let session = fresh("not-yours");
    let owner = customer_with(&session).await;
    ok(identify(&owner, &token_for(&fresh("sub"))).await).await;
    let position = owner.chat(&session, "hello").await.unwrap()["position"].as_u64().unwrap();
    let other = customer_with(&fresh("other")).await;
    ok(identify(&other, &token_for(&fresh("sub"))).await).await;
    for customer in [&other, &desk().customer()] {
        assert_eq!(looking(customer, &session, position).await, 404);
        let events = customer.get(&format!("/api/sessions/{session}/events")).await.unwrap();
        problem(events, 404, "NOT_FOUND").await;
    }
    assert_eq!(looking(&owner, &session, position).await, 200);
}

#[tokio::test]
async fn same_customer_on_another_device_is_a_separate_visitor() {
    let (session, sub) = (fresh("at-home"), fresh("sub"));
    let (at_home, on_the_way) = (customer_with(&session).await, desk().customer());
    ok(identify(&at_home, &token_for(&sub)).await).await;
    let position = ok(identify(&on_the_way, &token_for(&sub)).await).await["position"].as_u64().unwrap();
    assert_ne!(visitor_of(&at_home), visitor_of(&on_the_way));
    assert_eq!(looking(&on_the_way, &session, position).await, 404);
    assert_eq!(looking(&at_home, &session, position).await, 200);
}

#[tokio::test]
async fn only_the_identity_token_identifies_a_customer() {
    let session = fresh("mass");
    let customer = customer_with(&session).await;
    for body in [
        json!({"identity_token": token_for(&fresh("sub")), "vip": true}),
        json!({"identity_token": token_for(&fresh("sub")), "visitor_id": visitor_of(&customer)}),
        json!({"sub": "4711", "vip": true}),
    ] {
        assert_eq!(customer.post("/api/customer/identify", &body).await.unwrap().status(), 400, "{body}");
    }
    problem(customer.post("/api/customer/sign-out", &json!({"visitor": "x"})).await.unwrap(), 400, "BAD_REQUEST").await;
    let parameters = json!({"vip": true, "is_identified": true, "name": "Boss", "email": "boss@example.com"});
    let said = json!({"user_id": session, "message": "hello", "parameters": parameters, "vip": true, "visitor": "x"});
    ok(customer.post("/api/chat", &said).await.unwrap()).await;
    let nobody = json!({"is_identified": false, "name": null, "email": null, "vip": false});
    assert_eq!(who(&customer).await, nobody);
    ok(identify(&customer, &token_for(&fresh("sub"))).await).await;
    ok(customer.post("/api/chat", &said).await.unwrap()).await;
    assert_eq!(who(&customer).await["vip"], false);
    assert_eq!(who(&customer).await["name"], "Wang Xiaoming");
}
