//! The judging itself, and what the program's own entries reach on a table that calibrates them.

use std::path::Path;

use super::*;
use crate::faq::{FaqSettings, Found};

fn shop() -> Faq {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faq");
    Faq::open(FaqSettings { folder, ..FaqSettings::default() }).unwrap_or_else(|error| panic!("{error}"))
}

fn asked(question: &str, keys: &[&str]) -> Asked {
    let language = domain::Language::decide(question, None, None);
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Asked { id: "q".to_owned(), language, kind: "plain".to_owned(), question: question.to_owned(), keys }
}

#[tokio::test]
async fn a_verdict_depends_on_the_thresholds() {
    let (faq, near) = (shop(), "How many hours does it take to charge the battery zzz");
    let index = faq.index();
    let entry = index.entries().iter().find(|entry| entry.key == "charging-time").unwrap();
    let exact = entry.questions().next().unwrap();
    let right = faq.ranked(asked(near, &[&entry.key]), false).await.unwrap();
    let wrong = faq.ranked(asked(near, &["another"]), false).await.unwrap();
    let (all, choices, none) = (
        Thresholds { sure: 0.0, offer: 0.0 },
        Thresholds { sure: 2.0, offer: 0.0 },
        Thresholds { sure: 2.0, offer: 2.0 },
    );
    assert_eq!(
        [all, choices, none].map(|one| right.verdict(one)),
        [Verdict::Right, Verdict::Offered, Verdict::DoesNotKnow]
    );
    assert_eq!(
        [all, choices, none].map(|one| wrong.verdict(one)),
        [Verdict::Wrong, Verdict::OfferedAmiss, Verdict::DoesNotKnow]
    );
    let exact = faq.ranked(asked(exact, &[&entry.key]), false).await.unwrap();
    assert_eq!(exact.verdict(none), Verdict::Right);
    assert!(report(&[right, wrong, exact], choices).contains("all"));
}

/// The table that the thresholds were chosen by: it tells when a change of entries, words or formula makes them unfit.
#[tokio::test]
async fn the_table_of_the_calibration_is_answered_as_well_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("evaluation/calibration.tsv");
    let asked = read(&std::fs::read_to_string(path).unwrap()).unwrap();
    let ranked = rank_all(&shop(), asked, false).await.unwrap();
    let counts = |answerable: bool| {
        Counts::of(ranked.iter().filter(|one| one.asked.keys.is_empty() != answerable), Thresholds::WORDS)
    };
    let (answerable, others, told) = (counts(true), counts(false), report(&ranked, Thresholds::WORDS));
    assert!(answerable.all() >= 140 && answerable.share(&[Verdict::Right, Verdict::Offered]) >= 0.82, "{told}");
    assert!(answerable.share(&[Verdict::Wrong]) <= 0.03, "{told}");
    assert!(others.all() >= 25 && others.share(&[Verdict::Wrong]) <= 0.05, "{told}");
}

#[tokio::test]
async fn the_best_thresholds_keep_their_bounds() {
    let faq = shop();
    let question =
        |text: &str| faq.index().entries()[0].questions().next().map(|first| format!("{first} {text}")).unwrap();
    let key = faq.index().entries()[0].key.clone();
    let right = faq.ranked(asked(&question("zzz"), &[&key]), false).await.unwrap();
    let unanswerable = faq.ranked(asked(&question("zzz"), &[]), false).await.unwrap();
    let suited = calibrate(&[right, unanswerable]).unwrap().thresholds;
    let again = faq.ranked(asked(&question("zzz"), &[]), false).await.unwrap();
    assert_ne!(again.verdict(suited), Verdict::Wrong, "{suited:?}");
}

#[test]
fn every_question_of_the_folder_is_answered_by_its_own_entry() {
    let (faq, index) = (shop(), shop().index());
    for entry in index.entries() {
        for (language, question) in entry.articles.iter().flat_map(|a| a.questions.iter().map(|q| (a.language, q))) {
            let found = faq.ask_by_words(question, language);
            let Found::Sure(hit) = found else { panic!("{question}: {found:?}") };
            assert_eq!((&hit.key, hit.confidence), (&entry.key, 1.0), "{question}");
        }
    }
}
