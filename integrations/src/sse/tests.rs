//! The parser by examples, and against a second, naive reading of the same text.

use futures::{StreamExt, stream};
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1 << 16;

fn event(event: &str, data: &str) -> SseEvent {
    SseEvent { event: (!event.is_empty()).then(|| event.to_owned()), data: data.to_owned() }
}

/// What a body gives that comes in these reads, through the stream.
fn read(reads: &[&[u8]], limit: usize) -> Vec<Result<SseEvent, String>> {
    let bytes = stream::iter(reads.iter().map(|read| Ok(Bytes::copy_from_slice(read))).collect::<Vec<_>>());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("nothing is asked of it");
    runtime.block_on(events(bytes, limit).map(|event| event.map_err(|error| error.to_string())).collect())
}

fn parse(body: &str) -> Vec<SseEvent> {
    read(&[body.as_bytes()], LIMIT).into_iter().map(|event| event.expect("within the limit")).collect()
}

#[test]
fn a_space_after_the_colon_makes_no_difference_and_only_one_is_taken() {
    assert_eq!(parse("event:done\ndata:{}\n\n"), parse("event: done\ndata: {}\n\n"));
    assert_eq!(parse("data:  two\n\n"), [event("", " two")]);
}

#[test]
fn lines_may_end_in_lf_crlf_or_cr() {
    let expected = [event("a", "1"), event("b", "2\n3")];
    let body = "event: a\ndata: 1\n\nevent: b\ndata: 2\ndata: 3\n\n";
    assert_eq!(parse(body), expected);
    assert_eq!(parse(&body.replace('\n', "\r\n")), expected);
    assert_eq!(parse(&body.replace('\n', "\r")), expected);
}

#[test]
fn a_cr_ends_an_event_without_waiting_for_what_follows() {
    let mut parser = SseParser::new(LIMIT);
    let mut bytes = &b"data: 1\r\n\r"[..];
    assert_eq!(parser.next(&mut bytes).expect("short"), Some(event("", "1")));
    let mut bytes = &b"\ndata: 2\r\n\r\n"[..];
    assert_eq!(parser.next(&mut bytes).expect("short"), Some(event("", "2")));
}

#[test]
fn comments_blank_lines_ids_and_unknown_fields_give_nothing() {
    assert_eq!(parse("\n\n: ping\n\nid: 7\nretry: 10\nfoo: bar\n\n:\n\n"), []);
    assert_eq!(parse(": ping\nevent: a\n: ping\nid: 1\ndata: 1\n\n"), [event("a", "1")]);
}

#[test]
fn a_named_event_without_data_and_data_without_a_name_are_events() {
    assert_eq!(parse("event: conversation.stream.done\n\n"), [event("conversation.stream.done", "")]);
    assert_eq!(parse("event: done\ndata:\n\n"), [event("done", "")]);
    assert_eq!(parse("data\n\n"), [event("", "")]);
    assert_eq!(parse("data: [DONE]\n\n"), [event("", "[DONE]")]);
}

#[test]
fn an_event_without_its_blank_line_or_line_end_is_given_at_the_end() {
    for tail in ["", "\n", "\r", "\r\n", "\n\n"] {
        assert_eq!(parse(&format!("event:done\ndata:\"[DONE]\"{tail}")), [event("done", "\"[DONE]\"")]);
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_at_the_start_only() {
    assert_eq!(parse("\u{FEFF}data: 1\n\ndata: \u{FEFF}2\n\n"), [event("", "1"), event("", "\u{FEFF}2")]);
    assert_eq!(parse("data: 1\n\n\u{FEFF}data: 2\n\n"), [event("", "1")]);
}

#[test]
fn invalid_utf_8_is_replaced() {
    let read = read(&[b"data: a\xFFb\n\n"], LIMIT);
    assert_eq!(read, [Ok(event("", "a\u{FFFD}b"))]);
}

#[test]
fn an_event_of_the_limit_is_taken_and_one_byte_more_is_an_error() {
    let body = |bytes: usize| format!("data: 1\n\ndata:{}\n\ndata: 3\n\n", "x".repeat(bytes - 5));
    assert_eq!(read(&[body(100).as_bytes()], 100).len(), 3);
    let longer = read(&[body(101).as_bytes()], 100);
    assert_eq!(longer, [Ok(event("", "1")), Err("an event is longer than 100 bytes".to_owned())]);
}

#[test]
fn endless_comments_are_refused_by_line_and_endless_data_by_event() {
    assert!(read(&[": ".repeat(100).as_bytes()], 100)[0].is_err());
    assert!(read(&["data: 0123456789\n".repeat(100).as_bytes()], 100)[0].is_err());
    assert_eq!(read(&[": 0123456789\n".repeat(100).as_bytes()], 100), []);
}

#[test]
fn a_line_of_megabytes_that_comes_byte_by_byte_is_read_in_time() {
    let body = format!("data: {}\n\n", "é".repeat(1 << 20));
    let reads: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
    let read = read(&reads, 4 << 20);
    assert_eq!(read[0].as_ref().expect("within the limit").data.len(), 2 << 20);
}

/// Pieces that bodies are made of: everything that means something, and text of more than one byte.
fn body() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "event:",
        "event: a",
        "data:",
        "data: ",
        "data",
        "id: 1",
        ":",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "星期三",
        "é",
        "🚲",
        "x",
        "\u{FEFF}",
        "\0",
        "{}",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

/// A second reading of the same text, over the whole body and line by line.
fn naive(body: &str) -> Vec<SseEvent> {
    let body = body.strip_prefix('\u{FEFF}').unwrap_or(body).replace("\r\n", "\n").replace('\r', "\n");
    let (mut found, mut name, mut data) = (Vec::new(), None, Vec::new());
    for line in body.split('\n').chain([""]) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (line, field) {
            ("", _) if name.is_some() || !data.is_empty() => {
                found.push(SseEvent { event: name.take(), data: std::mem::take(&mut data).join("\n") });
            }
            (_, "event") => name = Some(value.to_owned()),
            (_, "data") => data.push(value.to_owned()),
            _ => {}
        }
    }
    found
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same_events(body in body(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let bytes = body.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let reads: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let expected: Vec<_> = naive(&body).into_iter().map(Ok).collect();
        prop_assert_eq!(read(&reads, LIMIT), expected.clone());
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single, LIMIT), expected);
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_never_held_beyond_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..400), limit in 0_usize..64) {
        for event in read(&[&bytes], limit).into_iter().flatten() {
            // Each invalid byte may become three.
            prop_assert!(event.data.len() <= 3 * limit);
        }
    }
}
