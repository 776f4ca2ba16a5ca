//! Invalid input gets a 4xx that names the field, and does not appear in the log of the server.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{assert_log_lacks, assert_whole_problem, customer_with, desk, fresh, problem};

const CHATS: [&str; 2] = ["/api/chat", "/api/chat/stream"];
const POSTS: [&str; 5] =
    ["/api/chat", "/api/chat/stream", "/api/conversation/create", "/api/conversation/new", "/api/conversation/clear"];
/// A text sent in every field for people, which must be in no log line.
const MARKER: &str = "Xq7-personal-marker";

async fn post_text(path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = desk().customer().request(Method::POST, path).header("Content-Type", "application/json");
    request.body(body).send().await.unwrap()
}

async fn refused_field(path: &str, body: &Value, field: &str) {
    let refused = problem(post_text(path, body.to_string()).await, 400, "INVALID_FIELD").await;
    assert_eq!(refused["field"], field, "{path} {body}");
    assert!(refused["detail"].as_str().unwrap().starts_with(field), "{refused}");
}

#[tokio::test]
async fn message_length_is_1_to_5000_characters() {
    for path in CHATS {
        let long = "😀".repeat(5001);
        for message in ["", " ", "\n\t\u{3000}\u{a0}", &long, &"x".repeat(5001)] {
            refused_field(path, &json!({"message": message, "user_id": "s"}), "message").await;
        }
        refused_field(path, &json!({"user_id": "s"}), "message").await;
        refused_field(path, &json!({"message": null}), "message").await;
        let longest = json!({"message": "😀".repeat(5000), "user_id": "s"});
        assert_eq!(post_text(path, longest.to_string()).await.status(), 200);
        let escaped = format!("{{\"message\": \"{}\"}}", "\\ud83d\\ude00".repeat(5000));
        assert_eq!(post_text(path, escaped).await.status(), 200, "the same written as surrogate pairs");
    }
}

#[tokio::test]
async fn null_character_gets_400_in_every_field() {
    for path in CHATS {
        refused_field(path, &json!({"message": "a\0b"}), "message").await;
        refused_field(path, &json!({"message": "hello", "user_id": "a\0b"}), "user_id").await;
        for parameters in
            [json!({"a": "\0"}), json!({"\0": 1}), json!({"a": [{"b": ["\0"]}]}), json!({"a": {"b\0": {}}})]
        {
            refused_field(path, &json!({"message": "hello", "parameters": parameters}), "parameters").await;
        }
    }
}

#[tokio::test]
async fn parameters_have_a_maximum_depth() {
    let (customer, session) = (customer_with(&fresh("any")).await, fresh("deep"));
    let nested = |levels: usize| (1..levels).fold(json!({"a": "bottom"}), |inner, _| json!({"a": inner}));
    let body = |levels: usize| json!({"message": "hello", "user_id": session, "parameters": nested(levels)});
    for path in CHATS {
        refused_field(path, &body(33), "parameters").await;
        refused_field(path, &body(100), "parameters").await;
    }
    super::ok(customer.post("/api/chat", &body(32)).await.unwrap()).await;
    let mut frames = customer.follow(&session, None).await.unwrap();
    let sent = frames.until(|frame| frame.event.as_deref() == Some("session.customer_message_sent")).await;
    assert_eq!(sent.last().unwrap().data["personal"]["parameters"], nested(32));
}

#[tokio::test]
async fn misleading_session_names_get_400() {
    let long = "x".repeat(129);
    let names = [
        "",
        " ",
        "..",
        ".",
        "../x",
        "a/b",
        "a\\b",
        "a\nb",
        "a\u{7f}",
        "\u{85}",
        "\u{202e}gnp",
        "\u{2066}x",
        "\u{2028}",
        "\u{200f}",
        &long,
    ];
    for (path, field) in [
        ("/api/chat", "user_id"),
        ("/api/chat/stream", "user_id"),
        ("/api/conversation/create", "user_id"),
        ("/api/conversation/new", "session_id"),
        ("/api/conversation/clear", "session_id"),
    ] {
        // An empty one is none for a chat.
        for name in names.into_iter().filter(|name| !(path.contains("chat") && name.is_empty())) {
            refused_field(path, &json!({"message": "hello", field: name}), field).await;
        }
        if !path.contains("chat") {
            for body in [json!({}), json!({field: null})] {
                refused_field(path, &body, field).await;
            }
        }
    }
}

#[tokio::test]
async fn field_of_the_wrong_type_is_named() {
    let wrong = [json!(5), json!(true), json!(["x"]), json!({"x": 1}), json!(1e300)];
    for path in CHATS {
        for field in ["message", "user_id", "conversation_id", "parameters"] {
            let not_an_object = [json!("x"), json!(1), json!([])];
            for value in if field == "parameters" { not_an_object.iter() } else { wrong.iter() } {
                let mut body = json!({"message": "hello"});
                body[field] = value.clone();
                let refused = problem(post_text(path, body.to_string()).await, 400, "BAD_REQUEST").await;
                assert_eq!(refused["field"], field, "{body}");
                assert_eq!(refused["detail"], format!("{field} has the wrong type"));
            }
        }
    }
    for (path, field) in [("create", "user_id"), ("new", "session_id"), ("clear", "session_id")] {
        for value in &wrong {
            let response = post_text(&format!("/api/conversation/{path}"), json!({field: value}).to_string()).await;
            assert_eq!(problem(response, 400, "BAD_REQUEST").await["field"], field);
        }
    }
}

#[tokio::test]
async fn duplicate_field_is_named() {
    for (path, body, field) in [
        ("/api/chat", r#"{"message": "a", "message": "b"}"#, "message"),
        ("/api/chat/stream", r#"{"message": "a", "user_id": "a", "user_id": "b"}"#, "user_id"),
        ("/api/conversation/create", r#"{"user_id": "a", "user_id": "b"}"#, "user_id"),
        ("/api/conversation/new", r#"{"session_id": "a", "session_id": "b"}"#, "session_id"),
    ] {
        let refused = problem(post_text(path, body).await, 400, "BAD_REQUEST").await;
        assert_eq!(refused["field"], field, "{refused}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_object_get_400() {
    let deep = ["[".repeat(10_000), "{\"a\":".repeat(10_000), "[".repeat(10_000) + &"]".repeat(10_000)];
    let deeper = deep.iter().map(|deep| format!("{{\"message\": \"hi\", \"parameters\": {{\"a\": {deep}}}}}"));
    let text = [
        "",
        " ",
        "[]",
        "[1]",
        "null",
        "true",
        "5",
        "-0",
        "\"text\"",
        "1e999",
        "{",
        "{\"message\"",
        "{\"message\": \"a",
        "{\"message\": \"a\"",
        "{\"message\": \"a\",}",
        "{'message': 'a'}",
        "{\"message\": \"a\"} x",
        "{\"message\": \"\\ud800\"}",
        "{\"message\": \"\\udc00\\ud800\"}",
        "{\"message\": \"hi\", \"parameters\": {\"\\ud800\": 1}}",
        "{\"message\": \"hi\", \"parameters\": {\"a\": \"\\udfff\"}}",
        "{\"message\": \"hi\", \"user_id\": \"\\ud800x\"}",
        "{\"message\": \"hi\", \"parameters\": {\"n\": 1e999}}",
        "{\"message\": NaN}",
        "{\"message\": \"a\nb\"}",
        "\u{feff}\u{feff}{\"message\": \"a\"}",
    ];
    let bodies: Vec<String> = text.into_iter().map(str::to_owned).chain(deep.clone()).chain(deeper).collect();
    for path in POSTS {
        for body in &bodies {
            let response = post_text(path, body.clone()).await;
            if path.contains("chat") {
                problem(response, 400, "BAD_REQUEST").await;
            } else {
                // Some routes ignore the duplicate field; then the required one is missing.
                assert_eq!(response.status(), 400, "{path} {body:?}");
            }
        }
        for body in
            [b"\xff\xfe".to_vec(), b"{\"message\": \"\xff\"}".to_vec(), b"{\"message\": \"\xed\xa0\x80\"}".to_vec()]
        {
            let refused = problem(post_text(path, body).await, 400, "BAD_REQUEST").await;
            assert_eq!(refused["detail"], "the body is not valid UTF-8");
        }
    }
}

#[tokio::test]
async fn numbers_in_parameters_keep_their_value() {
    let (customer, session) = (desk().customer(), fresh("numbers"));
    let numbers = r#"{"big": 18446744073709551615, "low": -9223372036854775808, "real": 1.7976931348623157e308, "tiny": 5e-324, "long": 0.1}"#;
    let body = format!("{{\"message\": \"hello\", \"user_id\": \"{session}\", \"parameters\": {numbers}}}");
    let request = customer.request(Method::POST, "/api/chat").header("Content-Type", "application/json").body(body);
    let answer = super::ok(customer.send(request).await.unwrap()).await;
    let events = super::events_of_session(&answer["session_id"]).await;
    let sent = events.iter().find(|event| event["version"] == 2).unwrap();
    assert_eq!(sent["personal"]["parameters"], serde_json::from_str::<Value>(numbers).unwrap());
}

#[tokio::test]
async fn body_without_json_content_type_gets_415() {
    for path in POSTS {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonp"),
        ] {
            let request = desk()
                .customer()
                .request(Method::POST, path)
                .body(r#"{"message": "hello", "user_id": "a", "session_id": "a"}"#);
            let request =
                content_type.into_iter().fold(request, |request, value| request.header("Content-Type", value));
            problem(request.send().await.unwrap(), 415, "NOT_JSON").await;
        }
        let request =
            desk().customer().request(Method::POST, path).header("Content-Type", "Application/JSON; charset=utf-8");
        let body = r#"{"message": "hello", "user_id": "a", "session_id": "a"}"#;
        assert_eq!(request.body(body).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn invalid_query_numbers_are_named() {
    let session = fresh("query");
    let customer = customer_with(&session).await;
    let staff = desk().staff();
    let bad = [
        "",
        "-1",
        "abc",
        "1.5",
        "%2B1",
        "9223372036854775808",
        "99999999999999999999999",
        "%F0%9F%98%80",
        "0x10",
        "1e3",
        "%2B%2B1",
    ];
    let (one, list, stats) =
        (format!("/api/sessions/{session}"), "/api/sessions".to_owned(), "/api/sessions/stats".to_owned());
    for (path, field) in [
        (&one, "before"),
        (&one, "min_position"),
        (&list, "limit"),
        (&list, "offset"),
        (&list, "min_position"),
        (&stats, "min_position"),
    ] {
        for value in bad {
            let path = format!("{path}?{field}={value}");
            let by_staff = *path.as_bytes().get(13).unwrap_or(&0) != b'/' || path.contains("stats");
            let response = if by_staff { staff.get(&path).await } else { customer.get(&path).await };
            assert_eq!(problem(response.unwrap(), 400, "INVALID_FIELD").await["field"], field, "{path}");
        }
    }
    for limit in ["0", "201", "4294967295"] {
        let response = staff.get(&format!("/api/sessions?limit={limit}")).await.unwrap();
        assert_eq!(problem(response, 400, "INVALID_FIELD").await["field"], "limit");
    }
    let far = staff.get("/api/sessions?offset=9223372036854775807").await.unwrap();
    assert_eq!(far.status(), 200, "far beyond the end there is nothing");
}

#[tokio::test]
async fn duplicate_query_parameter_is_named() {
    for (query, name) in
        [("limit=1&limit=2", "limit"), ("status=closed&limit=5&status=gone", "status"), ("x=1&%78=1", "x")]
    {
        let response = desk().staff().get(&format!("/api/sessions?{query}")).await.unwrap();
        assert_eq!(problem(response, 400, "BAD_REQUEST").await["field"], name);
    }
}

#[tokio::test]
async fn unknown_status_filter_is_named() {
    for status in ["", "gone", "BOT_ACTIVE", "%00", "bot_active%0A"] {
        let response = desk().staff().get(&format!("/api/sessions?status={status}")).await.unwrap();
        assert_eq!(problem(response, 400, "BAD_REQUEST").await["field"], "status");
    }
}

#[tokio::test]
async fn wrong_method_gets_405_and_unknown_path_404() {
    let customer = desk().customer();
    for (method, path, allowed) in [
        (Method::GET, "/api/chat", "POST"),
        (Method::PUT, "/api/chat/stream", "POST"),
        (Method::DELETE, "/api/v1/conversation/clear", "POST"),
        (Method::POST, "/api/sessions", "GET, HEAD"),
        (Method::DELETE, "/api/sessions/x", "GET, HEAD"),
        (Method::POST, "/api/sessions/x/events", "GET, HEAD"),
        (Method::PATCH, "/api/events", "GET, HEAD"),
        (Method::POST, "/healthz", "GET, HEAD"),
        (Method::POST, "/", "GET, HEAD"),
    ] {
        let response = customer.request(method.clone(), path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
        problem(response, 405, "METHOD_NOT_ALLOWED").await;
    }
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/v1",
        "/api/v2/chat",
        "/api/sessions/a/b",
        "/page/none.js",
        "/workbench/assets/none.js",
        "/index2.html",
    ] {
        problem(customer.get(path).await.unwrap(), 404, "NOT_FOUND").await;
    }
}

#[tokio::test]
async fn malformed_cursor_gets_400_and_one_ahead_of_the_log_409() {
    let session = fresh("cursors");
    let customer = customer_with(&session).await;
    let path = format!("/api/sessions/{session}/events");
    for cursor in
        ["x", "-1", "1-", "-", "1-2-3", "+1", "1.0", "99999999999999999999999", "1-99999999999999999999999", "é"]
    {
        let by_header =
            customer.request(Method::GET, &path).header("Last-Event-ID", cursor.as_bytes()).send().await.unwrap();
        assert_eq!(problem(by_header, 400, "INVALID_FIELD").await["field"], "Last-Event-ID", "{cursor}");
        let query: String = cursor.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let by_query = customer.get(&format!("{path}?after={query}")).await.unwrap();
        assert_eq!(problem(by_query, 400, "INVALID_FIELD").await["field"], "after", "{cursor}");
        let beside_a_good_one = customer.request(Method::GET, &format!("{path}?after={query}"));
        let beside_a_good_one = beside_a_good_one.header("Last-Event-ID", "1").send().await.unwrap();
        assert_eq!(problem(beside_a_good_one, 400, "INVALID_FIELD").await["field"], "after", "{cursor}");
        let of_all = desk().staff().get(&format!("/api/events?after={query}")).await.unwrap();
        assert_eq!(problem(of_all, 400, "INVALID_FIELD").await["field"], "after", "{cursor}");
    }
    for cursor in ["999999999", "18446744073709551615", "1-999999999"] {
        let ahead = customer.get(&format!("{path}?after={cursor}")).await.unwrap();
        problem(ahead, 409, "CURSOR_AHEAD").await;
        for accept in ["text/event-stream", "application/x-ndjson"] {
            let request =
                desk().staff().request(Method::GET, &format!("/api/events?after={cursor}")).header("Accept", accept);
            problem(request.send().await.unwrap(), 409, "CURSOR_AHEAD").await;
        }
    }
}

#[tokio::test]
async fn server_log_has_no_personal_text() {
    let (customer, name) = (desk().customer(), format!("{MARKER}-{}", fresh("name")));
    let parameters = json!({MARKER: MARKER});
    let body = json!({"message": MARKER, "user_id": name, "session_id": name, "parameters": parameters});
    for path in POSTS {
        let text = customer.post(path, &body).await.unwrap().text().await.unwrap();
        assert!(!text.contains("\"success\":false"), "{text}");
    }
    for path in [
        format!("/api/sessions/{name}"),
        format!("/api/sessions/{name}?before={MARKER}"),
        format!("/api/sessions/{name}/{MARKER}"),
    ] {
        customer.get(&path).await.unwrap();
        desk().staff().get(&path).await.unwrap();
    }
    for body in [
        json!({"message": [MARKER]}),
        json!({"message": "hi", "user_id": format!("{MARKER}/")}),
        json!({"message": "hi", "parameters": MARKER}),
        json!(MARKER),
        json!({"message": "hi", "parameters": {MARKER: "\0"}}),
        json!({MARKER: 1}),
    ] {
        for path in POSTS {
            let text = customer.post(path, &body).await.unwrap().text().await.unwrap();
            assert!(!text.contains(MARKER), "an answer to bad input quotes it: {text}");
        }
    }
    for status in [format!("{MARKER}%0Aforged"), MARKER.to_owned()] {
        desk().staff().get(&format!("/api/sessions?status={status}")).await.unwrap();
    }
    let request =
        customer.request(Method::GET, "/api/config").header("X-Request-Id", MARKER).header("User-Agent", MARKER);
    request.send().await.unwrap();
    let token = customer.request(Method::GET, "/api/sessions").bearer_auth(MARKER).send().await.unwrap();
    assert_whole_problem(&token.json().await.unwrap(), 401, "UNAUTHORIZED");
    assert_log_lacks(MARKER);
}
