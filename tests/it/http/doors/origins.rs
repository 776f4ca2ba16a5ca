//! CORS and cookie requests: allowed origins may preflight, read and act, others may not.

use reqwest::{Method, RequestBuilder};

use super::{PROXY, SHOP, STRANGER, WIDGET, chat, from, guarded, header, say, socket};
use crate::http::{desk, fresh, problem};

const FOREIGN: [&str; 8] = [
    "https://evil.example",
    "null",
    "",
    "https://shop.example.evil.example",
    "https://evil.example/https://shop.example",
    "http://shop.example",
    "https://shop.example:444",
    "https://shop.example.evil.example.",
];

fn preflight(url: &str, origin: &str) -> RequestBuilder {
    let request = tests::http_client::client().request(Method::OPTIONS, format!("{url}/api/chat"));
    request.header("Origin", origin).header("Access-Control-Request-Method", "POST")
}

#[tokio::test]
async fn preflight_of_an_allowed_origin_is_accepted() {
    for origin in [
        SHOP,
        WIDGET,
        "http://localhost:3000",
        "https://SHOP.example",
        "https://shop.example:443",
        "https://shop.example.",
    ] {
        let answer = preflight(&guarded().url(), origin).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(header(&answer, "access-control-allow-origin"), origin);
        assert_eq!(header(&answer, "access-control-allow-credentials"), "true");
        assert_eq!(header(&answer, "access-control-max-age"), "3600");
        assert!(header(&answer, "access-control-allow-methods").contains("POST"));
        for name in [
            "Authorization",
            "Cache-Control",
            "Content-Type",
            "Idempotency-Key",
            "Last-Event-ID",
            "X-Requested-With",
            "traceparent",
        ] {
            assert!(header(&answer, "access-control-allow-headers").contains(name), "{name}");
        }
        assert!(answer.headers().get_all("vary").iter().any(|vary| vary == "Origin"));
    }
}

#[tokio::test]
async fn preflight_of_an_unknown_origin_is_rejected() {
    for origin in FOREIGN {
        let answer = preflight(&guarded().url(), origin).send().await.unwrap();
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{origin}");
        problem(answer, 403, "FOREIGN_ORIGIN").await;
    }
    let none_listed = preflight(&desk().url(), SHOP).send().await.unwrap();
    assert!(!none_listed.headers().contains_key("access-control-allow-origin"));
    problem(none_listed, 403, "FOREIGN_ORIGIN").await;
}

#[tokio::test]
async fn cors_headers_are_sent_to_allowed_origins_only() {
    let (url, staff) = (guarded().url(), guarded().staff());
    for path in ["/api/config", "/api/nothing", "/api/events"] {
        for (origin, is_listed) in FOREIGN.map(|origin| (origin, false)).into_iter().chain([(SHOP, true)]) {
            let answer = staff.request(Method::GET, path).header("Origin", origin).send().await.unwrap();
            let allowed = answer.headers().get("access-control-allow-origin");
            assert_eq!(allowed.is_some_and(|allowed| allowed == origin), is_listed, "{path} {origin}");
            assert_eq!(answer.headers().contains_key("access-control-allow-credentials"), is_listed);
            assert!(answer.headers().get_all("vary").iter().any(|vary| vary == "Origin"), "{path} {origin}");
        }
    }
    let plain = tests::http_client::client().get(format!("{url}/api/config")).send().await.unwrap();
    assert!(!plain.headers().contains_key("access-control-allow-origin"));
}

async fn visitors_cookie() -> String {
    let customer = guarded().customer();
    customer.arrive(&fresh("cookie")).await.unwrap();
    format!("desk_visitor={}", customer.token().unwrap())
}

#[tokio::test]
async fn cookie_requests_need_an_allowed_origin() {
    let (cookie, own) = (visitors_cookie().await, guarded().url());
    let request = || chat(guarded(), &tests::http_client::client()).header("Cookie", &cookie);
    for origin in [SHOP, WIDGET, &own] {
        assert_eq!(request().header("Origin", origin).send().await.unwrap().status(), 200, "{origin}");
    }
    for origin in FOREIGN {
        problem(request().header("Origin", origin).send().await.unwrap(), 403, "FOREIGN_ORIGIN").await;
    }
    for (site, is_known) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
        let answer = request().header("Sec-Fetch-Site", site).send().await.unwrap();
        assert_eq!(answer.status(), if is_known { 200 } else { 403 }, "{site}");
        let is_own = site == "same-origin";
        let answer = request().header("Sec-Fetch-Site", site).header("Origin", FOREIGN[0]).send().await.unwrap();
        assert_eq!(answer.status(), if is_own { 200 } else { 403 }, "{site} with an origin that a proxy's Host is not");
    }
}

#[tokio::test]
async fn cookie_requests_need_json() {
    let cookie = visitors_cookie().await;
    let url = format!("{}/api/conversation/new", guarded().url());
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        for path in [url.as_str(), &format!("{}/api/nothing", guarded().url())] {
            let request = tests::http_client::client().post(path).header("Cookie", &cookie).header("Origin", SHOP);
            let request = request.header("Content-Type", content_type).body(r#"{"session_id": "s"}"#);
            problem(request.send().await.unwrap(), 415, "NOT_JSON").await;
        }
    }
}

#[tokio::test]
async fn cross_site_form_sets_no_visitor_cookie() {
    let request = chat(guarded(), &tests::http_client::client()).header("Origin", "https://evil.example");
    let answer = request.send().await.unwrap();
    assert!(!answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("x-visitor-token"));
    problem(answer, 403, "FOREIGN_ORIGIN").await;
}

#[tokio::test]
async fn bearer_requests_need_no_origin() {
    let customer = guarded().customer();
    customer.arrive(&fresh("bearer")).await.unwrap();
    let request = chat(guarded(), &tests::http_client::client()).header("Origin", "https://evil.example");
    let answer = request.bearer_auth(customer.token().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

/// The cookie of a new visitor.
async fn cookie_for(address: &str, proto: &str, origin: Option<&str>) -> String {
    let request = chat(guarded(), &from(address)).header("X-Forwarded-Proto", proto);
    let request = origin.into_iter().fold(request, |request, origin| request.header("Origin", origin));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    header(&answer, "set-cookie").to_owned()
}

#[tokio::test]
async fn visitor_cookie_is_cross_site_for_widget_origins_only() {
    for (address, proto, origin, is_secure, is_third_partys) in [
        (PROXY, "https", Some(WIDGET), true, true),
        (PROXY, "https", Some(SHOP), true, false),
        (PROXY, "https", None, true, false),
        (PROXY, "http", Some(WIDGET), false, false),
        (STRANGER, "https", Some(WIDGET), false, false),
    ] {
        let cookie = cookie_for(address, proto, origin).await;
        let what = format!("{address} {proto} {origin:?}: {cookie}");
        let name = if is_secure { "__Host-desk_visitor_" } else { "desk_visitor_" };
        assert!(cookie.starts_with(name) && cookie.contains("; HttpOnly") && cookie.contains("; Path=/"), "{what}");
        assert_eq!(cookie.contains("; Secure"), is_secure, "{what}");
        assert_eq!(cookie.contains("; SameSite=Lax"), !is_third_partys, "{what}");
        assert_eq!(cookie.contains("; SameSite=None") && cookie.ends_with("; Partitioned"), is_third_partys, "{what}");
    }
}

#[tokio::test]
async fn plain_cookie_is_taken_over_https_and_replaced_by_one_of_this_host_alone() {
    let plain = cookie_for(PROXY, "http", None).await;
    let plain = plain.split(';').next().unwrap();
    let ask = |cookie: &str, proto: &str| {
        let request = from(PROXY).get(format!("{}/api/customer", guarded().url()));
        request.header("Cookie", cookie).header("X-Forwarded-Proto", proto).send()
    };
    assert!(!ask(plain, "http").await.unwrap().headers().contains_key("set-cookie"));
    let answer = ask(plain, "https").await.unwrap();
    let set: Vec<&str> = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let (name, token) = plain.split_once('=').unwrap();
    let [new, ended] = set.as_slice() else { panic!("{set:?}") };
    assert!(new.starts_with(&format!("__Host-{name}=")) && new.contains("Max-Age=15552000"), "{new}");
    assert!(ended.starts_with(&format!("{name}=;")) && ended.contains("Max-Age=0"), "{ended}");
    let new = new.split(';').next().unwrap();
    assert!(!ask(new, "https").await.unwrap().headers().contains_key("set-cookie"), "it is fresh");
    // Another host of the domain can set the plain one, and it does not win.
    let both = ask(&format!("{name}={token}; {new}"), "https").await.unwrap();
    assert!(!both.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn echoed_header_values_cannot_inject_headers() {
    let attack = "x%0d%0aX-Injected:%20yes";
    for request in [
        format!("GET /{attack} HTTP/1.1\r\nHost: {attack}\r\nOrigin: {SHOP}{attack}\r\n"),
        format!("GET /docs?{attack} HTTP/1.1\r\nHost: x\r\nX-Request-Id: {attack}\r\n"),
        format!("OPTIONS /api/chat HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\rX-Injected: yes\r\n"),
        format!("OPTIONS /api/chat HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\nX-Other: a\n X-Injected: yes\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Host: {attack}\r\nForwarded: host=\"{attack}\"\r\n"),
    ] {
        let answer = say(socket(guarded()).await, format!("{request}Connection: close\r\n\r\n").as_bytes()).await;
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 "), "{request:?}: {answer}");
        assert!(!head.contains("\nx-injected") && !head.contains("\rx-injected"), "{request:?}: {answer}");
    }
}
