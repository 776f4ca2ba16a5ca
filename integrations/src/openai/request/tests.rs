//! Requests, field by field.

use serde_json::{Value, json};

use super::*;

fn written(config: &OpenAiConfig, may_call: bool) -> Value {
    let messages = [Message::User { content: "hello".to_owned() }];
    serde_json::to_value(Request::new(config, &messages, may_call)).unwrap()
}

#[test]
fn a_plain_request_is_the_contracts() {
    let mut config = OpenAiConfig::new("http://localhost", "m");
    config.tools = false;
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": true,
        "stream_options": {"include_usage": true}, "temperature": 0.3, "max_tokens": 1024});
    assert_eq!(written(&config, true), expected);
}

#[test]
fn what_a_server_refuses_is_switched_off_and_extra_fields_are_added() {
    let mut config = OpenAiConfig::new("http://localhost", "m");
    config.include_usage = false;
    config.temperature = None;
    config.max_completion_tokens = true;
    config.tools = false;
    config.extra_body = r#"{"enable_thinking": false, "seed": 7}"#.parse().unwrap();
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": true,
        "max_completion_tokens": 1024, "enable_thinking": false, "seed": 7});
    assert_eq!(written(&config, true), expected);
    config.max_tokens = None;
    assert_eq!(written(&config, true).get("max_completion_tokens"), None);
}

#[test]
fn tools_are_listed_and_in_the_last_round_not_to_be_called() {
    let config = OpenAiConfig::new("http://localhost", "m");
    let names = |request: &Value| -> Vec<String> {
        let tools = request["tools"].as_array().unwrap().iter();
        tools.map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = written(&config, true);
    assert_eq!(names(&first), ["search_faq", "hand_over_to_person"]);
    assert_eq!(first.get("tool_choice"), None);
    let last = written(&config, false);
    assert_eq!(names(&last), names(&first));
    assert_eq!(last["tool_choice"], "none");
}

#[test]
fn calls_go_back_with_their_reasoning_and_plain_turns_without() {
    let call = ToolCall {
        id: "a".to_owned(),
        kind: "function",
        function: FunctionCall { name: "search_faq".to_owned(), arguments: "{}".to_owned() },
    };
    let called =
        Message::Assistant { content: None, tool_calls: vec![call], reasoning_content: Some("why".to_owned()) };
    assert_eq!(
        serde_json::to_value([
            called,
            Message::Tool { tool_call_id: "a".to_owned(), content: "[]".to_owned() },
            Message::said("b".to_owned())
        ])
        .unwrap(),
        json!([
            {"role": "assistant", "content": null, "reasoning_content": "why",
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "search_faq", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "a", "content": "[]"},
            {"role": "assistant", "content": "b"},
        ])
    );
}
