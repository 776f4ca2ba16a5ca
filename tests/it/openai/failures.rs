//! Every failure of a server, and what it counts as.

use std::{sync::Arc, time::Duration};

use commands::{Assistant as _, Piece};
use domain::session::event::{FailureCode, Outcome};
use futures::StreamExt as _;
use integrations::OpenAi;
use serde_json::json;

use super::{KEY, Shop, TEXT, ask, ask_for, config, question, server};
use crate::crash::until;

#[tokio::test]
async fn every_refusal_counts_as_what_it_is() {
    use FailureCode::{Malformed, OutOfCredit, RateLimited, Refused, Rejected, Unavailable};
    let refusals = [
        ("error", Rejected),
        ("bad_request", Rejected),
        ("context_length_exceeded", Rejected),
        ("invalid_parameter", Rejected),
        ("unprocessable", Rejected),
        ("error_flat", Rejected),
        ("arrearage", OutOfCredit),
        ("insufficient_balance", OutOfCredit),
        ("insufficient_quota", OutOfCredit),
        ("credit_balance_exhausted", OutOfCredit),
        ("organization_spend_limit_exceeded", OutOfCredit),
        ("project_spend_limit_exceeded", OutOfCredit),
        ("organization_usage_limit_exceeded", OutOfCredit),
        ("unauthorized", Refused),
        ("forbidden", Refused),
        ("model_not_found", Refused),
        ("not_found_page", Refused),
        ("rate_limited", RateLimited),
        ("rate_limited_retry_after", RateLimited),
        ("rate_limited_date", RateLimited),
        ("slow_down", RateLimited),
        ("throttled", RateLimited),
        ("rate_limited_empty", RateLimited),
        ("server_error", Unavailable),
        ("bad_gateway", Unavailable),
        ("overloaded", Unavailable),
        ("overloaded_retry_after", Unavailable),
        ("gateway_timeout", Unavailable),
        ("error_string", Unavailable),
        ("error_in_200", Unavailable),
        ("not_json", Malformed),
        ("html_in_200", Malformed),
        ("ndjson", Malformed),
        ("reset_before_head", Unavailable),
        ("close_before_head", Unavailable),
    ];
    let server = server("openai");
    for (refusal, code) in refusals {
        let given = ask_for(&server, refusal).await;
        let error = given.failed();
        assert_eq!((error.code, given.text.as_str()), (code, ""), "{refusal}: {error:?}");
        assert_eq!(error.retryable, matches!(code, RateLimited | Unavailable | Malformed), "{refusal}");
        let wait = error.retry_after.map_or(0, |wait| wait.as_secs());
        let is_told = refusal.ends_with("retry_after") || refusal.ends_with("date");
        assert!(if is_told { (1..=2).contains(&wait) } else { wait == 0 }, "{refusal}: {wait} s");
        let has_id = !refusal.ends_with("before_head");
        assert_eq!(error.log_id.is_some(), has_id, "{refusal}");
    }
}

#[tokio::test]
async fn every_stream_that_breaks_off_is_malformed_and_every_error_in_one_is_the_servers() {
    let server = server("openai");
    let breaks = ["truncated", "truncated_at_once", "truncated_mid_line", "truncated_mid_character", "cut", "reset"];
    for fault in breaks {
        let given = ask_for(&server, fault).await;
        assert_eq!((given.failed().code, given.failed().retryable), (FailureCode::Malformed, true), "{fault}");
        assert!(TEXT.starts_with(&given.text), "{fault}: {}", given.text);
    }
    let errors = ["", "_at_once", "_flat", "_with_choices", "_string"].map(|shape| format!("error_in_stream{shape}"));
    for fault in errors {
        let given = ask_for(&server, fault.as_str()).await;
        assert_eq!((given.failed().code, given.failed().retryable), (FailureCode::Unavailable, true), "{fault}");
        assert!(given.failed().log_id.is_some() && TEXT.starts_with(&given.text), "{fault}: {}", given.text);
    }
}

#[tokio::test]
async fn filters_limits_and_empty_answers_are_told_apart() {
    let server = server("openai");
    let outcomes = [
        ("length", TEXT, Outcome::CutOff),
        ("content_filter", TEXT, Outcome::Blocked),
        ("content_filter_at_once", "", Outcome::Blocked),
        ("content_filter_refusal", "", Outcome::Blocked),
        ("data_inspection_failed", "", Outcome::Blocked),
        ("data_inspection_failed_old", "", Outcome::Blocked),
    ];
    for (behaviour, text, outcome) in outcomes {
        let given = ask_for(&server, behaviour).await;
        assert_eq!((given.answered().0, given.answered().1.outcome), (text, outcome), "{behaviour}");
    }
    for behaviour in ["empty_answer", "legacy_call"] {
        assert_eq!(ask_for(&server, behaviour).await.failed().code, FailureCode::Malformed, "{behaviour}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_a_wrong_key_is_refused_without_being_shown() {
    let server = server("openai");
    let mut wrong = config(&server, "/v1");
    wrong.api_key = Some("sk-wrong-and-secret".parse().unwrap());
    let refused = ask(wrong).await;
    assert_eq!(refused.failed().code, FailureCode::Refused);
    let shown = format!("{:?}", refused.failed());
    assert!(!shown.contains("wrong-and-secret") && !shown.contains(KEY), "{shown}");
    let config = config(&server, "/v1");
    drop(server);
    let away = ask(config).await;
    assert_eq!((away.failed().code, away.failed().retryable), (FailureCode::Unavailable, true));
}

#[tokio::test]
async fn giving_an_answer_up_closes_the_connection() {
    let server = server("openai");
    server.tell(json!({"default": "stall_midway"})).await;
    let assistant = OpenAi::new(config(&server, "/v1"), Arc::new(Shop)).unwrap();
    let mut answer = assistant.answer(question("?"));
    while !matches!(answer.next().await, Some(Ok(Piece::Text(text))) if !text.is_empty()) {}
    assert_eq!(server.state().await["counts"]["running"], 1);
    drop(answer);
    let is_over = async || server.state().await["counts"]["running"] == 0;
    until("the server stops answering", Duration::from_secs(10), is_over).await;
    assert_eq!(server.state().await["requests"][0]["client_left"], true);
}
