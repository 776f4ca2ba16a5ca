//! Every spelling of a stream gives the same pieces, and nothing but answers gets out.

use domain::session::event::{Outcome, Tokens};
use serde_json::json;

use super::fixture::{ENDPOINTS, Endpoint, ask, coze, question, recorded_answer, start};

const DIALECTS: [&str; 30] = [
    "ok",
    "tight",
    "spaced",
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
    "unknown_events",
    "long_line",
    "no_final_newline",
    "close_framing",
    "open_after_done",
    "done_empty",
    "done_without_data",
    "done_bare",
    "sparse",
    "misspelled",
    "two_answers",
    "interleaved_answers",
    "everything",
    "reasoning",
    "only_completed",
    "only_deltas",
    "eof_after_completed",
];

#[tokio::test]
async fn every_dialect_gives_the_recorded_answer_byte_for_byte() {
    for dialect in ["coze", "studio"] {
        let server = start();
        server.tell(json!({"options": {"dialect": dialect}})).await;
        for endpoint in ENDPOINTS {
            let coze = coze(&server, endpoint);
            for name in DIALECTS {
                server.tell(json!({"next": [name]})).await;
                let answer = ask(&coze, question("Can I send it back?")).await;
                assert_eq!(answer.outcome(), Outcome::Answered, "{dialect} {endpoint:?} {name}");
                assert_eq!(answer.text(), recorded_answer(&server).await, "{dialect} {endpoint:?} {name}");
                assert!(!format!("{answer:?}").contains("LEAK"), "{dialect} {endpoint:?} {name}");
            }
        }
    }
}

#[tokio::test]
async fn lines_of_megabytes_are_read() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        server.tell(json!({"next": ["huge_line", "huge_piece"]})).await;
        let answer = ask(&coze, question("a")).await;
        assert_eq!(answer.text(), recorded_answer(&server).await, "{endpoint:?}");
        let answer = ask(&coze, question("b")).await;
        assert!(answer.text().len() > 3_000_000 && answer.outcome() == Outcome::Answered, "{endpoint:?}");
    }
}

#[tokio::test]
async fn text_comes_piece_by_piece_and_ids_before_it() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        server.tell(json!({"next": [{"pieces": ["a", "b", "c"]}]})).await;
        let answer = ask(&coze, question("?")).await;
        assert_eq!(answer.texts, ["a", "b", "c"]);
        let state = server.state().await;
        let request = state["requests"].as_array().unwrap().last().unwrap();
        let seen = answer.last_asked();
        assert_eq!(seen.log_id.as_deref(), request["log_id"].as_str());
        assert_eq!(seen.chat.as_deref(), request["chat_id"].as_str());
        assert_eq!(seen.context.as_deref(), request["conversation_id"].as_str());
        let done = answer.done.unwrap();
        assert_eq!((done.context, done.tokens), (seen.context, Some(Tokens { input: 21, output: 11 })));
        assert_eq!(
            answer.asked.len(),
            2,
            "the conversation as soon as it is made, log id and chat as soon as they are seen"
        );
    }
}

#[tokio::test]
async fn what_requires_an_action_is_handed_to_a_person() {
    let server = start();
    for dialect in ["coze", "studio"] {
        server
            .tell(json!({"options": {"dialect": dialect}, "next": ["requires_action", "requires_action_after_text"]}))
            .await;
        let coze = coze(&server, Endpoint::Bot);
        let silent = ask(&coze, question("a person, please")).await;
        assert_eq!((silent.outcome(), silent.text().as_str()), (Outcome::HandsOver, ""));
        let after_text = ask(&coze, question("a person, please")).await;
        assert_eq!((after_text.outcome(), after_text.text().is_empty()), (Outcome::HandsOver, false));
    }
}
