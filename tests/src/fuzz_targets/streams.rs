//! What assistants stream: server-sent events, and what Coze's mean.

use commands::Piece;
use integrations::{coze::read_stream, sse::SseEvent, sse::SseParser};

use super::lines;

/// So short that examples come near it.
const LONGEST_EVENT: usize = 600;

/// A body of events. However it is split, it gives the same.
pub(super) fn sse(bytes: &[u8]) -> bool {
    let (whole, is_short) = events(std::iter::once(bytes));
    for size in [1, 7] {
        assert_eq!(events(bytes.chunks(size)), (whole.clone(), is_short));
    }
    is_short && !whole.is_empty()
}

/// The events of these reads, and whether none was too long.
fn events<'a>(reads: impl Iterator<Item = &'a [u8]>) -> (Vec<SseEvent>, bool) {
    let (mut parser, mut events) = (SseParser::new(LONGEST_EVENT), Vec::new());
    for mut read in reads {
        loop {
            match parser.next(&mut read) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return (events, false),
            }
        }
    }
    events.extend(parser.finish());
    (events, true)
}

pub(super) fn bodies() -> Vec<Vec<u8>> {
    let fields = lines(&[
        "\u{feff}: comment",
        "id: 7",
        "event: conversation.message.delta",
        "data:{\"content\":",
        "data: \"自行车\"}",
        "",
        "data",
    ]);
    vec![fields, b"event:done\r\ndata:\"[DONE]\"\r\n\r\n".to_vec(), b"data: 1\r\rdata: 2\n\n".to_vec()]
}

/// A chat's stream. It ends once, and what it hands out is never empty.
pub(super) fn coze(bytes: &[u8]) -> bool {
    let (pieces, error) = read_stream(bytes);
    for (number, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Asked(asked) => assert!(asked.chat.is_some() || asked.context.is_some()),
            Piece::Text(text) => assert!(!text.is_empty()),
            Piece::Done(_) => assert!(number + 1 == pieces.len() && error.is_none()),
        }
    }
    let is_done = matches!(pieces.last(), Some(Piece::Done(_)));
    assert_eq!(is_done, error.is_none(), "{error:?}");
    is_done
}

pub(super) fn chats() -> Vec<Vec<u8>> {
    let chat = "{\"id\":\"7382\",\"conversation_id\":\"7381\",\"last_error\":{\"code\":0,\"msg\":\"\"},\"usage\":{\"output_count\":1,\"input_count\":2}}";
    let message = |id: &str, kind: &str, content: &str| {
        let ids = format!("\"id\":\"{id}\",\"conversation_id\":\"7381\",\"chat_id\":\"7382\"");
        format!(
            "data: {{{ids},\"role\":\"assistant\",\"type\":\"{kind}\",\"content\":\"{content}\",\"content_type\":\"text\"}}\n\n"
        )
    };
    let event = |name: &str, data: &str| format!("event: {name}\n{data}");
    let begun = event("conversation.chat.created", &format!("data: {chat}\n\n"));
    let ended = event("conversation.chat.completed", &format!("data: {chat}\n\n")) + &event("done", "data:\"[DONE]\"");
    let parts = event("conversation.message.delta", &message("1", "answer", "星期"));
    let parts = parts + &event("conversation.message.delta", &message("2", "answer", "b"));
    let wholes = event("conversation.message.completed", &message("1", "answer", "星期三"));
    let wholes = wholes + &event("conversation.message.completed", &message("3", "verbose", "{}"));
    let action = event("conversation.chat.requires_action", &format!("data: {chat}\n\n"));
    vec![format!("{begun}{parts}{wholes}{ended}").into_bytes(), format!("{begun}{action}").into_bytes()]
}
