//! What comes of a stream's bytes: the vendor's recorded streams, and each rule of the contract.

use commands::assistant::Completion;
use domain::session::event::{FailureCode, Outcome, Tokens};
use serde_json::{Value, json};

use super::*;

const V3: &str = include_str!("streams/v3.txt");
const WORKFLOW: &str = include_str!("streams/workflow.txt");

/// Spells events as `/v3/chat` does.
fn stream(events: &[(&str, Value)]) -> String {
    events.iter().map(|(event, data)| format!("event:{event}\ndata:{data}\n\n")).collect()
}

fn chat(status: &str) -> Value {
    json!({"id": "c1", "conversation_id": "v1", "status": status, "last_error": {"code": 0, "msg": ""},
        "usage": {"token_count": 32, "output_count": 11, "input_count": 21}})
}

fn message(id: &str, kind: &str, content: &str) -> Value {
    json!({"id": id, "conversation_id": "v1", "chat_id": "c1", "role": "assistant", "type": kind, "content": content, "content_type": "text"})
}

fn created() -> (&'static str, Value) {
    ("conversation.chat.created", chat("created"))
}

fn delta(id: &str, content: &str) -> (&'static str, Value) {
    ("conversation.message.delta", message(id, "answer", content))
}

fn whole(id: &str, content: &str) -> (&'static str, Value) {
    ("conversation.message.completed", message(id, "answer", content))
}

fn completed() -> (&'static str, Value) {
    ("conversation.chat.completed", chat("completed"))
}

fn done() -> (&'static str, Value) {
    ("done", json!("[DONE]"))
}

struct Read {
    asked: Vec<Asked>,
    texts: Vec<String>,
    done: Option<Completion>,
    error: Option<AssistantError>,
}

impl Read {
    fn text(&self) -> String {
        self.texts.concat()
    }

    fn outcome(&self) -> Option<Outcome> {
        assert!(self.done.is_some() != self.error.is_some(), "a stream ends once: {:?} {:?}", self.done, self.error);
        self.done.as_ref().map(|done| done.outcome)
    }

    fn code(&self) -> FailureCode {
        assert_eq!(self.outcome(), None);
        self.error.as_ref().expect("it fails").code
    }
}

fn read(body: &str) -> Read {
    let (pieces, error) = read_stream(body.as_bytes());
    let mut read = Read { asked: Vec::new(), texts: Vec::new(), done: None, error };
    for piece in pieces {
        assert_eq!(read.done, None, "nothing follows the end");
        match piece {
            Piece::Asked(asked) => read.asked.push(asked),
            Piece::Text(text) => read.texts.push(text),
            Piece::Done(done) => read.done = Some(done),
        }
    }
    read
}

fn answered(events: &[(&str, Value)]) -> Read {
    let read = read(&stream(events));
    assert_eq!(read.outcome(), Some(Outcome::Answered), "{:?}", read.error);
    read
}

#[test]
fn the_recorded_streams_are_answers_once_their_parts_are_what_the_whole_says() {
    // The vendor left out parts in between, so as recorded they contradict themselves.
    let v3 = V3.replace("\"2024 年 10 月 1 日是星期三。\"", "\"2星期三\"");
    let workflow = WORKFLOW.replace("I'm fine, thank you. How about you?", "I?");
    for (body, text, context, tokens) in [
        (v3, "2星期三", "7381473525342978089", Tokens { input: 614, output: 19 }),
        (workflow, "I?", "conv_111111111", Tokens { input: 21, output: 11 }),
    ] {
        let read = read(&body);
        assert_eq!((read.outcome(), read.text().as_str()), (Some(Outcome::Answered), text));
        let done = read.done.as_ref().expect("it is done");
        assert_eq!((done.context.as_deref(), done.tokens), (Some(context), Some(tokens)));
        assert!(done.suggestions.is_empty() && done.sources.is_empty());
        assert_eq!(read.asked.len(), 1, "told once");
    }
}

#[test]
fn a_whole_message_that_contradicts_what_was_shown_fails_the_attempt() {
    for body in [V3, WORKFLOW] {
        let read = read(body);
        assert_eq!(read.code(), FailureCode::Malformed);
        assert!(read.error.is_some_and(|error| error.retryable));
        assert_eq!(read.texts.len(), 2, "what was shown before");
    }
}

#[test]
fn ids_come_before_any_text() {
    let (pieces, _) = read_stream(stream(&[created(), delta("m1", "a"), whole("m1", "a"), completed()]).as_bytes());
    let asked = Asked { context: Some("v1".to_owned()), chat: Some("c1".to_owned()), log_id: None };
    assert_eq!(pieces[0], Piece::Asked(asked));
}

#[test]
fn ids_are_also_taken_from_messages_where_no_chat_event_came() {
    let read = answered(&[delta("m1", "a"), completed()]);
    assert_eq!(read.asked[0].chat.as_deref(), Some("c1"));
}

#[test]
fn only_an_assistants_answers_in_text_are_shown() {
    let mut events = vec![created(), delta("m1", "shown")];
    for kind in ["verbose", "follow_up", "knowledge", "function_call", "tool_output", "tool_response", "question", ""] {
        events.push(("conversation.message.delta", message("m2", kind, "LEAK")));
        events.push(("conversation.message.completed", message("m2", kind, "LEAK")));
    }
    for (field, value) in [
        ("role", json!("user")),
        ("role", Value::Null),
        ("content_type", json!("card")),
        ("content_type", json!("object_string")),
    ] {
        for event in ["conversation.message.delta", "conversation.message.completed"] {
            let mut message = message("m3", "answer", "LEAK");
            message[field] = value.clone();
            events.push((event, message));
        }
    }
    let mut reasoning = message("m1", "answer", "");
    reasoning["reasoning_content"] = json!("LEAK");
    events.push(("conversation.message.delta", reasoning));
    events.push(("conversation.audio.delta", message("m1", "answer", "LEAK")));
    events.push(("conversation.message.novelty", message("m1", "answer", "LEAK")));
    events.push(("invalid", json!({})));
    events.extend([whole("m1", "shown"), completed(), done()]);
    let read = answered(&events);
    assert_eq!(read.texts, ["shown"]);
    assert!(!format!("{:?}", read.done).contains("LEAK"));
}

#[test]
fn a_card_whose_parts_were_text_fails_the_attempt() {
    let mut card = message("m1", "answer", "{\"card_type\":3}");
    card["content_type"] = json!("card");
    let read = read(&stream(&[created(), delta("m1", "a"), ("conversation.message.completed", card), completed()]));
    assert_eq!(read.code(), FailureCode::Malformed);
}

#[test]
fn a_chat_that_is_completed_without_an_answer_is_a_failure_that_may_pass() {
    let verbose = ("conversation.message.completed", message("m2", "verbose", "{\"msg_type\":\"empty result\"}"));
    for events in [
        vec![created(), verbose, completed(), done()],
        vec![created(), whole("m1", ""), completed()],
        vec![completed()],
    ] {
        let read = read(&stream(&events));
        assert_eq!((read.code(), read.text().as_str()), (FailureCode::Malformed, ""));
        let error = read.error.expect("it fails");
        assert_eq!((error.retryable, error.tokens), (true, Some(Tokens { input: 21, output: 11 })));
    }
}

#[test]
fn an_end_counts_only_after_the_chat_was_completed() {
    for events in [
        vec![created()],
        vec![created(), delta("m1", "a"), whole("m1", "a")],
        vec![created(), whole("m1", "a"), done()],
        vec![],
    ] {
        assert_eq!(read(&stream(&events)).code(), FailureCode::Malformed);
    }
    assert_eq!(answered(&[created(), whole("m1", "a"), completed()]).text(), "a");
}

#[test]
fn every_spelling_of_done_is_one() {
    for end in [
        "event:done\ndata:\"[DONE]\"",
        "event: done\ndata: [DONE]\n\n",
        "event:done\n\n",
        "event: conversation.stream.done\ndata:\n\n",
    ] {
        let early = format!("{}{end}", stream(&[created(), whole("m1", "a")]));
        assert_eq!(read(&early).code(), FailureCode::Malformed, "{end}");
        let late = format!("{}{end}", stream(&[created(), whole("m1", "a"), completed()]));
        assert_eq!(read(&late).outcome(), Some(Outcome::Answered), "{end}");
    }
}

#[test]
fn failures_come_in_several_shapes() {
    let mut failed = chat("failed");
    failed["last_error"] = json!({"code": 4011, "msg": "balance"});
    let cases = [
        (("conversation.chat.failed", failed), FailureCode::OutOfCredit, Some("4011")),
        (
            ("conversation.chat.failed", json!({"code": 701_231, "msg": "error"})),
            FailureCode::Unavailable,
            Some("701231"),
        ),
        (("conversation.chat.failed", json!({"last_error": {"code": null}})), FailureCode::Unavailable, Some("5000")),
        (("error", json!({"code": 4000, "msg": "Request parameter error"})), FailureCode::Rejected, Some("4000")),
        (("error", json!({"code": "4009"})), FailureCode::RateLimited, Some("4009")),
        (("error", json!({})), FailureCode::Unavailable, Some("5000")),
        (("error", json!("no object")), FailureCode::Unavailable, Some("5000")),
    ];
    for (event, code, error_code) in cases {
        let read = read(&stream(&[created(), event, done()]));
        assert_eq!(read.code(), code);
        assert_eq!(read.error.and_then(|error| error.error_code).as_deref(), error_code);
    }
    let mut odd = chat("completed");
    odd["last_error"] = json!({"code": 5000, "msg": "late"});
    assert_eq!(
        read(&stream(&[whole("m1", "a"), ("conversation.chat.completed", odd)])).code(),
        FailureCode::Unavailable
    );
}

#[test]
fn the_detail_is_bounded_and_the_display_says_nothing() {
    let words = "密".repeat(1_000);
    let read = read(&stream(&[created(), ("error", json!({"code": 4000, "msg": words}))]));
    let error = read.error.expect("it fails");
    assert!(!error.detail.is_empty() && error.detail.len() <= 500);
    assert_eq!(error.to_string(), "the assistant failed: Rejected");
}

#[test]
fn requires_action_hands_over_with_what_was_said() {
    let action = ("conversation.chat.requires_action", chat("requires_action"));
    let read = read(&stream(&[created(), delta("m1", "One moment."), action.clone(), done()]));
    assert_eq!((read.outcome(), read.text().as_str()), (Some(Outcome::HandsOver), "One moment."));
    let silent = super::streams::read(&stream(&[created(), action]));
    assert_eq!((silent.outcome(), silent.text().as_str()), (Some(Outcome::HandsOver), ""));
}

#[test]
fn missing_null_and_misspelled_fields_do_no_harm() {
    let sparse = json!({"id": "c1", "conversation_id": "v1", "last_error": null, "usage": {}, "status": "compleated"});
    let read = answered(&[
        ("conversation.chat.created", json!({"last_error": {"code": null, "msg": null}})),
        delta("m1", "a"),
        ("conversation.chat.completed", sparse),
    ]);
    assert_eq!(read.done.expect("it is done").tokens, None);
    let documents = json!({"usage": {"output_tokens": 2, "input_tokens": 3}});
    let read = answered(&[delta("m1", "a"), ("conversation.chat.completed", documents)]);
    assert_eq!(read.done.expect("it is done").tokens, Some(Tokens { input: 3, output: 2 }));
}

#[test]
fn ids_keep_all_their_digits() {
    let chat = json!({"id": 7_382_159_487_131_697_202_u64, "conversation_id": "7381473525342978089"});
    let read = read(&stream(&[("conversation.chat.created", chat)]));
    assert_eq!(read.asked[0].chat.as_deref(), Some("7382159487131697202"));
}

#[test]
fn data_that_is_cut_is_malformed_unless_it_is_of_no_account() {
    let cut =
        format!("{}event:conversation.chat.completed\ndata:{{\"id\":\"c1\",", stream(&[created(), whole("m1", "a")]));
    assert_eq!(read(&cut).code(), FailureCode::Malformed);
    let of_no_account = "event:novelty\ndata:{\n\n".to_owned() + &stream(&[whole("m1", "a"), completed()]);
    assert_eq!(read(&of_no_account).outcome(), Some(Outcome::Answered));
}
