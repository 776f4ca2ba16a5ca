//! Rate limits: a client over its limit gets 429 with `Retry-After`; others are not affected.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::json;

use super::{PROXY, chat, from, header, limited};
use crate::http::{desk, problem};

fn to(path: &str, client: &Client) -> RequestBuilder {
    client.post(format!("{}{path}", limited().url())).json(&json!({"message": "hello", "user_id": "s"}))
}

/// Returns the first refusal and the number of requests before it.
async fn until_refused(mut next: impl FnMut() -> RequestBuilder) -> (usize, Response) {
    for answered in 0..60 {
        let response = next().send().await.unwrap();
        if response.status() == 429 {
            return (answered, response);
        }
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn chat_over_its_rate_gets_429_and_passes_after_retry_after() {
    let client = from("127.2.0.1");
    let first = chat(limited(), &client).send().await.unwrap();
    assert_eq!(header(&first, "ratelimit-policy"), "\"requests\";q=20;w=1, \"chat\";q=10;w=30");
    assert!(header(&first, "ratelimit").contains("\"chat\";r=9;t=3"), "{:?}", first.headers());
    let (_, refused) = until_refused(|| chat(limited(), &client)).await;
    assert!(header(&refused, "ratelimit").contains("\"chat\";r=0;t="), "{:?}", refused.headers());
    assert!(header(&refused, "ratelimit-policy").contains("\"chat\";q=10;w=30"));
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    problem(refused, 429, "RATE_LIMITED").await;
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(chat(limited(), &client).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn every_chat_route_counts_for_the_limit_and_reads_do_not() {
    let client = from("127.2.0.2");
    let ways = ["/api/chat", "/api/v1/chat", "/api/chat/stream", "/api/ch%61t", "/api/v1/chat/stre%61m"];
    let mut next = 0..;
    let (answered, _) = until_refused(|| to(ways[next.next().unwrap() % ways.len()], &client)).await;
    assert!((10..13).contains(&answered), "{answered}");
    for way in ways {
        assert_eq!(to(way, &client).send().await.unwrap().status(), 429, "{way}");
    }
    let config = client.get(format!("{}/api/config", limited().url())).send().await.unwrap();
    assert_eq!(config.status(), 200);
    assert!(!header(&config, "ratelimit").contains("chat"));
}

#[tokio::test]
async fn customers_typing_counts_for_the_limit_of_chats() {
    let client = from("127.2.0.9");
    let token = header(&chat(limited(), &client).send().await.unwrap(), "x-visitor-token").to_owned();
    let mut next = 0..;
    let (answered, refused) = until_refused(|| {
        let path = if next.next().unwrap() % 2 == 0 { "/api/sessions/s/typing" } else { "/api/v1/sessions/s/typ%69ng" };
        let request = client.post(format!("{}{path}", limited().url())).json(&json!({"is_typing": true}));
        request.bearer_auth(&token)
    })
    .await;
    assert!((9..12).contains(&answered), "{answered}");
    problem(refused, 429, "RATE_LIMITED").await;
}

#[tokio::test]
async fn visitors_at_one_address_share_its_limit() {
    let clients = [from("127.2.0.3"), from("127.2.0.3")];
    let mut tokens = Vec::new();
    for client in &clients {
        tokens.push(header(&chat(limited(), client).send().await.unwrap(), "x-visitor-token").to_owned());
    }
    assert_ne!(tokens[0], tokens[1]);
    let mut next = 0..;
    let (answered, _) = until_refused(|| {
        let visitor = next.next().unwrap() % 2;
        chat(limited(), &clients[visitor]).bearer_auth(&tokens[visitor])
    })
    .await;
    assert!((8..11).contains(&answered), "{answered}");
    for token in &tokens {
        let from_elsewhere = chat(limited(), &from("127.2.0.4")).bearer_auth(token);
        assert_eq!(from_elsewhere.send().await.unwrap().status(), 200, "the visitor itself has not written too much");
    }
}

#[tokio::test]
async fn visitor_changing_addresses_keeps_one_limit() {
    let proxy = from(PROXY);
    let mut hosts = 1..;
    let mut request =
        || chat(limited(), &proxy).header("X-Forwarded-For", format!("198.51.110.{}", hosts.next().unwrap()));
    let token = header(&request().send().await.unwrap(), "x-visitor-token").to_owned();
    let (answered, refused) = until_refused(|| request().bearer_auth(&token)).await;
    assert!((10..13).contains(&answered), "the first one had no token yet: {answered}");
    problem(refused, 429, "RATE_LIMITED").await;
    assert_eq!(request().send().await.unwrap().status(), 200, "somebody else goes on");
}

/// So many concurrent requests; returns how many were refused.
async fn burst(count: usize, request: impl Fn(usize) -> RequestBuilder) -> usize {
    let answers = join_all((0..count).map(|number| request(number).send())).await;
    answers.into_iter().filter(|answer| answer.as_ref().unwrap().status() == 429).count()
}

#[tokio::test]
async fn flood_from_one_address_gets_429_and_staff_keeps_working() {
    let (url, flood) = (format!("{}/api/config", limited().url()), from("127.2.0.5"));
    assert!(burst(200, |_| flood.get(&url)).await > 100);
    assert!(burst(200, |number| flood.get(&url).bearer_auth(format!("made-up-{number}"))).await > 100);
    let token = limited().staff_token();
    let staff = |_| flood.get(&url).bearer_auth(token.trim());
    assert_eq!(burst(5, staff).await, 0, "an account is counted apart from the address");
    assert!(burst(200, staff).await > 100, "and has its limit");
    assert_eq!(burst(5, |_| from("127.2.0.6").get(&url)).await, 0);
}

#[tokio::test]
async fn opening_streams_counts_for_the_limit() {
    let client = from("127.2.0.7");
    let url = format!("{}/api/sessions/none/events", limited().url());
    assert!(burst(200, |_| client.get(&url)).await > 100);
    let (_, refused) = until_refused(|| client.get(format!("{}/healthz", limited().url()))).await;
    problem(refused, 429, "RATE_LIMITED").await;
}

#[tokio::test]
async fn rate_of_zero_means_no_limit() {
    let client = tests::http_client::client();
    let answers = join_all((0..40).map(|_| chat(desk(), &client).send())).await;
    for answer in answers.into_iter().map(Result::unwrap) {
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("ratelimit") && !answer.headers().contains_key("ratelimit-policy"));
    }
}
