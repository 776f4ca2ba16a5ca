//! Questions over HTTP to a server that answers as it is told.

mod fixture;
mod refusals;
mod with_tools;

use std::time::Duration;

use commands::Piece;
use domain::session::event::{Asked, FailureCode, Outcome, Tokens};
use fixture::{DONE, Given, Server, asked, chunk, config, json_response, say, stream, usage};
use futures::StreamExt;

#[tokio::test]
async fn an_answer_comes_in_pieces_with_ids_first_and_ends_with_tokens_and_sources() {
    let body = [
        chunk(r#"{"role":"assistant","content":""}"#, None),
        say("你"),
        say("好 🚲"),
        chunk("{}", Some("stop")),
        usage(9, 12),
        DONE.into(),
    ];
    let server = Server::start(vec![stream(&body.concat()).with("x-request-id: req-7")]).await;
    let Given { pieces, text, end } = asked(&server, config(&server)).await;
    let asked = Asked { context: None, chat: Some("chatcmpl-1".into()), log_id: Some("req-7".into()) };
    assert_eq!(pieces[..3], [Piece::Asked(asked), Piece::Text("你".into()), Piece::Text("好 🚲".into())]);
    let end = end.unwrap();
    assert_eq!((text.as_str(), end.outcome, end.confidence), ("你好 🚲", Outcome::Answered, None));
    assert_eq!(end.tokens, Some(Tokens { input: 9, output: 12 }));
    assert!(end.sources[0].starts_with("prompt:") && end.sources[0].len() == "prompt:".len() + 16);
    assert_eq!(end.sources[1..], ["faq:range", "faq:winter"]);
}

#[tokio::test]
async fn without_an_id_of_its_own_the_answer_is_found_by_the_log_id_alone() {
    let body = say("a").replace("chatcmpl-1", "") + DONE;
    let server = Server::start(vec![stream(&body).with("apim-request-id: req-8"), stream(&body)]).await;
    let asked_for = Asked { log_id: Some("req-8".into()), ..Asked::default() };
    let pieces = asked(&server, config(&server)).await.pieces;
    assert_eq!(pieces, [Piece::Asked(asked_for), Piece::Text("a".into())]);
    assert_eq!(asked(&server, config(&server)).await.pieces, [Piece::Text("a".into())]);
}

#[tokio::test]
async fn a_request_goes_to_the_contracts_path_with_the_key_and_the_question() {
    let server = Server::start(vec![stream(&[say("a"), DONE.into()].concat())]).await;
    let mut config = config(&server);
    config.api_key = Some("sk-secret-key".parse().unwrap());
    asked(&server, config).await.end.unwrap();
    let request = &server.requests()[0];
    assert!(request.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", request.head);
    assert!(request.head.to_lowercase().contains("\r\nauthorization: bearer sk-secret-key\r\n"), "{}", request.head);
    let client_request = "\r\nx-client-request-id: 00000000-0000-0000-0000-000000000001\r\n";
    assert!(request.head.to_lowercase().contains(client_request), "{}", request.head);
    assert_eq!((&request.body["model"], &request.body["stream"]), (&"m".into(), &true.into()));
    let said = request.body["messages"][1]["content"].as_str().unwrap();
    assert!(said.contains("<customer_message>\nHow far?\n\nAnd in winter?\n</customer_message>"), "{said}");
    assert!(said.contains("Answer: 100 km"), "{said}");
}

#[tokio::test]
async fn length_and_content_filter_are_outcomes_of_their_own() {
    let ended = |reason| stream(&[say("half"), chunk("{}", Some(reason)), DONE.into()].concat());
    for (reason, outcome) in [("length", Outcome::CutOff), ("content_filter", Outcome::Blocked)] {
        let server = Server::start(vec![ended(reason)]).await;
        let given = asked(&server, config(&server)).await;
        assert_eq!((given.text.as_str(), given.end.unwrap().outcome), ("half", outcome));
    }
    let silent = |reason| stream(&[chunk("{}", Some(reason)), usage(5, 6), DONE.into()].concat());
    let server = Server::start(vec![silent("content_filter"), silent("length")]).await;
    let blocked = asked(&server, config(&server)).await;
    assert_eq!((blocked.text.as_str(), blocked.end.unwrap().outcome), ("", Outcome::Blocked));
    let error = asked(&server, config(&server)).await.end.unwrap_err();
    assert_eq!((error.code, error.retryable), (FailureCode::Malformed, false));
    assert_eq!(error.tokens, Some(Tokens { input: 5, output: 6 }));
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_malformed_however_it_breaks_off() {
    let half = say("half");
    let cut_chunk = format!("{:x}\r\n{half}\r\n{:x}\r\n{half}", half.len(), half.len() + 100);
    let broken = [
        stream(&half),
        stream(&format!("{half}: comment\n\n")),
        stream(&format!("{half}data: {{\"choices\":[{{\"delta\"")),
        stream(&cut_chunk).with("transfer-encoding: chunked"),
        stream(&half).with("content-length: 9999"),
        stream(""),
        stream("<html>welcome</html>"),
    ];
    let server = Server::start(broken.to_vec()).await;
    for number in 0..broken.len() {
        let Given { text, end, .. } = asked(&server, config(&server)).await;
        let error = end.unwrap_err();
        assert_eq!((error.code, error.retryable), (FailureCode::Malformed, true), "{number}: {error:?}");
        assert!("halfhalf".starts_with(&text), "{number}: {text}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_malformed() {
    for body in [chunk("{}", Some("stop")), say(" \n"), String::new()] {
        let server = Server::start(vec![stream(&(body + DONE))]).await;
        let error = asked(&server, config(&server)).await.end.unwrap_err();
        assert_eq!((error.code, error.retryable), (FailureCode::Malformed, true));
    }
}

#[tokio::test]
async fn an_answer_with_a_reason_is_whole_though_the_connection_stays_open_or_breaks() {
    let whole = [say("whole"), chunk("{}", Some("stop"))].concat();
    let endings = [
        stream(&whole),
        stream(&whole).held(),
        stream(&whole).with("content-length: 9999"),
        stream(&format!("{whole}data: rubbish\n\n")),
    ];
    let server = Server::start(endings.to_vec()).await;
    for _ in endings {
        let given = asked(&server, config(&server)).await;
        assert_eq!((given.text.as_str(), given.end.unwrap().outcome), ("whole", Outcome::Answered));
    }
}

#[tokio::test]
async fn nothing_is_read_behind_the_end() {
    let body = [say("whole"), DONE.into(), say("more"), "data: {\"error\":\"late\"}\n\n".into()].concat();
    let server = Server::start(vec![stream(&body).held()]).await;
    let given = asked(&server, config(&server)).await;
    assert_eq!((given.text.as_str(), given.end.unwrap().outcome), ("whole", Outcome::Answered));
}

#[tokio::test]
async fn a_whole_answer_instead_of_a_stream_is_taken() {
    let body = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"whole","reasoning_content":"no"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let server = Server::start(vec![json_response("200 OK", &format!("\n\n{body}"))]).await;
    let given = asked(&server, config(&server)).await;
    assert_eq!(given.text, "whole");
    assert_eq!(given.end.unwrap().tokens, Some(Tokens { input: 1, output: 2 }));
}

#[tokio::test]
async fn dropping_the_answer_closes_the_connection() {
    let server = Server::start(vec![stream(&say("half")).held()]).await;
    let mut answer = fixture::answer(config(&server));
    while !matches!(answer.next().await, Some(Ok(Piece::Text(_)))) {}
    assert_eq!(server.closed(), 0);
    drop(answer);
    server.wait_until_closed(1).await;
}

/// The first piece that says something, within 4 seconds, of a server that sends this again and again.
async fn first_piece(beat: &str) -> Option<Piece> {
    let server = Server::start(vec![stream("").beating(beat)]).await;
    let mut answer = fixture::answer(config(&server));
    let first = tokio::time::timeout(Duration::from_secs(4), async {
        loop {
            match answer.next().await.expect("an answer ends with its end").expect("it goes on") {
                Piece::Asked(_) => {}
                piece => return piece,
            }
        }
    });
    first.await.ok()
}

#[tokio::test]
async fn a_server_that_thinks_or_keeps_the_connection_alive_is_reported_as_alive() {
    let thinks = chunk(r#"{"reasoning_content":"hm"}"#, None);
    let alive = Some(Piece::Text(String::new()));
    let pieces = tokio::join!(first_piece(&thinks), first_piece(": keep-alive\n\n"), first_piece(""));
    assert_eq!(pieces, (alive.clone(), alive, None));
}

#[tokio::test]
async fn without_messages_nobody_is_asked() {
    let server = Server::start(Vec::new()).await;
    let mut question = fixture::question();
    question.messages.clear();
    let given = fixture::collect(fixture::openai(config(&server)), question).await;
    assert_eq!((given.text.as_str(), given.end.unwrap().outcome), ("", Outcome::DoesNotKnow));
    assert!(server.requests().is_empty());
}
