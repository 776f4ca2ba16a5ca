//! What each documented refusal means.

use super::*;

fn meaning(status: u16, body: &str) -> Meaning {
    ServerError::of_response(status, body).meaning()
}

fn wrapped(code: &str, kind: &str) -> String {
    format!(r#"{{"error":{{"message":"m","type":"{kind}","param":null,"code":"{code}"}}}}"#)
}

#[test]
fn a_refusal_means_what_its_code_says_and_else_what_its_status_says() {
    use FailureCode::{OutOfCredit, RateLimited, Refused, Rejected, TimedOut, Unavailable};
    let refusals = [
        (401, wrapped("invalid_api_key", "invalid_request_error"), Refused),
        (403, wrapped("", "permission_error"), Refused),
        (404, wrapped("model_not_found", "invalid_request_error"), Refused),
        (404, r#"{"detail":"Not Found"}"#.to_owned(), Refused),
        (302, String::new(), Refused),
        (405, String::new(), Refused),
        (429, wrapped("rate_limit_exceeded", "requests"), RateLimited),
        (429, wrapped("slow_down", ""), RateLimited),
        (429, "not JSON".to_owned(), RateLimited),
        (429, wrapped("insufficient_quota", "insufficient_quota"), OutOfCredit),
        (429, wrapped("credit_balance_exhausted", "insufficient_quota"), OutOfCredit),
        (429, wrapped("organization_spend_limit_exceeded", ""), OutOfCredit),
        (429, wrapped("project_spend_limit_exceeded", ""), OutOfCredit),
        (429, wrapped("organization_usage_limit_exceeded", ""), OutOfCredit),
        (
            402,
            r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#
                .to_owned(),
            OutOfCredit,
        ),
        (400, wrapped("Arrearage", "Arrearage"), OutOfCredit),
        (429, wrapped("Throttling.RateQuota", ""), RateLimited),
        (503, wrapped("Throttling", ""), RateLimited),
        (400, wrapped("InvalidParameter", "invalid_request_error"), Rejected),
        (400, wrapped("context_length_exceeded", "invalid_request_error"), Rejected),
        (
            400,
            r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#.to_owned(),
            Rejected,
        ),
        (413, String::new(), Rejected),
        (422, r#"{"detail":[{"loc":["body"]}]}"#.to_owned(), Rejected),
        (408, String::new(), TimedOut),
        (500, wrapped("", "server_error"), Unavailable),
        (502, "<html>bad gateway</html>".to_owned(), Unavailable),
        (503, r#"{"error":"overloaded"}"#.to_owned(), Unavailable),
        (529, String::new(), Unavailable),
    ];
    for (status, body, code) in refusals {
        assert_eq!(meaning(status, &body), Meaning::Failed(code), "{status} {body}");
    }
}

#[test]
fn content_filters_are_known_by_their_codes() {
    let filters = [
        wrapped("content_filter", ""),
        wrapped("data_inspection_failed", "data_inspection_failed"),
        wrapped("DataInspectionFailed", "invalid_request_error"),
        r#"{"code":"DataInspectionFailed","message":"m","request_id":"r"}"#.to_owned(),
        r#"{"error":{"message":"m","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#.to_owned(),
        wrapped("content_policy_violation", ""),
    ];
    for body in filters {
        assert_eq!(meaning(400, &body), Meaning::Blocked, "{body}");
    }
}

#[test]
fn errors_within_a_stream_bring_their_status_or_only_words() {
    let meaning = |error: Value| ServerError::wrapped(&error).meaning();
    let failed = Meaning::Failed;
    assert_eq!(meaning(serde_json::json!({"message": "m", "code": 400})), failed(FailureCode::Rejected));
    assert_eq!(
        meaning(serde_json::json!({"message": "m", "code": "429", "type": "None"})),
        failed(FailureCode::RateLimited)
    );
    assert_eq!(meaning(serde_json::json!({"message": "m", "code": 502})), failed(FailureCode::Unavailable));
    assert_eq!(
        meaning(serde_json::json!({"message": "m", "type": "invalid_request_error"})),
        failed(FailureCode::Rejected)
    );
    assert_eq!(meaning(serde_json::json!({"message": "m", "type": "BadRequestError"})), failed(FailureCode::Rejected));
    assert_eq!(meaning(serde_json::json!({"message": "m", "code": "invalid_api_key"})), failed(FailureCode::Refused));
    assert_eq!(meaning(serde_json::json!({"code": "data_inspection_failed"})), Meaning::Blocked);
    assert_eq!(meaning(serde_json::json!("broken")), failed(FailureCode::Unavailable));
    assert_eq!(meaning(serde_json::json!({})), failed(FailureCode::Unavailable));
}

#[test]
fn the_code_and_the_text_are_kept_and_cut() {
    let error = |status, body: &str| ServerError::of_response(status, body).into_error(FailureCode::Rejected);
    let quota = error(429, &wrapped("insufficient_quota", "x"));
    assert_eq!((quota.error_code.as_deref(), quota.detail.as_str()), (Some("insufficient_quota"), "m"));
    assert_eq!(error(429, &wrapped("", "requests")).error_code.as_deref(), Some("requests"));
    let html = error(502, &format!(" <html>{}", "é".repeat(5_000)));
    assert_eq!((html.error_code.as_deref(), html.detail.chars().count()), (Some("502"), LONGEST_DETAIL));
}
