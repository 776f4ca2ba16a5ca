//! Security headers of every kind of response.

use reqwest::{Method, Response};
use serde_json::json;
use tests::desk::{Desk, Setup};

use super::{PROXY, SHOP, from, guarded, header};
use crate::http::{desk, problem};

/// The headers of every response.
fn assert_guarded(answer: &Response, what: &str) {
    let policy = header(answer, "content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{what}: {policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors '"), "{what}: {policy}");
    assert_eq!(header(answer, "x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header(answer, "referrer-policy"), "same-origin", "{what}");
    assert!(header(answer, "permissions-policy").contains("camera=()"), "{what}");
    assert!(!answer.headers().contains_key("server") && !answer.headers().contains_key("x-powered-by"), "{what}");
}

async fn get(path: &str) -> Response {
    let client = tests::http_client::client_builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.get(format!("{}{path}", guarded().url())).header("Accept", "text/html").send().await.unwrap()
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    for path in [
        "/",
        "/embed",
        "/widget.js",
        "/workbench",
        "/workbench/",
        "/docs",
        "/docs/",
        "/docs/styles.js",
        "/page/shop.js",
        "/page/favicon.svg",
        "/openapi.json",
    ] {
        assert_guarded(&get(path).await, path);
    }
    for path in ["/api/config", "/healthz", "/nothing", "/api/nothing", "/api/sessions", "/page/none.js", "/api/chat"] {
        let answer = get(path).await;
        assert_guarded(&answer, path);
        assert!(header(&answer, "content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
    }
    let stream = guarded().staff().get("/api/events").await.unwrap();
    assert_eq!(header(&stream, "content-type"), "text/event-stream; charset=utf-8");
    assert_guarded(&stream, "a stream");
    let preflight = tests::http_client::client().request(Method::OPTIONS, format!("{}/api/chat", guarded().url()));
    let preflight = preflight.header("Origin", SHOP).header("Access-Control-Request-Method", "POST");
    assert_guarded(&preflight.send().await.unwrap(), "a preflight");
    let foreign = tests::http_client::client()
        .post(format!("{}/api/chat", guarded().url()))
        .header("Origin", "null")
        .json(&json!({}));
    assert_guarded(&foreign.send().await.unwrap(), "a refusal at the doors");
}

#[tokio::test]
async fn frame_ancestors_are_the_configured_ones() {
    for path in ["/", "/embed", "/workbench/", "/docs/"] {
        let answer = get(path).await;
        let policy = header(&answer, "content-security-policy");
        assert!(policy.ends_with(&format!("frame-ancestors 'self' {SHOP}")), "{policy}");
        assert!(!answer.headers().contains_key("x-frame-options"), "it could not say so");
        let answer = desk().customer().request(Method::GET, path).header("Accept", "text/html").send().await.unwrap();
        assert!(header(&answer, "content-security-policy").ends_with("frame-ancestors 'self'"));
        assert_eq!(header(&answer, "x-frame-options"), "SAMEORIGIN");
    }
}

#[tokio::test]
async fn hsts_is_sent_over_https_only() {
    let url = format!("{}/healthz", guarded().url());
    for (address, is_secure) in [(PROXY, true), ("127.0.0.1", false)] {
        for (name, value) in [("X-Forwarded-Proto", "https"), ("Forwarded", "for=192.0.2.1;proto=https")] {
            let answer = from(address).get(&url).header(name, value).send().await.unwrap();
            let expected = if is_secure { "max-age=31536000" } else { "" };
            assert_eq!(header(&answer, "strict-transport-security"), expected, "{address} {name}");
        }
        let answer = from(address).get(&url).header("X-Forwarded-Proto", "http").send().await.unwrap();
        assert!(!answer.headers().contains_key("strict-transport-security"));
    }
}

#[tokio::test]
async fn pages_have_no_inline_script_or_style() {
    for path in ["/", "/embed", "/workbench/", "/docs/"] {
        let page = get(path).await.text().await.unwrap().to_lowercase();
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("javascript:"), "{path}");
        let inline = page.split("<script").skip(1).find(|script| !script.split('>').next().unwrap().contains("src="));
        assert_eq!(inline, None, "{path}");
        let handler = page.split(" on").skip(1).find(|rest| {
            rest.split(['=', ' ', '>', '<']).next().is_some_and(|name| rest[name.len()..].starts_with("=\""))
        });
        assert_eq!(handler, None, "{path}");
    }
}

#[tokio::test]
async fn hsts_reaches_subdomains_and_the_description_is_off_where_set_so() {
    let settings = [("DESK_HSTS_SUBDOMAINS", "true"), ("DESK_DOCS", "false"), ("DESK_TRUSTED_PROXIES", "127.0.0.1")];
    let environment = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    let own = Desk::start(Setup { environment, ..Setup::default() });
    let request = tests::http_client::client().get(format!("{}/api/config", own.url()));
    let answer = request.header("X-Forwarded-Proto", "https").send().await.unwrap();
    assert_eq!(header(&answer, "strict-transport-security"), "max-age=31536000; includeSubDomains");
    for path in ["/docs", "/docs/", "/docs/styles.js", "/openapi.json"] {
        problem(own.customer().get(path).await.unwrap(), 404, "NOT_FOUND").await;
    }
}
