//! Servers that refuse, before an answer and in the middle of it.

use std::time::Duration;

use domain::session::event::{FailureCode, Outcome};
use tokio::net::TcpListener;

use super::fixture::{DONE, Given, Server, asked, config, json_response, say, stream};

#[tokio::test]
async fn a_refusal_brings_its_code_its_log_id_and_how_long_to_wait() {
    let body = r#"{"error":{"message":"slow down, sk-secret-key","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    let refusal = json_response("429 Too Many Requests", body).with("retry-after: 7").with("x-request-id: req-9");
    let server = Server::start(vec![refusal]).await;
    let mut config = config(&server);
    config.api_key = Some("sk-secret-key".parse().unwrap());
    let error = asked(&server, config).await.end.unwrap_err();
    assert_eq!((error.code, error.retryable), (FailureCode::RateLimited, true));
    assert_eq!((error.retry_after, error.log_id.as_deref()), (Some(Duration::from_secs(7)), Some("req-9")));
    assert_eq!((error.error_code.as_deref(), error.detail.as_str()), (Some("rate_limit_exceeded"), "slow down, …"));
}

#[tokio::test]
async fn refusals_that_last_are_not_tried_again() {
    let error = |code: &str| format!(r#"{{"error":{{"message":"m","code":"{code}"}}}}"#);
    let refusals = [
        ("401 Unauthorized", error("invalid_api_key"), FailureCode::Refused),
        ("404 Not Found", error("model_not_found"), FailureCode::Refused),
        ("429 Too Many Requests", error("insufficient_quota"), FailureCode::OutOfCredit),
        ("402 Payment Required", error(""), FailureCode::OutOfCredit),
        ("400 Bad Request", error("context_length_exceeded"), FailureCode::Rejected),
    ];
    for (status, body, code) in refusals {
        let server = Server::start(vec![json_response(status, &body)]).await;
        let error = asked(&server, config(&server)).await.end.unwrap_err();
        assert_eq!((error.code, error.retryable), (code, false), "{status}");
        assert_eq!(server.requests().len(), 1, "an adapter does not try again");
    }
}

#[tokio::test]
async fn a_content_filter_is_an_outcome_and_no_failure() {
    let code = r#"{"error":{"message":"m","type":"data_inspection_failed","code":"data_inspection_failed"}}"#;
    let server = Server::start(vec![
        json_response("400 Bad Request", code),
        stream(&format!("{}data: {code}\n\n{DONE}", say("half"))),
    ])
    .await;
    for text in ["", "half"] {
        let given = asked(&server, config(&server)).await;
        assert_eq!((given.text.as_str(), given.end.unwrap().outcome), (text, Outcome::Blocked));
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_ends_the_answer_as_it_says() {
    let errors = [
        (r#"{"error":{"message":"m","type":"InternalServerError","code":500}}"#, FailureCode::Unavailable),
        (r#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#, FailureCode::Rejected),
        (
            r#"{"id":"gen","error":{"code":429,"message":"m"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            FailureCode::RateLimited,
        ),
        (r#"{"error":"broken"}"#, FailureCode::Unavailable),
    ];
    for (error, code) in errors {
        let server =
            Server::start(vec![stream(&format!("{}data: {error}\n\n{DONE}", say("half"))).with("x-request-id: r")])
                .await;
        let Given { text, end, .. } = asked(&server, config(&server)).await;
        let end = end.unwrap_err();
        assert_eq!((text.as_str(), end.code, end.log_id.as_deref()), ("half", code, Some("r")), "{error}");
    }
}

#[tokio::test]
async fn an_error_with_status_200_and_no_stream_is_an_error() {
    let body = r#"{"error":{"message":"no such model","type":"not_found_error","code":"404"}}"#;
    let server = Server::start(vec![json_response("200 OK", body).with("x-ds-trace-id: t-1")]).await;
    let Given { pieces, end, .. } = asked(&server, config(&server)).await;
    let error = end.unwrap_err();
    assert_eq!((error.code, error.log_id.as_deref(), pieces), (FailureCode::Refused, Some("t-1"), Vec::new()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(Vec::new()).await;
    let moved =
        json_response("307 Temporary Redirect", "").with(&format!("location: http://127.0.0.1:{}/v1", other.port));
    let server = Server::start(vec![moved]).await;
    assert_eq!(asked(&server, config(&server)).await.end.unwrap_err().code, FailureCode::Refused);
    assert!(other.requests().is_empty(), "the key goes nowhere else");
}

#[tokio::test]
async fn nobody_who_listens_is_unavailable() {
    let server = Server::start(Vec::new()).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut config = config(&server);
    config.base_url = format!("http://127.0.0.1:{free}/v1");
    let error = asked(&server, config).await.end.unwrap_err();
    assert_eq!((error.code, error.retryable), (FailureCode::Unavailable, true));
    assert!(!error.detail.contains("127.0.0.1:"), "{}", error.detail);
}
