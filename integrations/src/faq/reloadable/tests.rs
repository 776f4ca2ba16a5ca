//! Opening, and what stays in use when a file is bad.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const ENTRY: &str = "# T\n## rain\n### zh\nQ: 下雨能骑吗\n\n能。\n### en\nQ: ride in the rain\n\nYes.\n";
const BAD: &str = "# T\n## rain\n### zh\n";

fn settings(folder: &TempDir) -> FaqSettings {
    let last_good = Some(folder.path().join("last-good.json"));
    FaqSettings { folder: folder.path().to_path_buf(), last_good, meaning: None }
}

fn with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("riding.md"), text).unwrap();
    folder
}

fn answer(faq: &Faq, question: &str) -> Option<String> {
    faq.ask_by_words(question, Language::En).hits().first().map(|hit| hit.answer.clone())
}

fn reload(faq: &Faq) -> Result<(), FaqError> {
    faq.take_into_use(&corpus::contents(faq.folder())?)
}

#[test]
fn a_folder_with_nothing_but_faults_does_not_open() {
    let error = Faq::open(settings(&with(BAD))).unwrap_err();
    assert!(error.to_string().contains("riding.md:3: no question"), "{error}");
}

#[test]
fn at_a_start_with_a_bad_file_the_last_good_entries_answer() {
    let folder = with(ENTRY);
    Faq::open(settings(&folder)).unwrap();
    fs::write(folder.path().join("riding.md"), BAD).unwrap();
    fs::write(folder.path().join("other.md"), ENTRY.replace("rain", "snow").replace("下雨", "下雪")).unwrap();
    let faq = Faq::open(settings(&folder)).unwrap();
    assert_eq!(answer(&faq, "ride in the rain").as_deref(), Some("Yes."));
    let health = faq.health();
    assert!(health.faults[0].contains("riding.md:3"), "{health:?}");
    assert_eq!((health.entries, health.by_language["zh"], health.by_language["de"]), (1, 1, 0));
}

#[test]
fn at_a_first_start_with_a_bad_file_the_good_ones_answer() {
    let folder = with(ENTRY);
    fs::write(folder.path().join("bad.md"), BAD).unwrap();
    for kept in [None, Some("no JSON")] {
        if let Some(text) = kept {
            fs::write(folder.path().join("last-good.json"), text).unwrap();
        }
        let faq = Faq::open(settings(&folder)).unwrap();
        assert_eq!(answer(&faq, "ride in the rain").as_deref(), Some("Yes."));
        assert_eq!(faq.health().faults.len(), 1);
    }
}

#[test]
fn a_clone_answers_from_the_reloaded_index() {
    let folder = with(ENTRY);
    let faq = Faq::open(settings(&folder)).unwrap();
    let clone = faq.clone();
    fs::write(folder.path().join("riding.md"), ENTRY.replace("Yes.", "Gently.")).unwrap();
    reload(&faq).unwrap();
    assert_eq!(answer(&clone, "ride in the rain").as_deref(), Some("Gently."));
}

#[test]
fn a_question_without_a_term_has_no_answer() {
    let faq = Faq::open(settings(&with(ENTRY))).unwrap();
    for question in ["", "  \n", "？！", "😀", "how do I"] {
        assert_eq!(faq.ask_by_words(question, Language::En), Found::Nothing, "{question:?}");
    }
}

#[test]
fn suggestions_are_answered_surely() {
    let faq = Faq::open(settings(&with(ENTRY))).unwrap();
    assert_eq!(faq.suggestions(Language::Zh), ["下雨能骑吗"]);
    assert!(faq.suggestions(Language::De).is_empty());
    assert!(matches!(faq.ask_by_words("下雨能骑吗", Language::Zh), Found::Sure(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_question_gets_a_confidence_between_0_and_1(questions in proptest::collection::vec("(rain|下雨|骑|ride| |\\PC){0,12}", 20)) {
        let faq = Faq::open(settings(&with(ENTRY))).unwrap();
        for question in questions {
            for hit in faq.ask_by_words(&question, Language::Zh).hits() {
                prop_assert!((0.0..=1.0).contains(&hit.confidence), "{question:?}: {hit:?}");
            }
        }
    }
}
