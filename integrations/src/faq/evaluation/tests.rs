//! The judging itself, and what the program's own entries reach on a table that calibrates them.

#![allow(clippy::unwrap_used)]

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
    let faq = shop();
    let index = faq.index();
    let entry = &index.entries()[0];
    let exact = entry.questions().next().unwrap();
    let near = format!("{exact} {exact} zzz");
    let right = faq.ranked(asked(&near, &[&entry.key]), false).await.unwrap();
    let wrong = faq.ranked(asked(&near, &["another"]), false).await.unwrap();
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
