//! Values computed by hand, and the formula read off the page, term by term, beside the index.

use proptest::prelude::*;

use super::*;

fn terms(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn documents(texts: &[&str]) -> Vec<Vec<String>> {
    texts.iter().map(|text| terms(text)).collect()
}

fn scores(texts: &[&str], query: &str) -> Vec<f32> {
    Bm25::new(&documents(texts)).scores(query.split_whitespace())
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    let close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5);
    assert!(close && found.len() == expected.len(), "{found:?} instead of {expected:?}");
}

/// Average length 2. idf(rain) = ln(1 + 1.5/2.5) = 0.470004; idf(coat) = ln(1 + 2.5/1.5) = 0.980829.
/// The first document is of average length: 0.470004 · 2.2/2.2. The second has norm 1.2 · (0.25 + 0.75 · 2) = 2.1:
/// rain three times gives 0.470004 · 6.6/5.1 = 0.608240, coat once gives 0.980829 · 2.2/3.1 = 0.696073.
#[test]
fn scores_match_values_computed_by_hand() {
    let texts = ["rain ride", "rain rain rain coat", ""];
    assert_close(&scores(&texts, "rain"), &[0.470_004, 0.608_240, 0.0]);
    assert_close(&scores(&texts, "coat"), &[0.0, 0.696_073, 0.0]);
    assert_close(&scores(&texts, "coat rain"), &[0.470_004, 1.304_313, 0.0]);
}

#[test]
fn a_rarer_term_scores_higher() {
    let found = scores(&["bike", "bike", "fork"], "bike fork");
    assert!(found[2] > found[0], "{found:?}");
}

#[test]
fn a_shorter_document_scores_higher() {
    let found = scores(&["rain", "rain and much else"], "rain");
    assert!(found[0] > found[1], "{found:?}");
}

#[test]
fn each_repetition_of_a_term_adds_less_than_the_one_before() {
    let found = scores(&["a b c d", "a a c d", "a a a d"], "a");
    assert!(found[0] < found[1] && found[1] < found[2], "{found:?}");
    assert!(found[1] - found[0] > found[2] - found[1], "{found:?}");
}

#[test]
fn without_documents_or_terms_there_is_nothing_to_score() {
    assert!(scores(&[], "rain").is_empty());
    assert_close(&scores(&["", ""], "rain"), &[0.0, 0.0]);
    assert_close(&scores(&["rain"], ""), &[0.0]);
}

/// The formula as the module's text has it, in double precision, without an index.
fn by_definition(documents: &[Vec<String>], number: usize, query: &[String]) -> f64 {
    let count = |of: &[String], term: &String| of.iter().filter(|one| *one == term).count() as f64;
    let all = documents.len() as f64;
    let average = documents.iter().map(|terms| terms.len() as f64).sum::<f64>() / all;
    let document = &documents[number];
    let term_score = |term: &String| {
        let frequency = count(document, term);
        let with_term = documents.iter().filter(|terms| terms.contains(term)).count() as f64;
        let idf = (1.0 + (all - with_term + 0.5) / (with_term + 0.5)).ln();
        let norm = 1.2 * (1.0 - 0.75 + 0.75 * document.len() as f64 / average);
        if frequency == 0.0 { 0.0 } else { idf * frequency * 2.2 / (frequency + norm) }
    };
    query.iter().map(term_score).sum()
}

proptest! {
    #[test]
    fn every_score_is_the_definition_and_positive_exactly_with_a_shared_term(
        texts in proptest::collection::vec("([a-e电池] ){0,12}", 1..12),
        query in "([a-g池] ){0,6}",
    ) {
        let documents: Vec<Vec<String>> = texts.iter().map(|text| terms(text)).collect();
        let query = terms(&query);
        let scores = Bm25::new(&documents).scores(query.iter().map(String::as_str));
        for (number, score) in scores.iter().enumerate() {
            let expected = by_definition(&documents, number, &query);
            prop_assert!((f64::from(*score) - expected).abs() < 1e-4, "{}: {} instead of {}", number, score, expected);
            let shares_a_term = query.iter().any(|term| documents[number].contains(term));
            prop_assert_eq!(*score > 0.0, shares_a_term);
        }
    }
}
