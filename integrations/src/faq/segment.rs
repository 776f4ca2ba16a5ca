//! Cuts text into what entries and questions are compared by, the same for both.
//!
//! Text is folded first (`domain::fold`: width, case, accents, traditional characters). Runs of Han characters go through jieba,
//! long words also giving their parts; everything else is cut at non-letters and stemmed. Beside terms there are *pairs*: two Han
//! characters, or two words, that stand together; they know "how long" from "how much", and what a dictionary does not.
//!
//! *Invariant:* text becomes terms here only, so entries and questions cannot disagree about a word.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use domain::{Language, fold::fold, language::is_han};
use jieba_rs::Jieba;

use super::words;

/// The words of jieba's dictionary that its texts had five times at least (MIT, <https://github.com/fxsjy/jieba>), with how often:
/// all of them take 42 MB in memory, and the rare ones are names of people and places.
const DICTIONARY: &str = include_str!("words/han.txt");

/// The dictionary with the trade's words added; loaded once per process, at the first use.
static JIEBA: LazyLock<Jieba> = LazyLock::new(|| {
    let mut jieba = Jieba::with_dict(&mut DICTIONARY.as_bytes()).expect("the dictionary is right");
    for word in words::trade() {
        jieba.add_word(word, None, None);
    }
    jieba
});

/// Questions are looked at this far, in bytes; the longest message of a customer costs no more than a short one then.
const LONGEST: usize = 3_000;

/// A text as it is compared.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Segments {
    /// In reading order, without stop words.
    pub(super) terms: Vec<Term>,
    /// Hashes of what stands together.
    pub(super) pairs: Vec<u64>,
    /// Hashes of single Han characters.
    pub(super) characters: Vec<u64>,
}

/// A word as it is looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) text: String,
    /// As typed, where its letters may be read in another language too.
    pub(super) letters: Option<String>,
    /// Which word of the text it is of: a long word's parts are of the same.
    pub(super) word: u32,
    /// A part of a longer word.
    pub(super) is_part: bool,
}

impl Segments {
    /// The segments of a text in this language.
    pub(super) fn of(text: &str, language: Language) -> Self {
        let folded = fold(head(text));
        let mut segments = Self::default();
        let mut rest = folded.as_str();
        let mut before: Option<u64> = None;
        let mut word = 0;
        while let Some(first) = rest.chars().next() {
            let run = run_like(first, rest);
            match kind(first) {
                Kind::Han => {
                    segments.add_han(run, &mut word);
                    before = None;
                }
                Kind::Letter => before = segments.add_letters(run, language, &mut word, before),
                Kind::Gap if run.trim().is_empty() => {}
                Kind::Gap => before = None,
            }
            rest = rest.get(run.len()..).unwrap_or_default();
        }
        segments
    }

    fn add_han(&mut self, run: &str, word: &mut u32) {
        for cut in JIEBA.cut(run, true) {
            *word += 1;
            for part in parts(cut.word).filter(|part| JIEBA.has_word(part)) {
                self.push_han(part, *word, true);
            }
            self.push_han(cut.word, *word, false);
        }
        self.characters.extend(run.chars().map(|c| hashed(&c)));
        self.pairs.extend(run.chars().zip(run.chars().skip(1)).map(|pair| hashed(&pair)));
    }

    fn push_han(&mut self, han: &str, word: u32, is_part: bool) {
        if let Some(term) = words::han(han) {
            self.terms.push(Term { text: term.into_owned(), letters: None, word, is_part });
        }
    }

    /// Adds a word of letters, and its pair with the word before; returns what the next is paired with.
    fn add_letters(&mut self, run: &str, language: Language, word: &mut u32, before: Option<u64>) -> Option<u64> {
        let bare = run.strip_suffix("'s").unwrap_or(run);
        for part in bare.split('\'').filter(|part| !part.is_empty()) {
            *word += 1;
            if let Some(term) = words::latin(language, part) {
                let letters = Some(part.to_owned());
                self.terms.push(Term { text: term.into_owned(), letters, word: *word, is_part: false });
            }
        }
        let this = hashed(&words::stem(words::of_letters(language), bare).as_ref());
        self.pairs.extend(before.map(|before| hashed(&(before, this))));
        Some(this)
    }
}

/// A text's letters and digits alone, folded: the same for any spacing, width, capitals, accents and punctuation.
pub(super) fn wording(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

/// The sentences of a text, two at least; else none, for the text is one itself.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let ends = |c: char| matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n' | '…');
    let by_stop = head(text).split(ends).flat_map(|part| part.split(". "));
    let sentences: Vec<&str> = by_stop.map(str::trim).filter(|sentence| !sentence.is_empty()).collect();
    if sentences.len() < 2 { Vec::new() } else { sentences }
}

/// A hash that is the same in each process.
pub(super) fn hashed(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// As much of a text as is looked at.
fn head(text: &str) -> &str {
    let end = text.char_indices().map(|(start, _)| start).find(|start| *start >= LONGEST);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The two and three characters that stand together in a longer word.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = word.char_indices().map(|(start, _)| start).chain([word.len()]).collect();
    let length = starts.len() - 1;
    let spans =
        [2, 3].into_iter().flat_map(move |size| (0..length.saturating_sub(size - 1)).map(move |at| (at, at + size)));
    let inner = spans.filter(move |(from, to)| to - from < length);
    inner.filter_map(move |(from, to)| word.get(*starts.get(from)?..*starts.get(to)?))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> Vec<String> {
        Segments::of(text, Language::decide(text, None, None)).terms.into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn mixed_text_gives_terms_of_both_scripts() {
        let terms = terms("电池screenshot多久充满");
        for wanted in ["battery", "screenshot", "time", "charge"] {
            assert!(terms.iter().any(|term| term == wanted), "{wanted} is not in {terms:?}");
        }
    }

    #[test]
    fn width_case_and_traditional_characters_make_no_difference() {
        assert_eq!(terms("ＡＰＰ"), terms("app"));
        assert_eq!(terms("剎車異響"), terms("刹车异响"));
        assert_eq!(wording("Ｑ: Where’s it?"), wording("q where's IT"));
    }

    #[test]
    fn parts_of_a_long_word_are_of_the_same_word() {
        let segments = Segments::of("刹车片磨损", Language::Zh);
        let word = |text: &str| segments.terms.iter().find(|term| term.text == text).map(|term| term.word);
        assert_eq!(word("brake"), word("pad"), "{segments:?}");
        assert!(word("pad").is_some());
    }

    #[test]
    fn stop_words_are_left_out_but_stand_in_pairs() {
        let segments = Segments::of("how do I", Language::En);
        assert_eq!((segments.terms.len(), segments.pairs.len()), (0, 2));
        assert!(terms("请问我的可以吗？").is_empty());
    }

    #[test]
    fn a_text_is_cut_into_sentences() {
        assert_eq!(sentences("Hi! My bike is broken. What now?"), ["Hi", "My bike is broken", "What now"]);
        assert_eq!(sentences("你好。怎么退货？"), ["你好", "怎么退货"]);
        assert!(sentences("one only?").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_gives_terms_without_panic(text in any::<String>()) {
            for language in Language::ALL {
                prop_assert!(Segments::of(&text, language).terms.iter().all(|term| !term.text.is_empty()));
            }
            sentences(&text);
        }
    }
}
