//! One event of each server, as the contract or the server itself writes it.

use super::*;

/// Text, reasoning and reason of a chunk.
fn chunk(data: &str) -> Chunk {
    match read(data) {
        Some(Data::Chunk(chunk)) => chunk,
        other => panic!("{data} is no chunk: {other:?}"),
    }
}

#[test]
fn text_is_found_whatever_is_missing_null_or_empty_beside_it() {
    let dialects = [
        (
            r#"{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
            "",
        ),
        (r#"{"id":"a","choices":[{"index":0,"delta":{"content":"你好"},"finish_reason":null}],"usage":null}"#, "你好"),
        // Azure OpenAI's first.
        (
            r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
            "",
        ),
        // Azure OpenAI's filter that looks at the text later.
        (
            r#"{"id":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{},"content_filter_offsets":{"check_offset":44}}]}"#,
            "",
        ),
        // Gateways.
        (r#"{"id":"","choices":null}"#, ""),
        (r#"{"choices":[{"delta":null}]}"#, ""),
        (r#"{"choices":[{"index":0,"delta":{"content":null,"tool_calls":null},"finish_reason":""}]}"#, ""),
        (r#"{}"#, ""),
        (r#" {"choices":[{"delta":{"content":" a\n"}}]} "#, " a\n"),
        // Another choice than the one that was asked for.
        (r#"{"choices":[{"index":1,"delta":{"content":"no"}}]}"#, ""),
        // A whole answer instead of a stream, after DeepSeek's blank lines.
        (
            "\n\n{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"whole\"},\"finish_reason\":\"stop\"}]}",
            "whole",
        ),
    ];
    for (data, text) in dialects {
        assert_eq!(chunk(data).text, text, "{data}");
    }
}

#[test]
fn reasoning_is_never_text_under_any_name() {
    for name in ["reasoning_content", "reasoning", "reasoning_details", "thinking"] {
        let data = format!(r#"{{"choices":[{{"delta":{{"{name}":"secret thought","content":null}}}}]}}"#);
        let chunk = chunk(&data);
        assert_eq!(chunk.text, "", "{name}");
        assert_eq!(chunk.reasoning.is_some(), name == "reasoning_content", "{name}");
    }
    assert_eq!(chunk(r#"{"choices":[{"delta":{"reasoning_content":""}}]}"#).reasoning.as_deref(), Some(""));
}

#[test]
fn reasons_are_read_as_the_contract_and_as_servers_have_them() {
    let reasons = [
        ("stop", Some(Finish::Stop)),
        ("tool_calls", Some(Finish::Stop)),
        ("function_call", Some(Finish::Stop)),
        ("length", Some(Finish::Length)),
        ("content_filter", Some(Finish::Filtered)),
        ("error", Some(Finish::Failed)),
        ("insufficient_system_resource", Some(Finish::Failed)),
        ("", None),
    ];
    for (reason, finish) in reasons {
        let data = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
        assert_eq!(chunk(&data).finish, finish, "{reason}");
    }
}

#[test]
fn usage_is_read_where_it_is_and_passed_over_where_it_is_none() {
    let usages = [
        (r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#, Some((9, 12))),
        // vLLM's continuous usage; llama.cpp's in the last chunk.
        (r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"total_tokens":9}}"#, Some((9, 0))),
        (
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":3}}"#,
            Some((0, 3)),
        ),
        (r#"{"choices":[],"usage":{}}"#, None),
        (r#"{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1.5}}"#, None),
        (r#"{"choices":[],"usage":"none"}"#, None),
        (r#"{"choices":[]}"#, None),
    ];
    for (data, usage) in usages {
        assert_eq!(chunk(data).usage, usage.map(|(input, output)| Tokens { input, output }), "{data}");
    }
}

#[test]
fn errors_within_a_stream_are_found_before_anything_else() {
    let errors = [
        r#"{"error":{"message":"m","type":"InternalServerError","code":500}}"#,
        r#"{"error":"something broke"}"#,
        r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#,
        // OpenRouter's.
        r#"{"id":"gen-1","object":"chat.completion.chunk","error":{"code":502,"message":"m"},"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"error"}]}"#,
    ];
    for data in errors {
        assert!(matches!(read(data), Some(Data::Failed(_))), "{data}");
    }
    assert!(matches!(read(r#"{"error":null,"choices":[]}"#), Some(Data::Chunk(_))));
}

#[test]
fn the_end_is_not_json_and_what_is_neither_is_no_chunk() {
    assert!(matches!(read("[DONE]"), Some(Data::Done)));
    assert!(matches!(read(" [DONE] "), Some(Data::Done)));
    for data in [
        "",
        "ping",
        "[]",
        "[DONE",
        "1",
        r#"{"choices":{}}"#,
        r#"{"choices":[{"delta":{"content":7}}]}"#,
        r#"{"choices":[{"de"#,
    ] {
        assert!(read(data).is_none(), "{data}");
    }
}

#[test]
fn half_a_surrogate_pair_becomes_a_replacement_character() {
    let halves = chunk(r#"{"choices":[{"delta":{"content":"a\ud83d!"}}]}"#).text;
    assert!(halves.starts_with("a\u{FFFD}") && halves.ends_with('!'), "{halves:?}");
    assert_eq!(chunk(r#"{"choices":[{"delta":{"content":"\ud83d\ude00"}}]}"#).text, "😀");
}
