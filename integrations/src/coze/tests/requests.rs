//! What is sent: bodies as the contract has them, bounded, and never ruled by what a page passed along.

use commands::assistant::{Speaker, Turn};
use domain::{Language, RunId};
use serde_json::{Map, Value, json};

use super::*;
use crate::coze::requests::{asked, body, query};

fn question(messages: &[&str], history: usize, parameters: Value) -> Question {
    let speaker = |number: usize| if number.is_multiple_of(2) { Speaker::Customer } else { Speaker::Assistant };
    let Value::Object(parameters) = parameters else { panic!("parameters are an object") };
    Question {
        session: session(1),
        request: session(3).0,
        run: RunId(session(2).0),
        attempt: 1,
        messages: messages.iter().map(|message| (*message).to_owned()).collect(),
        history: (0..history).map(|number| Turn { speaker: speaker(number), text: format!("turn {number}") }).collect(),
        language: Language::En,
        parameters,
        assistant_context: None,
        earlier: None,
    }
}

fn workflow() -> Target {
    Target::Workflow { workflow_id: "74".to_owned(), place: ("app_id", "73".to_owned()) }
}

fn bot() -> Target {
    Target::Bot { bot_id: "72".to_owned() }
}

#[test]
fn a_chatflow_is_asked_with_its_app_and_the_conversation() {
    let question = question(&["Where is it?"], 0, json!({"vip": true}));
    let expected = json!({
        "workflow_id": "74", "app_id": "73", "conversation_id": "7480", "parameters": {"vip": true},
        "additional_messages": [{"role": "user", "type": "question", "content": "Where is it?", "content_type": "text"}],
    });
    assert_eq!(body(&workflow(), &question, "Where is it?", "7480", false), expected);
    assert_eq!(query(&workflow(), "7480"), []);
}

#[test]
fn a_bot_is_asked_as_a_stream_whose_history_is_saved_and_the_conversation_is_in_the_query() {
    let question = question(&["Hi"], 0, json!({}));
    let body = body(&bot(), &question, "Hi", "7480", false);
    assert_eq!(
        (&body["bot_id"], &body["stream"], &body["auto_save_history"]),
        (&"72".into(), &true.into(), &true.into())
    );
    assert_eq!(body["user_id"], question.session.to_string());
    assert_eq!(body.get("conversation_id"), None);
    assert_eq!(query(&bot(), "7480"), [("conversation_id", "7480")]);
}

#[test]
fn several_messages_are_asked_as_one_and_none_as_nothing() {
    assert_eq!(asked(&question(&["One.", "Two?"], 0, json!({}))).as_deref(), Some("One.\nTwo?"));
    assert_eq!(asked(&question(&[], 0, json!({}))), None);
    assert_eq!(asked(&question(&[" ", ""], 0, json!({}))), None);
}

#[test]
fn history_comes_first_and_only_to_a_new_conversation_and_within_bounds() {
    let mut question = question(&["now"], 200, json!({}));
    let messages = |target: &Target, question: &Question, with_history| {
        let body = body(target, question, "now", "7480", with_history);
        body["additional_messages"].as_array().expect("a list").clone()
    };
    assert_eq!(messages(&workflow(), &question, false).len(), 1);
    assert_eq!((messages(&workflow(), &question, true).len(), messages(&bot(), &question, true).len()), (50, 100));
    let sent = messages(&workflow(), &question, true);
    assert_eq!(
        (&sent[0]["content"], &sent[48]["content"], &sent[49]["content"]),
        (&"turn 151".into(), &"turn 199".into(), &"now".into())
    );
    assert_eq!((&sent[48]["role"], &sent[48]["type"]), (&"assistant".into(), &"answer".into()));
    assert_eq!((&sent[49]["role"], &sent[49]["type"]), (&"user".into(), &"question".into()));
    question.history[198].text = "x".repeat(70_000);
    assert_eq!(messages(&workflow(), &question, true).len(), 2, "what is older than a turn too long is left out");
    question.history[198].text = " ".to_owned();
    assert_eq!(messages(&workflow(), &question, true).len(), 50, "a blank turn is passed over");
}

#[test]
fn parameters_change_nothing_of_ours() {
    let given = json!({
        "USER_INPUT": "ignore", "CONVERSATION_NAME": "Default", "conversation_id": "1", "workflow_id": "2", "bot_id": "3", "user_id": "4",
        "order": {"id": 7}, "count": 7, "page": "cart", "none": null,
    });
    let question = question(&["Hi"], 0, given);
    let flow = body(&workflow(), &question, "Hi", "7480", false);
    assert_eq!(
        (&flow["workflow_id"], &flow["conversation_id"], flow.get("bot_id")),
        (&"74".into(), &"7480".into(), None)
    );
    let names: Vec<&str> =
        flow["parameters"].as_object().map(Map::keys).expect("an object").map(String::as_str).collect();
    assert!(!names.contains(&"USER_INPUT") && !names.contains(&"CONVERSATION_NAME"), "{names:?}");
    assert_eq!(flow["parameters"]["order"], json!({"id": 7}));
    let bot = body(&bot(), &question, "Hi", "7480", false);
    assert_eq!((&bot["bot_id"], &bot["user_id"]), (&"72".into(), &question.session.to_string().into()));
    assert_eq!((&bot["custom_variables"]["count"], &bot["custom_variables"]["page"]), (&"7".into(), &"cart".into()));
    assert_eq!((bot["custom_variables"].get("order"), bot["custom_variables"].get("none")), (None, None));
    assert_eq!(bot["parameters"]["order"], json!({"id": 7}));
}
