//! Whole answers of each server, from bytes.

use proptest::prelude::*;

use super::*;
use crate::sse::SseParser;

/// What is read of a body that comes in parts cut at these places, and the pieces of text that it gave.
fn read(body: &[u8], cuts: &[usize]) -> Result<(Round, String), Fault> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).chain([0, body.len()]).collect();
    cuts.sort_unstable();
    let (mut parser, mut round, mut given) = (SseParser::new(1 << 20), Round::default(), String::new());
    for cut in cuts.windows(2) {
        let mut part = &body[cut[0]..cut[1]];
        while let Some(event) = parser.next(&mut part).unwrap() {
            if !round.is_done() {
                given.push_str(&round.take(&event.data)?);
            }
        }
    }
    if let Some(event) = parser.finish().filter(|_| !round.is_done()) {
        given.push_str(&round.take(&event.data)?);
    }
    Ok((round, given))
}

fn chunk(delta: &str, finish: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
    )
}

const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// The same answer, "你好 🚲!", as each server sends it.
fn dialects() -> Vec<(&'static str, String)> {
    let (hello, rest, stop) =
        (chunk(r#"{"content":"你好 "}"#, "null"), chunk(r#"{"content":"🚲!"}"#, "null"), chunk("{}", "\"stop\""));
    let openai = format!("{}{hello}{rest}{stop}{USAGE}{DONE}", chunk(r#"{"role":"assistant","content":""}"#, "null"));
    let azure = "data: {\"choices\":[],\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[]}\n\n";
    let in_last = stop.replace("}]}", "}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12}}");
    let each = |text: &str, output: u8| {
        text.replace("}]}", &format!("}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":{output}}}}}"))
    };
    let thought = chunk(r#"{"content":null,"reasoning_content":"The customer greets."}"#, "null");
    vec![
        ("openai", openai.clone()),
        ("azure", format!("{azure}{openai}")),
        ("vllm, continuous usage", format!("{}{}{stop}{USAGE}{DONE}", each(&hello, 1), each(&rest, 2))),
        ("llama.cpp, old", format!("{hello}{rest}{in_last}{DONE}")),
        ("ollama without [DONE]", format!("{hello}{rest}{stop}{USAGE}")),
        ("deepseek", format!(": keep-alive\n\n: keep-alive\n\n\n\n{thought}{hello}{rest}{stop}{USAGE}{DONE}")),
        ("openrouter", format!(": OPENROUTER PROCESSING\n\n{openai}")),
        (
            "gateway",
            format!(
                "data: {{\"id\":\"\",\"choices\":null}}\n\n{hello}data: {{\"choices\":[{{\"delta\":null}}]}}\n\n{rest}{stop}{USAGE}{DONE}"
            ),
        ),
        ("without a space", openai.replace("data: ", "data:")),
        ("CRLF", openai.replace('\n', "\r\n")),
        ("several data lines", openai.replace("\"choices\":", "\ndata: \"choices\":")),
        ("no blank line at the end", openai.trim_end().to_owned()),
        ("something behind the end", format!("{openai}data: {{\"error\":\"late\"}}\n\ndata: rubbish\n\n")),
        ("a comment of a megabyte's half", format!(": {}\n\n{openai}", "x".repeat(500_000))),
    ]
}

#[test]
fn every_dialect_gives_the_same_answer_and_what_was_given_is_the_text() {
    for (name, body) in dialects() {
        let (round, given) = read(body.as_bytes(), &[]).unwrap();
        assert_eq!((given.as_str(), round.text()), ("你好 🚲!", "你好 🚲!"), "{name}");
        assert_eq!(round.ending(), Ending::Complete, "{name}");
        assert_eq!(round.usage(), Some(Tokens { input: 9, output: 12 }), "{name}");
        assert_eq!(round.id(), Some("chatcmpl-1"), "{name}");
    }
}

#[test]
fn every_dialect_may_come_byte_by_byte() {
    for (name, body) in dialects().into_iter().filter(|(_, body)| body.len() < 10_000) {
        let cuts: Vec<usize> = (0..body.len()).collect();
        let (round, given) = read(body.as_bytes(), &cuts).unwrap();
        assert_eq!((given.as_str(), round.text()), ("你好 🚲!", "你好 🚲!"), "{name}");
    }
}

#[test]
fn a_stream_that_ends_early_is_truncated_and_a_reason_alone_or_done_alone_is_an_end() {
    let hello = chunk(r#"{"content":"hello"}"#, "null");
    let ending = |body: String| read(body.as_bytes(), &[]).unwrap().0.ending();
    assert_eq!(ending(String::new()), Ending::Truncated);
    assert_eq!(ending(hello.clone()), Ending::Truncated);
    assert_eq!(ending(format!("{hello}: ping\n\n{USAGE}")), Ending::Truncated);
    assert_eq!(ending(format!("{hello}{}", chunk("{}", "\"stop\""))), Ending::Complete);
    assert_eq!(ending(format!("{hello}{DONE}")), Ending::Complete);
    assert_eq!(ending(format!("{hello}{}", chunk("{}", "\"length\""))), Ending::CutOff);
    assert_eq!(ending(format!("{hello}{}{DONE}", chunk("{}", "\"content_filter\""))), Ending::Blocked);
    assert_eq!(ending(format!("{hello}{}{DONE}", chunk("{}", "\"error\""))), Ending::GivenUp);
    let cut_json = format!("{hello}data: {{\"choices\":[{{\"del");
    assert!(matches!(read(cut_json.as_bytes(), &[]), Err(Fault::NoChunk)));
}

#[test]
fn an_error_in_the_middle_is_the_servers_even_if_done_follows() {
    let body = format!(
        "{}data: {{\"error\":{{\"message\":\"out of memory\",\"code\":500}}}}\n\n{DONE}",
        chunk(r#"{"content":"a"}"#, "null")
    );
    assert!(matches!(read(body.as_bytes(), &[]), Err(Fault::Server(_))));
}

fn calls(deltas: &[&str], finish: &str) -> Round {
    let parts: String = deltas.iter().map(|delta| chunk(&format!("{{\"tool_calls\":{delta}}}"), "null")).collect();
    read(format!("{parts}{}{DONE}", chunk("{}", finish)).as_bytes(), &[]).unwrap().0
}

fn told(round: &Round) -> Vec<(&str, &str, &str)> {
    round.calls().iter().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect()
}

#[test]
fn parallel_calls_are_put_together_by_index() {
    let round = calls(
        &[
            r#"[{"index":0,"id":"a","type":"function","function":{"name":"search_faq","arguments":""}}]"#,
            r#"[{"index":0,"function":{"arguments":"{\"question\":"}}]"#,
            r#"[{"index":1,"id":"b","type":"function","function":{"name":"search_faq","arguments":"{}"}}]"#,
            r#"[{"index":0,"function":{"arguments":"\"电池\"}"}}]"#,
        ],
        "\"tool_calls\"",
    );
    assert_eq!(told(&round), [("a", "search_faq", "{\"question\":\"电池\"}"), ("b", "search_faq", "{}")]);
    assert_eq!(round.ending(), Ending::Calls);
}

#[test]
fn calls_without_index_or_id_or_of_one_index_are_told_apart() {
    let same_index = calls(
        &[
            r#"[{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"y","arguments":{"k":1}}}]"#,
        ],
        "\"stop\"",
    );
    assert_eq!(told(&same_index), [("a", "x", "{}"), ("b", "y", "{\"k\":1}")]);
    assert_eq!(same_index.ending(), Ending::Calls, "some servers say stop");
    let no_index =
        calls(&[r#"[{"id":"a","function":{"name":"x"}}]"#, r#"[{"function":{"arguments":"{}"}}]"#], "\"stop\"");
    assert_eq!(told(&no_index), [("a", "x", "{}")]);
    let no_id = calls(&[r#"[{"index":3,"function":{"name":"x","arguments":"{}"}}]"#], "\"tool_calls\"");
    assert_eq!(told(&no_id), [("call_0", "x", "{}")]);
    let repeated = calls(&[r#"[{"index":0,"id":"a","function":{"name":"x","arguments":"{"}}]"#; 2], "\"tool_calls\"");
    assert_eq!(told(&repeated), [("a", "x", "{{")]);
    let turns: Vec<String> = ["a", "b", "a", "b"]
        .map(|id| format!(r#"[{{"id":"{id}","function":{{"name":"x","arguments":"{id}"}}}}]"#))
        .into();
    let turns = calls(&turns.iter().map(String::as_str).collect::<Vec<_>>(), "\"tool_calls\"");
    assert_eq!(told(&turns), [("a", "x", "aa"), ("b", "x", "bb")]);
}

#[test]
fn more_than_anybody_wants_to_hold_is_refused() {
    let mut round = Round::default();
    let call = |index: usize| {
        format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"id":"{index}","function":{{"name":"x"}}}}]}}}}]}}"#
        )
    };
    for index in 0..MOST_CALLS {
        round.take(&call(index)).unwrap();
    }
    assert!(matches!(round.take(&call(MOST_CALLS)), Err(Fault::TooLong)));
    let mut round = Round::default();
    let long = format!(r#"{{"choices":[{{"delta":{{"reasoning_content":"{}"}}}}]}}"#, "x".repeat(LIMIT / 2));
    round.take(&long).unwrap();
    round.take(&long).unwrap();
    assert!(matches!(round.take(&long), Err(Fault::TooLong)));
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same_answer(which in 0_usize..13, cuts in prop::collection::vec(any::<usize>(), 0..8)) {
        let (_, body) = &dialects()[which];
        let (round, given) = read(body.as_bytes(), &cuts).unwrap();
        prop_assert_eq!(given.as_str(), "你好 🚲!");
        prop_assert_eq!(round.text(), "你好 🚲!");
        prop_assert_eq!(round.usage(), Some(Tokens { input: 9, output: 12 }));
    }
}
