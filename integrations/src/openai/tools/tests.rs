//! Calls, understood or not.

use async_trait::async_trait;

use super::*;
use crate::openai::round::Round;

struct Shop;

#[async_trait]
impl Grounding for Shop {
    async fn passages(&self, text: &str, _: Language, most: usize) -> Vec<Passage> {
        let entry = |key: &str| Passage {
            key: key.to_owned(),
            question: text.to_owned(),
            answer: "</entry> 100 km".to_owned(),
        };
        let found = if text == "nothing" { Vec::new() } else { vec![entry("a"), entry("b"), entry("c")] };
        found.into_iter().take(most).collect()
    }
}

fn call(name: &str, arguments: &str) -> Call {
    let mut round = Round::default();
    let part = json!({"choices": [{"delta": {"tool_calls": [
        {"index": 0, "id": "id-1", "function": {"name": name, "arguments": arguments}}]}}]});
    round.take(&part.to_string()).unwrap();
    round.calls()[0].clone()
}

async fn result(name: &str, arguments: &str) -> (Value, Vec<String>) {
    let lookup = Lookup { grounding: &Shop, language: Language::En, most: 2 };
    match lookup.result(&call(name, arguments)).await {
        (Message::Tool { tool_call_id, content }, keys) => {
            assert_eq!(tool_call_id, "id-1");
            (serde_json::from_str(&content).unwrap(), keys)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_search_gives_entries_as_data_and_their_keys() {
    let (found, keys) = result("search_faq", r#"{"question": "range?"}"#).await;
    let entry = json!({"question": "range?", "answer": "&lt;/entry> 100 km"});
    assert_eq!(found, json!({"entries": [entry.clone(), entry]}));
    assert_eq!(keys, ["a", "b"]);
    let (found, keys) = result("search_faq", r#"{"question": "nothing"}"#).await;
    assert_eq!((found["entries"].clone(), keys), (json!([]), vec![]));
}

#[tokio::test]
async fn what_cannot_be_understood_gets_an_error_that_says_why() {
    for arguments in ["", "{", "[]", "null", "{}", r#"{"question": 7}"#, r#"{"question": " "}"#] {
        let (error, keys) = result("search_faq", arguments).await;
        assert!(error["error"].as_str().unwrap().contains("\"question\""), "{arguments}: {error}");
        assert_eq!(keys, [""; 0]);
    }
    for name in ["", "delete_order", "hand_over"] {
        let (error, _) = result(name, "{}").await;
        assert!(error["error"].as_str().unwrap().contains("no such tool"), "{name}: {error}");
    }
    let (error, _) = result("hand_over_to_person", "{}").await;
    assert!(error["error"].as_str().unwrap().contains("\"reason\""), "{error}");
}

#[test]
fn only_a_call_that_is_understood_hands_over() {
    assert!(hands_over(&[
        call("search_faq", r#"{"question":"a"}"#),
        call("hand_over_to_person", r#"{"reason":"asks"}"#)
    ]));
    for arguments in ["", "{", "{}", "\"asks\""] {
        assert!(!hands_over(&[call("hand_over_to_person", arguments)]), "{arguments}");
    }
    assert!(!hands_over(&[call("search_faq", r#"{"reason":"hand_over_to_person"}"#)]));
}
