//! Rounds of tools.

use domain::session::event::{FailureCode, Outcome, Tokens};
use serde_json::{Value, json};

use super::fixture::{DONE, Given, Response, Server, asked, chunk, config, say, stream, usage};

/// A round that calls these tools, and costs 10 and 1 tokens.
fn calls(calls: &[(&str, &str)]) -> Response {
    calls_after("", calls)
}

fn calls_after(before: &str, calls: &[(&str, &str)]) -> Response {
    let call = |(index, (name, arguments)): (usize, &(&str, &str))| json!({"index": index, "id": format!("id-{index}"), "type": "function", "function": {"name": name, "arguments": arguments}});
    let calls: Vec<Value> = calls.iter().enumerate().map(call).collect();
    let body = [
        before.to_owned(),
        chunk(&json!({"tool_calls": calls}).to_string(), None),
        chunk("{}", Some("tool_calls")),
        usage(10, 1),
        DONE.into(),
    ];
    stream(&body.concat())
}

fn says(text: &str) -> Response {
    stream(&[say(text), chunk("{}", Some("stop")), usage(20, 2), DONE.into()].concat())
}

#[tokio::test]
async fn a_search_is_answered_and_its_entries_are_sources_and_tokens_are_summed() {
    let before = [say("Let me look."), chunk(r#"{"reasoning_content":"They ask for the lock."}"#, None)].concat();
    let rounds = vec![calls_after(&before, &[("search_faq", r#"{"question":"lock?"}"#)]), says("With a key.")];
    let server = Server::start(rounds).await;
    let Given { text, end, .. } = asked(&server, config(&server)).await;
    let end = end.unwrap();
    assert_eq!((text.as_str(), end.outcome), ("Let me look.\n\nWith a key.", Outcome::Answered));
    assert_eq!(end.tokens, Some(Tokens { input: 30, output: 3 }));
    assert_eq!(end.sources[1..], ["faq:range", "faq:winter", "faq:lock"]);
    let messages = server.requests()[1].body["messages"].clone();
    let called = json!({"role": "assistant", "content": "Let me look.", "reasoning_content": "They ask for the lock.",
        "tool_calls": [{"id": "id-0", "type": "function", "function": {"name": "search_faq", "arguments": r#"{"question":"lock?"}"#}}]});
    assert_eq!(messages[2], called);
    assert_eq!((&messages[3]["role"], &messages[3]["tool_call_id"]), (&json!("tool"), &json!("id-0")));
    let result: Value = serde_json::from_str(messages[3]["content"].as_str().unwrap()).unwrap();
    assert_eq!(result, json!({"entries": [{"question": "How?", "answer": "With a key"}]}));
}

#[tokio::test]
async fn a_hand_over_ends_the_answer_with_what_was_said() {
    let hand_over = ("hand_over_to_person", r#"{"reason":"wants a refund"}"#);
    let server = Server::start(vec![
        calls(&[hand_over]),
        calls_after(&say("A colleague will help."), &[("search_faq", "{}"), hand_over]),
    ])
    .await;
    let silent = asked(&server, config(&server)).await;
    let end = silent.end.unwrap();
    assert_eq!(
        (silent.text.as_str(), end.outcome, end.tokens),
        ("", Outcome::HandsOver, Some(Tokens { input: 10, output: 1 }))
    );
    let spoken = asked(&server, config(&server)).await;
    assert_eq!((spoken.text.as_str(), spoken.end.unwrap().outcome), ("A colleague will help.", Outcome::HandsOver));
}

#[tokio::test]
async fn text_that_speaks_of_handing_over_is_only_text() {
    let server = Server::start(vec![says(r#"{"name": "hand_over_to_person", "arguments": {"reason": "x"}}"#)]).await;
    assert_eq!(asked(&server, config(&server)).await.end.unwrap().outcome, Outcome::Answered);
}

#[tokio::test]
async fn parallel_calls_are_all_answered_understood_or_not() {
    let asked_for = [
        ("search_faq", r#"{"question":"lock"}"#),
        ("search_faq", "{\"question\":"),
        ("delete_order", "{}"),
        ("hand_over_to_person", "now"),
    ];
    let server = Server::start(vec![calls(&asked_for), says("done")]).await;
    asked(&server, config(&server)).await.end.unwrap();
    let messages = server.requests()[1].body["messages"].clone();
    assert_eq!(messages[2]["tool_calls"].as_array().unwrap().len(), 4);
    assert_eq!(messages[2]["tool_calls"][1]["function"]["arguments"], "{\"question\":", "it comes back as it was made");
    for (index, key) in ["entries", "error", "error", "error"].iter().enumerate() {
        let result = &messages[3 + index];
        assert_eq!(result["tool_call_id"], format!("id-{index}"));
        let content: Value = serde_json::from_str(result["content"].as_str().unwrap()).unwrap();
        assert!(content.get(key).is_some(), "{content}");
    }
}

#[tokio::test]
async fn calls_without_end_are_ended_and_not_tried_again() {
    let again = calls(&[("search_faq", r#"{"question":"lock"}"#)]);
    let server = Server::start(vec![again; 5]).await;
    let error = asked(&server, config(&server)).await.end.unwrap_err();
    assert_eq!((error.code, error.retryable), (FailureCode::Malformed, false));
    assert_eq!(error.tokens, Some(Tokens { input: 50, output: 5 }));
    let choices: Vec<Value> = server.requests().iter().map(|request| request.body["tool_choice"].clone()).collect();
    assert_eq!(choices, [Value::Null, Value::Null, Value::Null, Value::Null, json!("none")]);
}

#[tokio::test]
async fn an_answer_after_the_last_round_of_tools_counts() {
    let again = calls(&[("search_faq", r#"{"question":"lock"}"#)]);
    let server = Server::start(vec![again.clone(), again.clone(), again.clone(), again, says("at last")]).await;
    assert_eq!(asked(&server, config(&server)).await.text, "at last");
}

#[tokio::test]
async fn tools_that_were_not_offered_are_not_called() {
    let server = Server::start(vec![calls(&[("hand_over_to_person", r#"{"reason":"x"}"#)])]).await;
    let mut config = config(&server);
    config.tools = false;
    let error = asked(&server, config).await.end.unwrap_err();
    assert_eq!((error.code, error.retryable), (FailureCode::Malformed, true));
    assert_eq!(server.requests()[0].body.get("tools"), None);
}

#[tokio::test]
async fn a_failure_in_a_later_round_tells_the_tokens_of_the_earlier() {
    let broken = stream(&format!("{}data: {}\n\n", usage(20, 7), json!({"error": {"message": "m", "code": 500}})));
    let server = Server::start(vec![calls(&[("search_faq", r#"{"question":"lock"}"#)]), broken]).await;
    let error = asked(&server, config(&server)).await.end.unwrap_err();
    assert_eq!((error.code, error.tokens), (FailureCode::Unavailable, Some(Tokens { input: 30, output: 8 })));
}
