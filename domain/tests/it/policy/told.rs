//! Rule R0 reads danger from things and signs near each other, in sentences that nobody listed.

use std::time::{Duration, Instant};

use domain::policy::{Policy, Rule};

use super::{read, read_by};

/// `danger` or `harmless`, the language, the sentence. Written for this test: parts, signs and ways of telling, and their neighbours.
const TOLD: &str = include_str!("told.tsv");

fn told(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = TOLD.lines().map(|line| line.split_once('\t').unwrap());
    rows.filter(move |(found, _)| *found == kind).map(|(_, rest)| rest.split_once('\t').unwrap())
}

fn evidence(policy: &Policy, text: &str) -> Option<String> {
    read_by(policy, text).into_iter().find(|signal| signal.rule == Rule::R0).map(|signal| signal.evidence)
}

#[test]
fn danger_is_read_in_sentences_that_no_list_has() {
    let missed: Vec<_> = told("danger").filter(|(_, text)| !read(text).contains(&Rule::R0)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn its_harmless_neighbours_are_none() {
    let policy = Policy::default();
    let wrong: Vec<_> = told("harmless").filter_map(|(_, text)| Some((text, evidence(&policy, text)?))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_language_has_at_least_12_sentences_of_each_kind() {
    for language in ["zh", "en", "de", "fr", "es", "it"] {
        for kind in ["danger", "harmless"] {
            assert!(told(kind).filter(|(of, _)| *of == language).count() >= 12, "{kind} in {language}");
        }
    }
}

#[test]
fn the_evidence_names_the_words_that_were_found() {
    for (text, words) in [
        ("The pack is dripping", "pack … dripping"),
        ("dripping is what the Pack does", "pack … dripping"),
        ("电池鼓起来滋滋响", "电池 … 滋滋"),
    ] {
        let evidence = evidence(&Policy::default(), text).unwrap_or_default();
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

/// Debug builds are slow and machines busy: the bar is only against a time that grows with the square of the length.
#[test]
fn a_long_message_whose_signs_are_all_negated_or_of_something_else_is_read_soon() {
    let text = "battery not hot, i bent my mudguard frame. ".repeat(116);
    let taken = |_| {
        let started = Instant::now();
        assert_eq!(read(&text), []);
        started.elapsed()
    };
    let fastest = (0..5).map(taken).min().unwrap();
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}
