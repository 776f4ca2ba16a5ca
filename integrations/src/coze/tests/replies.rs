//! The reply in the making: whatever the order, what is handed out is the answers with a blank line between them.

use proptest::prelude::*;

use crate::coze::reply::{Reply, Spoiled};

fn part(reply: &mut Reply, id: &str, text: &str) -> String {
    reply.part(id, text).expect("it is short")
}

fn whole(reply: &mut Reply, id: &str, text: &str) -> String {
    reply.whole(id, text).expect("it fits")
}

#[test]
fn a_whole_message_adds_only_what_its_parts_did_not_say() {
    let mut reply = Reply::default();
    assert_eq!(
        [part(&mut reply, "1", "a"), part(&mut reply, "1", "b"), whole(&mut reply, "1", "abc")],
        ["a", "b", "c"]
    );
    assert_eq!([whole(&mut reply, "1", "abc"), part(&mut reply, "1", "x"), reply.rest()], ["", "", ""]);
}

#[test]
fn the_last_whole_message_counts_while_nothing_of_it_is_shown() {
    let mut reply = Reply::default();
    assert_eq!(part(&mut reply, "1", "first"), "first");
    assert_eq!(
        [part(&mut reply, "2", "secnd"), whole(&mut reply, "2", "secand"), whole(&mut reply, "2", "second")],
        ["", "", ""]
    );
    assert_eq!(whole(&mut reply, "1", "first"), "\n\nsecond");
}

#[test]
fn a_difference_in_white_space_at_the_end_is_none() {
    let mut reply = Reply::default();
    assert_eq!([part(&mut reply, "1", "text \n"), whole(&mut reply, "1", "text"), reply.rest()], ["text \n", "", ""]);
}

#[test]
fn a_whole_message_that_takes_something_back_spoils_the_reply() {
    for wrong in ["", "b", "tex", "Text"] {
        let mut reply = Reply::default();
        assert_eq!(part(&mut reply, "1", "text"), "text");
        assert_eq!(reply.whole("1", wrong), Err(Spoiled::Differs), "{wrong:?}");
    }
}

#[test]
fn an_answer_that_was_passed_cannot_grow() {
    let mut reply = Reply::default();
    assert_eq!([whole(&mut reply, "1", "one"), part(&mut reply, "2", "two")], ["one", "\n\ntwo"]);
    assert_eq!(reply.whole("1", "one and more"), Err(Spoiled::Differs));
}

#[test]
fn answers_that_say_nothing_leave_no_blank_line() {
    let mut reply = Reply::default();
    assert_eq!(
        [
            whole(&mut reply, "1", ""),
            whole(&mut reply, "2", "a"),
            whole(&mut reply, "3", ""),
            whole(&mut reply, "4", "b")
        ],
        ["", "a", "", "\n\nb"]
    );
}

#[test]
fn what_is_held_is_bounded() {
    let mut reply = Reply::default();
    let megabyte = "x".repeat(1 << 20);
    assert_eq!((0..9).find_map(|_| reply.part("1", &megabyte).err()), Some(Spoiled::TooLong));
    let mut reply = Reply::default();
    assert_eq!((0..100_000).find_map(|number| reply.part(&number.to_string(), "").err()), Some(Spoiled::TooLong));
}

proptest! {
    /// Answers cut into parts, whose parts and wholes come in any order that keeps each answer's own.
    #[test]
    fn what_is_handed_out_is_the_answers_in_order(
        answers in prop::collection::vec((prop::collection::vec("[a-c \n]{0,3}", 1..4), any::<bool>()), 1..4),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut left: Vec<(usize, Vec<Option<String>>)> = Vec::new();
        for (number, (parts, has_whole)) in answers.iter().enumerate() {
            let parts = parts.iter().cloned().map(Some).chain(has_whole.then_some(None));
            left.push((number, parts.rev().collect()));
        }
        let (mut reply, mut shown, mut order) = (Reply::default(), String::new(), Vec::new());
        let mut turns = turns.iter();
        while !left.is_empty() {
            let at = turns.next().map_or(0, |turn| turn.index(left.len()));
            let (number, parts) = &mut left[at];
            if !order.contains(number) {
                order.push(*number);
            }
            let id = number.to_string();
            shown += &match parts.pop().expect("there is one") {
                Some(text) => part(&mut reply, &id, &text),
                None => whole(&mut reply, &id, &answers[*number].0.concat()),
            };
            if parts.is_empty() {
                left.remove(at);
            }
        }
        shown += &reply.rest();
        let texts: Vec<String> = order.iter().map(|number| answers[*number].0.concat()).filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(shown, texts.join("\n\n"));
    }
}
