//! Cuts text into terms, the same for the folder and for what a customer types.
//!
//! Runs of Han characters go through jieba in its search mode (long words also give their parts); everything else is
//! cut at non-letters, lower-cased and stemmed; so "电池battery多久充满" gives terms of both kinds.
//!
//! *Invariant:* text becomes terms here only, so the index and the confidence cannot disagree about a word.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::words;
use domain::language::is_han;

/// jieba's dictionary with the trade's words added; loaded once per process, at the first use.
static JIEBA: LazyLock<Jieba> = LazyLock::new(|| {
    let mut jieba = Jieba::new();
    for word in words::trade() {
        jieba.add_word(word, None, None);
    }
    jieba
});

/// The terms of a text in reading order, without stop words.
pub(super) fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let text = plain(text);
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let run = run_like(first, rest);
        match kind(first) {
            Kind::Han => {
                terms.extend(JIEBA.cut_for_search(run, true).iter().filter_map(|token| words::han(token.word)))
            }
            Kind::Letter => terms.extend(words::latin(run)),
            Kind::Gap => {}
        }
        rest = rest.get(run.len()..).unwrap_or_default();
    }
    terms
}

/// A text's letters and digits alone, in lower case: the same for any spacing, capitals and punctuation.
pub(super) fn wording(text: &str) -> String {
    plain(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

fn plain(text: &str) -> String {
    text.chars().map(half_width).flat_map(char::to_lowercase).collect()
}

#[derive(PartialEq, Eq)]
enum Kind {
    Han,
    Letter,
    Gap,
}

/// The longest beginning of `text` whose characters are of the kind of `first`.
fn run_like(first: char, text: &str) -> &str {
    let end = text.find(|character| kind(character) != kind(first));
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

fn kind(character: char) -> Kind {
    if is_han(character) {
        Kind::Han
    } else if character.is_alphanumeric() || character == '\'' {
        Kind::Letter
    } else {
        Kind::Gap
    }
}

/// Chinese keyboards give ＡＢＣ１２３ and phones give ’ where ABC123 and ' are meant.
fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '’' | '‘' => '\'',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mixed_text_gives_terms_of_both_scripts() {
        let terms = terms("电池battery多久充满");
        for wanted in ["电池", "battery", "多久", "充满"] {
            assert!(terms.iter().any(|term| term == wanted), "{wanted} is not in {terms:?}");
        }
    }

    #[test]
    fn inflected_english_words_share_a_term() {
        assert_eq!(terms("Brakes braked braking"), terms("brake brake brake"));
        assert_eq!(terms("BATTERIES"), terms("battery"));
    }

    #[test]
    fn full_width_letters_are_letters() {
        assert_eq!(terms("ＡＰＰ"), terms("app"));
    }

    #[test]
    fn stop_words_are_left_out() {
        assert!(terms("请问我的可以吗？ how do I").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_gives_terms_without_panic(text in any::<String>()) {
            prop_assert!(terms(&text).iter().all(|term| !term.is_empty()));
        }
    }
}
