//! An identity token works once, for one visitor: repeated, concurrently, and after a restart.

use futures::future::join_all;

use super::*;

#[tokio::test]
async fn repeated_identify_of_the_same_visitor_gets_the_first_answer() {
    let (customer, sub) = (customer_with(&fresh("again")).await, fresh("sub"));
    let token = token_for(&sub);
    let first = ok(identify(&customer, &token).await).await;
    assert_eq!(ok(identify(&customer, &token).await).await, first);
    ok(identify(&customer, &Key::Rsa.sign(&with(claims(&sub), &json!({"vip": true})))).await).await;
    assert_eq!(ok(identify(&customer, &token).await).await, first, "whatever has happened since");
    assert_eq!(who(&customer).await["vip"], true);
    assert_eq!(history(&visitor_of(&customer)).await.len(), 2);
}

#[tokio::test]
async fn used_identity_token_is_rejected_for_other_visitors() {
    let customer = customer_with(&fresh("first")).await;
    let token = token_for(&fresh("sub"));
    ok(identify(&customer, &token).await).await;
    let other = customer_with(&fresh("thief")).await;
    let before = visitor_of(&other);
    for thief in [&other, &desk().customer()] {
        let refused = identify(thief, &token).await;
        assert!(refused.headers().get("x-visitor-token").is_none() && refused.headers().get("set-cookie").is_none());
        problem(refused, 401, "IDENTITY_TOKEN_REPLAYED").await;
    }
    assert_eq!(who(&other).await["is_identified"], false);
    assert!(history(&before).await.is_empty());
}

#[tokio::test]
async fn replayed_identity_token_of_another_keeps_the_customer_signed_in() {
    let (first, second) = (customer_with(&fresh("one")).await, customer_with(&fresh("two")).await);
    let token = token_for(&fresh("sub"));
    ok(identify(&first, &token).await).await;
    ok(identify(&second, &token_for(&fresh("sub"))).await).await;
    problem(identify(&second, &token).await, 401, "IDENTITY_TOKEN_REPLAYED").await;
    assert_eq!(who(&second).await["is_identified"], true, "and may go on");
}

#[tokio::test]
async fn identity_token_without_a_change_is_still_used_up() {
    let (customer, sub) = (customer_with(&fresh("unchanged")).await, fresh("sub"));
    ok(identify(&customer, &token_for(&sub)).await).await;
    let token = token_for(&sub);
    let first = ok(identify(&customer, &token).await).await;
    problem(identify(&desk().customer(), &token).await, 401, "IDENTITY_TOKEN_REPLAYED").await;
    assert_eq!(ok(identify(&customer, &token).await).await, first);
}

#[tokio::test]
async fn used_identity_token_is_rejected_after_sign_out() {
    let customer = customer_with(&fresh("gone")).await;
    let token = token_for(&fresh("sub"));
    ok(identify(&customer, &token).await).await;
    let before = as_before(&customer);
    sign_out(&customer).await;
    for holder in [&before, &customer] {
        problem(identify(holder, &token).await, 401, "IDENTITY_TOKEN_REPLAYED").await;
    }
    assert_eq!(who(&customer).await["is_identified"], false);
}

#[tokio::test]
async fn concurrent_visitors_with_one_identity_token_yield_one_customer() {
    let token = token_for(&fresh("sub"));
    let strangers: Vec<Customer> = (0..20).map(|_| desk().customer()).collect();
    let answers = join_all(strangers.iter().map(|stranger| identify(stranger, &token))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
    assert_eq!(good.len(), 1);
    for answer in bad {
        problem(answer, 401, "IDENTITY_TOKEN_REPLAYED").await;
    }
    assert_eq!(strangers.iter().filter(|stranger| stranger.token().is_some()).count(), 1);
}

#[tokio::test]
async fn concurrent_identify_of_one_visitor_is_recorded_once() {
    let customer = customer_with(&fresh("twenty")).await;
    let token = token_for(&fresh("sub"));
    let answers = join_all((0..20).map(|_| identify(&customer, &token))).await;
    let mut told = Vec::new();
    for answer in answers {
        told.push(ok(answer).await);
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    assert_eq!(history(&visitor_of(&customer)).await.len(), 1);
}

#[tokio::test]
async fn concurrent_identities_on_one_visitor_become_separate_visitors() {
    let browser = customer_with(&fresh("crowd")).await;
    let holders: Vec<Customer> = (0..20).map(|_| as_before(&browser)).collect();
    let tokens: Vec<String> = (0..20).map(|_| token_for(&fresh("sub"))).collect();
    for answer in join_all(holders.iter().zip(&tokens).map(|(holder, token)| identify(holder, token))).await {
        ok(answer).await;
    }
    let mut visitors: Vec<String> = holders.iter().map(visitor_of).collect();
    visitors.sort_unstable();
    visitors.dedup();
    assert_eq!(visitors.len(), 20);
    let history = history(&visitor_of(&browser)).await;
    let identified = history.iter().filter(|event| event["type"] == "customer.identified").count();
    assert_eq!(identified, 1, "{history:?}");
}

#[tokio::test]
async fn identity_and_visitor_tokens_survive_a_restart() {
    let mut own = Own::start(&[]);
    let (customer, stranger) = (own.desk.customer(), own.desk.customer());
    customer.arrive("s").await.unwrap();
    let position = customer.chat("s", "hello").await.unwrap()["position"].as_u64().unwrap();
    let token = token_for("4711");
    let first = ok(identify(&customer, &token).await).await;
    let left = own.desk.customer();
    left.arrive("s").await.unwrap();
    let before = left.at(own.desk.url());
    sign_out(&left).await;
    own.desk.kill();
    own.desk.start_again();
    // Connections from before the kill are closed.
    while customer.get("/healthz").await.is_err() || before.get("/healthz").await.is_err() {}
    assert_eq!(who(&customer).await["name"], "Wang Xiaoming");
    assert_eq!(looking(&customer, "s", position).await, 200, "the visitor token has survived");
    problem(identify(&stranger, &token).await, 401, "IDENTITY_TOKEN_REPLAYED").await;
    assert_eq!(ok(identify(&customer, &token).await).await, first);
    problem(before.get("/api/sessions/s").await.unwrap(), 401, "UNAUTHORIZED").await;
}
