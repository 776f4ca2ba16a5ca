//! Rule R0 reads danger from things and signs near each other, in sentences that nobody listed.

mod dangers;
mod harmless;

use std::time::Instant;

use domain::policy::{Policy, Rule};

use super::{read, read_by};

fn evidence(text: &str) -> Option<String> {
    read_by(&Policy::default(), text).into_iter().find(|signal| signal.rule == Rule::R0).map(|signal| signal.evidence)
}

#[test]
fn danger_is_read_in_sentences_that_no_list_has() {
    let all = dangers::DANGERS.iter().flat_map(|(_, texts)| *texts);
    let missed: Vec<&&str> = all.filter(|text| !read(text).contains(&Rule::R0)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn its_harmless_neighbours_are_none() {
    let all = harmless::HARMLESS.iter().flat_map(|(_, texts)| *texts);
    let wrong: Vec<&&str> = all.filter(|text| read(text).contains(&Rule::R0)).collect();
    let wrong: Vec<_> = wrong.into_iter().map(|text| (text, evidence(text))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_language_has_at_least_25_sentences() {
    for ((language, dangers), (other, harmless)) in dangers::DANGERS.iter().zip(harmless::HARMLESS) {
        assert_eq!(language, other);
        assert!(dangers.len() + harmless.len() >= 25, "{language}");
    }
}

#[test]
fn the_evidence_names_the_words_that_were_found() {
    for (text, words) in [
        ("The pack is dripping", "pack … dripping"),
        ("dripping is what the Pack does", "pack … dripping"),
        ("电池鼓起来滋滋响", "电池 … 滋滋"),
    ] {
        let evidence = evidence(text).unwrap_or_default();
        assert!(evidence.starts_with("命中关键词: ") && evidence.contains(words), "{text}: {evidence}");
    }
}

#[test]
fn a_sign_counts_near_its_thing_unless_it_is_negated_or_of_something_else() {
    let words = |count: usize| "so and ".repeat(count / 2);
    for (text, is_danger) in [
        ("the frame is bent".to_owned(), true),
        (format!("the frame, {} is bent", words(14)), true),
        (format!("the frame, {} is bent", words(22)), false),
        (format!("the frame. {} is bent", words(8)), true),
        (format!("the frame. {} is bent", words(14)), false),
        ("the frame is not bent".to_owned(), false),
        ("the frame is not only bent".to_owned(), true),
        ("I do not know, the frame is bent".to_owned(), true),
        ("the frame is fine, the mudguard is bent".to_owned(), false),
        ("the mudguard is fine, the frame is bent".to_owned(), true),
        (format!("车架{}弯了", "的".repeat(18)), true),
        (format!("车架{}弯了", "的".repeat(32)), false),
        ("车架没有弯了".to_owned(), false),
    ] {
        assert_eq!(read(&text).contains(&Rule::R0), is_danger, "{text}");
    }
}

#[test]
fn a_message_of_nothing_but_things_and_signs_is_read_in_time_that_depends_on_its_length_alone() {
    let taken = |text: &str| {
        let started = Instant::now();
        let _found = read(text);
        started.elapsed()
    };
    let text = "battery not hot, i bent my mudguard frame. ".repeat(110);
    let _warm = taken(&text);
    let (once, twice) = (taken(&text), taken(&text.repeat(4)));
    assert!(twice < once * 40, "{once:?} {twice:?}");
}
