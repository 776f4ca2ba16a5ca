//! Arbitrary bytes as a body of each route that takes one never cause a 5xx. A long run tries many more.

use proptest::{prelude::*, test_runner::TestRunner};
use reqwest::Method;

use super::{desk, fresh};

const POSTS: [&str; 5] =
    ["/api/chat", "/api/chat/stream", "/api/conversation/create", "/api/conversation/new", "/api/conversation/clear"];

fn cases() -> u32 {
    u32::try_from(tests::test_scale::count(256, 20_000)).unwrap()
}

/// Bytes, text, and nearly valid JSON, some of it truncated.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let nearly = (any::<String>(), any::<String>(), json_text(), 0usize..4).prop_map(|(message, name, value, cut)| {
        let body = serde_json::json!({"message": message, "user_id": name, "session_id": name}).to_string();
        let body = body.trim_end_matches('}').to_owned() + &format!(", \"parameters\": {{\"a\": {value}}}}}");
        let kept = if cut == 0 { body.len() * 2 / 3 } else { body.len() };
        body.into_bytes().into_iter().take(kept).collect()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), any::<String>().prop_map(String::into_bytes), nearly,]
}

fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|n| format!("{n:e}")),
        any::<i128>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|s| format!("{s:?}"))
    ]
}

#[test]
fn malformed_bodies_get_4xx_and_the_server_keeps_serving() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let customer = desk().customer();
    runtime.block_on(async { customer.arrive(&fresh("bodies")).await.unwrap() });
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(prop::sample::select(&POSTS), body()), |(path, body)| {
            let request = customer.request(Method::POST, path).header("Content-Type", "application/json").body(body);
            let status = runtime.block_on(async { request.send().await.unwrap().status() });
            prop_assert!(status.is_success() || status.is_client_error(), "{} by {}", status, path);
            Ok(())
        })
        .unwrap();
    assert!(!desk().log().contains("panicked"));
}
