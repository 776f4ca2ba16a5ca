//! The fixed evaluation set: customers' wordings, the entry each must hit, and what must stay unanswered.
//!
//! The lines are fixed so that the effect of a change to the folder, the words or the formula is seen at once. A line that
//! turns out unfair may be replaced, with the reason; the bars are not lowered.

mod en;
mod zh;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::corpus::LANGUAGES;
use super::{Faq, Hit, THRESHOLD};
use domain::Language;

/// The share of the shop's questions in one language that must hit the right entry, surely enough to be answered.
const LEAST_ACCURACY: f64 = 0.9;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faq")
}

fn shop() -> Faq {
    Faq::open(folder()).unwrap_or_else(|error| panic!("{error}"))
}

fn is_right(hit: Option<&Hit>, key: &str) -> bool {
    hit.is_some_and(|hit| hit.key == key && hit.is_sure())
}

/// Asks every question; returns the share that was answered correctly, and a line for each that was not.
fn accuracy(questions: &[(&str, &str)]) -> (f64, String) {
    let faq = shop();
    let (mut right, mut misses) = (0_u32, String::new());
    for (question, key) in questions {
        let hit = faq.ask(question);
        if is_right(hit.as_ref(), key) {
            right += 1;
        } else {
            let found = hit.map(|hit| (hit.key, hit.confidence));
            let _ = writeln!(misses, "{question:?}: {found:?} instead of {key}");
        }
    }
    let asked = u32::try_from(questions.len()).unwrap_or(u32::MAX);
    (f64::from(right) / f64::from(asked), misses)
}

#[allow(clippy::print_stdout)] // The figure and the misses are what one runs this for, with --nocapture.
fn assert_accuracy(questions: &[(&str, &str)]) {
    let (accuracy, misses) = accuracy(questions);
    println!("{accuracy:.3} of {}\n{misses}", questions.len());
    assert!(questions.len() >= 40 && accuracy >= LEAST_ACCURACY, "only {accuracy:.3}:\n{misses}");
}

#[test]
fn chinese_customers_get_the_right_answer() {
    assert_accuracy(zh::QUESTIONS);
}

#[test]
fn english_customers_get_the_right_answer() {
    assert_accuracy(en::QUESTIONS);
}

#[test]
#[allow(clippy::print_stdout)] // As above: how near the highest came.
fn questions_outside_the_shop_stay_unanswered() {
    let faq = shop();
    let mut highest: Option<Hit> = None;
    for question in zh::FOREIGN.iter().chain(en::FOREIGN) {
        let hit = faq.ask(question);
        assert!(!hit.as_ref().is_some_and(Hit::is_sure), "{question}: {hit:?}");
        highest = highest.into_iter().chain(hit).max_by(|a, b| a.confidence.total_cmp(&b.confidence));
    }
    println!("highest: {:?} of {THRESHOLD}", highest.map(|hit| (hit.key, hit.confidence)));
}

#[test]
fn every_question_of_the_folder_is_answered_by_its_own_entry() {
    let faq = shop();
    let mut misses = String::new();
    for entry in super::corpus::load(&folder()).unwrap_or_default() {
        for question in entry.zh.questions.iter().chain(&entry.en.questions) {
            let hit = faq.ask(question);
            if !is_right(hit.as_ref(), &entry.key) {
                let _ =
                    writeln!(misses, "{question:?} of {}: {:?}", entry.key, hit.map(|hit| (hit.key, hit.confidence)));
            }
        }
    }
    assert!(misses.is_empty(), "{misses}");
}

#[test]
fn the_folder_has_sixty_entries_with_several_wordings() {
    let entries = super::corpus::load(&folder()).unwrap_or_default();
    assert!(entries.len() >= 60, "only {}", entries.len());
    for entry in entries {
        for language in LANGUAGES {
            let wordings = entry.article(language).questions.len();
            assert!((2..=4).contains(&wordings), "{} has {wordings} in {language}", entry.key);
        }
    }
}

#[test]
fn no_evaluation_line_is_copied_into_the_folder() {
    let entries = super::corpus::load(&folder()).unwrap_or_default();
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    for (question, _) in zh::QUESTIONS.iter().chain(en::QUESTIONS) {
        for entry in &entries {
            let copied =
                LANGUAGES.iter().flat_map(|l| &entry.article(*l).questions).any(|q| plain(q) == plain(question));
            assert!(!copied, "{question}");
        }
    }
}

#[test]
fn the_answer_is_in_the_language_of_the_question() {
    let faq = shop();
    for (question, language) in [("电池battery多久充满", Language::Zh), ("battery charging time", Language::En)] {
        let hit = faq.ask(question);
        assert!(hit.is_some_and(|hit| hit.key == "charging-time" && hit.language == language), "{question}");
    }
}
