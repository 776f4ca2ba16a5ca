//! Tags: what is taken for one, and how a session gets and loses them.

use domain::{
    session::{Rejection, decide::MAX_TAGS},
    text::Tag,
};
use proptest::prelude::*;

use super::{arbitrary::words, dsl::given, samples::*, situations::*};

#[test]
fn tags_are_added_and_removed_in_every_phase() {
    for (_, history) in every_phase() {
        given(history.clone())
            .when(change_tags(&["Refund", "battery"], &[]))
            .then([tags_changed(&["battery", "refund"], &[])]);
        let history = and(history, [tags_changed(&["battery", "refund"], &[])]);
        given(history).when(change_tags(&["vip"], &["refund"])).then([tags_changed(&["vip"], &["refund"])]);
    }
    given([]).when(change_tags(&["vip"], &[])).then_rejected(Rejection::NoSession);
}

#[test]
fn what_is_there_is_not_added_and_what_is_not_there_is_not_removed() {
    let history = and(pending(), [tags_changed(&["refund"], &[])]);
    given(history.clone()).when(change_tags(&[" REFUND "], &["vip"])).then_nothing();
    given(history.clone()).when(change_tags(&["vip", "vip", "refund"], &[])).then([tags_changed(&["vip"], &[])]);
    given(history.clone()).when(change_tags(&["refund"], &["refund"])).then([tags_changed(&[], &["refund"])]);
    given(history).when(change_tags(&["new"], &["new"])).then_nothing();
}

#[test]
fn a_session_has_at_most_twenty_tags() {
    let names: Vec<String> = (0..=MAX_TAGS).map(|n| format!("tag {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (full, one_more) = (&names[..MAX_TAGS], &names[MAX_TAGS..]);
    given(pending()).when(change_tags(&names, &[])).then_rejected(Rejection::TooManyTags);
    let history = and(pending(), [tags_changed(full, &[])]);
    given(history.clone()).when(change_tags(one_more, &[])).then_rejected(Rejection::TooManyTags);
    given(history.clone()).when(change_tags(full, &[])).then_nothing();
    given(history).when(change_tags(one_more, &full[..1])).then([tags_changed(one_more, &full[..1])]);
}

proptest! {
    #[test]
    fn a_tag_is_short_of_one_line_in_lower_case_and_parsed_once(text in words()) {
        let Ok(tag) = Tag::parse(&text) else { return Ok(()) };
        let said = tag.as_str();
        prop_assert!((1..=40).contains(&said.chars().count()) && said.trim() == said);
        prop_assert!(!said.chars().any(char::is_control));
        prop_assert_eq!(said, said.to_lowercase());
        prop_assert_eq!(Tag::parse(said), Ok(tag.clone()));
        prop_assert_eq!(Tag::parse(&format!("  {text}\t")), Ok(tag));
    }

    #[test]
    fn a_tag_of_forty_characters_is_taken_and_one_more_is_not(letter in "[a-z电]", more in 1..9_usize) {
        prop_assert!(Tag::parse(&letter.repeat(40)).is_ok());
        prop_assert!(Tag::parse(&letter.repeat(40 + more)).is_err());
        for bad in ["", "  ", "a\nb", "a\0b", "a\u{202e}b"] {
            prop_assert!(Tag::parse(bad).is_err());
        }
    }
}
