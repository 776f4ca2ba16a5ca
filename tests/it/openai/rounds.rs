//! Tools: every way in which servers send calls, and what a model may do with them.

use domain::session::event::{Outcome, Tokens};
use serde_json::{Value, json};

use super::{TEXT, ask_for, server};

#[tokio::test]
async fn calls_in_every_form_are_answered_and_their_entries_are_sources() {
    let server = server("openai");
    let forms = [
        ("calls_a_tool", 1),
        ("calls_whole", 1),
        ("calls_with_repeated_ids", 1),
        ("calls_with_empty_ids", 1),
        ("calls_without_index", 1),
        ("calls_finished_by_stop", 1),
        ("parallel_calls", 1),
        ("two_rounds", 2),
        ("thinking_calls", 1),
    ];
    for (form, rounds) in forms {
        let given = ask_for(&server, form).await;
        let (text, end) = given.answered();
        assert_eq!((text, end.outcome), (TEXT, Outcome::Answered), "{form}");
        assert_eq!(end.tokens, Some(Tokens { input: 9 * (rounds + 1), output: 12 * (rounds + 1) }), "{form}");
        assert_eq!(end.sources[1..], ["faq:other", "faq:returns"], "{form}: {:?}", end.sources);
    }
    assert_eq!(server.state().await["counts"]["refused"], json!(null));
}

#[tokio::test]
async fn text_before_a_call_is_a_paragraph_of_its_own() {
    let server = server("openai");
    let given = ask_for(&server, "calls_a_tool_after_text").await;
    assert_eq!(given.answered().0, format!("Let me look.\n\n{TEXT}"));
}

#[tokio::test]
async fn calls_that_cannot_be_understood_are_answered_with_errors_and_the_model_goes_on() {
    let server = server("openai");
    for form in ["unknown_tool", "broken_arguments", "empty_arguments"] {
        assert_eq!(ask_for(&server, form).await.answered().0, TEXT, "{form}");
        let record = server.state().await;
        let requests = record["requests"].as_array().unwrap();
        let last = requests.last().unwrap()["body"]["messages"].as_array().unwrap().last().unwrap();
        let result: Value = serde_json::from_str(last["content"].as_str().unwrap()).unwrap();
        assert!(result["error"].is_string(), "{form}: {result}");
    }
}

#[tokio::test]
async fn a_model_that_calls_without_end_is_told_to_answer() {
    let server = server("openai");
    let given = ask_for(&server, "endless_calls").await;
    assert_eq!(given.answered().0, TEXT);
    assert_eq!(server.state().await["counts"]["chat"], 5);
}

#[tokio::test]
async fn a_hand_over_is_an_outcome() {
    let server = server("openai");
    let call = json!({"name": "hand_over_to_person", "arguments": {"reason": "refund"}});
    let alone = ask_for(&server, json!({"rounds": [[call]]})).await;
    assert_eq!((alone.answered().0, alone.answered().1.outcome), ("", Outcome::HandsOver));
    let search = json!({"name": "search_faq", "arguments": {"question": "退货"}});
    let after_text =
        json!({"rounds": [[search.clone()], [search, call]], "preamble": ["Einen Moment."], "argument_size": 1});
    let given = ask_for(&server, after_text).await;
    assert_eq!(
        (given.answered().0, given.answered().1.outcome),
        ("Einen Moment.\n\nEinen Moment.", Outcome::HandsOver)
    );
}
