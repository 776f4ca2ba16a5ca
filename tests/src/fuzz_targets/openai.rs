//! An answer of a server with OpenAI's chat completions: the event stream, its chunks, and what they come to.

use integrations::{
    openai::{Ending, Round},
    sse::SseParser,
};

use super::lines;

/// The most bytes of one event, as small as a fuzzer's input.
const LIMIT: usize = 1 << 14;

/// A whole answer. What it gave is its text, and that it came byte by byte changes nothing.
pub(super) fn answer(bytes: &[u8]) -> bool {
    let (round, is_read) = read(std::iter::once(bytes));
    let (again, is_read_again) = read(bytes.chunks(1));
    assert_eq!((round.text(), round.calls(), is_read), (again.text(), again.calls(), is_read_again));
    assert_eq!((round.ending(), round.usage()), (again.ending(), again.usage()));
    is_read && round.ending() != Ending::Truncated
}

fn read<'a>(parts: impl Iterator<Item = &'a [u8]>) -> (Round, bool) {
    let (mut parser, mut round, mut given) = (SseParser::new(LIMIT), Round::default(), String::new());
    for mut part in parts {
        loop {
            match parser.next(&mut part) {
                Ok(None) => break,
                Ok(Some(event)) => match round.take(&event.data) {
                    Ok(text) => given.push_str(&text),
                    Err(_) => return (round, false),
                },
                Err(_) => return (round, false),
            }
        }
    }
    let is_read = parser.finish().is_none_or(|event| {
        round.take(&event.data).is_ok_and(|text| {
            given.push_str(&text);
            true
        })
    });
    assert_eq!(given, round.text());
    (round, is_read)
}

pub(super) fn answers() -> Vec<Vec<u8>> {
    let text = r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":"你好 🚲","reasoning_content":"why"},"finish_reason":null}],"usage":null}"#;
    let call = r#"data:{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"search_faq","arguments":"{\"question\":\"?\"}"}}]}}]}"#;
    let stop = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12}}"#;
    let gateway = r#"data: {"id":"","choices":null,"error":null}"#;
    vec![
        lines(&[": keep-alive", "", text, "", stop, "", usage, "", "data: [DONE]", "", ""]),
        lines(&[gateway, "", call, "", "data: [DONE]"]),
        [text, "\r\n\r\n", stop, "\r\n\r\n"].concat().into_bytes(),
    ]
}
