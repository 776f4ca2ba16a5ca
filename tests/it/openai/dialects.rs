//! The same answer in every dialect and spelling, byte for byte.

use domain::session::event::{Outcome, Tokens};
use integrations::openai::OpenAiConfig;
use serde_json::json;

use super::{TEXT, ask, ask_for, config, server};

#[tokio::test]
async fn every_server_is_asked_as_it_wants_and_gives_the_same_answer() {
    let server = server("openai");
    let places = [
        ("openai", "/v1"),
        ("azure", "/openai/v1"),
        ("vllm", "/v1"),
        ("vllm_old", "/v1"),
        ("sglang", "/v1"),
        ("llama.cpp", "/v1"),
        ("llama.cpp_old", ""),
        ("ollama", "/v1"),
        ("deepseek", ""),
        ("qwen", "/compatible-mode/v1"),
        ("gateway", "/api/v1"),
    ];
    for (dialect, path) in places {
        // Rounds of tools come in the dialect's fragments.
        for behaviour in ["ok", "reasoning", "thinking_calls"] {
            server.tell(json!({"options": {"dialect": dialect, "alternating": true}, "default": behaviour})).await;
            let given = ask(config(&server, path)).await;
            let (text, end) = given.answered();
            assert_eq!((text, end.outcome), (TEXT, Outcome::Answered), "{dialect}: {behaviour}");
            let rounds = if behaviour == "thinking_calls" { 2 } else { 1 };
            assert_eq!(end.tokens, Some(Tokens { input: 9 * rounds, output: 12 * rounds }), "{dialect}: {behaviour}");
        }
    }
    assert_eq!(server.state().await["counts"]["refused"], json!(null), "no request is refused");
}

#[tokio::test]
async fn azures_own_urls_and_header_are_used_where_an_api_version_is_set() {
    let server = server("azure");
    let config = OpenAiConfig { azure_api_version: Some("2024-10-21".to_owned()), ..config(&server, "") };
    assert_eq!(ask(config).await.answered().0, TEXT);
    let record = server.state().await;
    assert_eq!(
        record["requests"][0]["path"], "/openai/deployments/test-model/chat/completions",
        "{}",
        record["requests"][0]
    );
}

#[tokio::test]
async fn the_text_is_the_same_in_every_spelling() {
    let spellings = [
        "ok",
        "tight",
        "crlf",
        "cr",
        "bytes",
        "split_utf8",
        "joined",
        "odd_writes",
        "escaped",
        "data_lines",
        "byte_order_mark",
        "comments",
        "queued",
        "no_final_newline",
        "close_framing",
        "open_after_done",
        "after_done",
        "reasoning",
        "reasoning_newer",
        "noise",
        "azure_first_chunk",
        "usage_in_last_chunk",
        "usage_in_every_chunk",
        "usage_unasked",
        "no_usage",
        "finish_with_last",
        "finish_unknown",
        "no_done",
        "stall_before_done",
        "finished_without_done",
        "slow",
    ];
    let server = server("openai");
    for spelling in spellings {
        let given = ask_for(&server, spelling).await;
        let (text, end) = given.answered();
        assert_eq!((text, end.outcome, end.confidence), (TEXT, Outcome::Answered, None), "{spelling}");
        let has_usage = !["no_usage", "stall_before_done", "finished_without_done"].contains(&spelling);
        assert!(end.tokens.is_some() || !has_usage, "{spelling}");
    }
}

#[tokio::test]
async fn an_event_of_megabytes_is_taken() {
    let server = server("openai");
    let given = ask_for(&server, "huge_piece").await;
    assert_eq!(given.answered().0, format!("{TEXT}{}", "x".repeat(3_000_000)));
}

#[tokio::test]
async fn what_a_server_refuses_can_be_switched_off() {
    let server = server("openai");
    let refuses = |what: &str| json!({"options": {"unsupported": [what]}});
    type Switch = (&'static str, fn(&mut OpenAiConfig));
    let switches: [Switch; 4] = [
        ("tools", |config| config.tools = false),
        ("stream_options", |config| config.include_usage = false),
        ("max_tokens", |config| config.max_completion_tokens = true),
        ("temperature", |config| config.temperature = None),
    ];
    for (what, switch) in switches {
        server.tell(refuses(what)).await;
        let error = ask(config(&server, "/v1")).await;
        assert_eq!(error.failed().error_code.as_deref(), Some("unsupported_parameter"), "{what}");
        let mut changed = config(&server, "/v1");
        switch(&mut changed);
        assert_eq!(ask(changed).await.answered().0, TEXT, "{what}");
    }
}

#[tokio::test]
async fn fields_of_the_server_itself_are_added() {
    let server = server("qwen");
    let mut config = config(&server, "/compatible-mode/v1");
    config.extra_body = r#"{"enable_thinking": false}"#.parse().unwrap();
    assert_eq!(ask(config).await.answered().0, TEXT);
}
