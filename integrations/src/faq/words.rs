//! Stop words, the names of things in six languages, and stems.
//!
//! The tables are text files beside this one. A name stands for a *concept*, the first English word of its line, so that
//! `电瓶`, `batterie` and `Akku` are one term, and a question finds entries in other languages than its own. What is special to
//! one topic belongs into that topic's `Synonyms:` line instead.
//!
//! *Invariant:* a concept is never itself replaced, so one look-up is enough.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use domain::{Language, fold::fold, language::is_han};
use snowball_stemmers_rs::{Algorithm, Stemmer};

/// What is known of one language's words.
struct Table {
    stop: HashSet<String>,
    /// From a name, and from its stem, to the concept.
    concepts: HashMap<String, &'static str>,
}

static TABLES: LazyLock<[Table; 6]> = LazyLock::new(|| {
    let mut tables = Language::ALL.map(|language| Table { stop: stop(language), concepts: HashMap::new() });
    for line in lines(include_str!("words/concepts.txt")) {
        add_concept(&mut tables, line);
    }
    tables
});

static GREETINGS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("words/greetings.txt")).collect());

static OTHERS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("words/others.txt")).collect());

fn add_concept(tables: &mut [Table; 6], line: &'static str) {
    let Some(concept) = line.split('|').nth(1).and_then(|english| english.split_whitespace().next()) else { return };
    for (language, names) in Language::ALL.into_iter().zip(line.split('|')) {
        let Some(table) = tables.get_mut(place(language)) else { continue };
        for name in names.split_whitespace().map(fold) {
            let stem = stem(language, &name).into_owned();
            table.concepts.entry(stem).or_insert(concept);
            table.concepts.insert(name, concept);
        }
    }
}

fn stop(language: Language) -> HashSet<String> {
    let list = match language {
        Language::Zh => include_str!("words/stop-zh.txt"),
        Language::En => include_str!("words/stop-en.txt"),
        Language::De => include_str!("words/stop-de.txt"),
        Language::Fr => include_str!("words/stop-fr.txt"),
        Language::Es => include_str!("words/stop-es.txt"),
        Language::It => include_str!("words/stop-it.txt"),
    };
    words(list).map(fold).collect()
}

/// Han words of the bicycle trade that jieba's dictionary lacks or cuts apart, names of concepts among them.
pub(super) fn trade() -> impl Iterator<Item = &'static str> {
    let names = lines(include_str!("words/concepts.txt")).filter_map(|line| line.split('|').next());
    words(include_str!("words/trade.txt"))
        .chain(words(include_str!("words/others.txt")).filter(|word| word.chars().any(is_han)))
        .chain(names.flat_map(str::split_whitespace))
}

/// The term of a folded Han word; `None` for a stop word.
pub(super) fn han(word: &str) -> Option<Cow<'_, str>> {
    let table = table(Language::Zh)?;
    (!table.stop.contains(word))
        .then(|| table.concepts.get(word).map_or(Cow::Borrowed(word), |concept| (*concept).into()))
}

/// The term of a folded word of other letters in a text of this language; `None` for a stop word.
pub(super) fn latin(language: Language, word: &str) -> Option<Cow<'_, str>> {
    let language = of_letters(language);
    let table = table(language)?;
    if table.stop.contains(word) {
        return None;
    }
    if let Some(concept) = table.concepts.get(word) {
        return Some((*concept).into());
    }
    let stem = stem(language, word);
    if table.stop.contains(stem.as_ref()) {
        return None;
    }
    Some(table.concepts.get(stem.as_ref()).map_or(stem, |concept| (*concept).into()))
}

/// Whether a term is a greeting, thanks or a good-bye.
pub(super) fn is_greeting(term: &str) -> bool {
    GREETINGS.contains(term)
}

/// Whether a term, or the word that it was, is another maker's name.
pub(super) fn is_of_others(word: &str) -> bool {
    OTHERS.contains(word)
}

/// The stem of a folded word.
pub(super) fn stem(language: Language, word: &str) -> Cow<'_, str> {
    let algorithm = match language {
        Language::Zh | Language::En => Algorithm::English,
        Language::De => Algorithm::German,
        Language::Fr => Algorithm::French,
        Language::Es => Algorithm::Spanish,
        Language::It => Algorithm::Italian,
    };
    if word.len() < 4 || word.chars().any(|c| is_han(c) || c.is_ascii_digit()) {
        return Cow::Borrowed(word);
    }
    Stemmer::create(algorithm).stem(word)
}

/// Letters in a Chinese text are mostly English words.
pub(super) fn of_letters(language: Language) -> Language {
    if language == Language::Zh { Language::En } else { language }
}

fn table(language: Language) -> Option<&'static Table> {
    TABLES.get(place(language))
}

fn place(language: Language) -> usize {
    Language::ALL.iter().position(|one| *one == language).unwrap_or_default()
}

fn words(table: &'static str) -> impl Iterator<Item = &'static str> {
    lines(table).flat_map(str::split_whitespace)
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_concepts_has_six_columns_and_no_name_twice() {
        let mut seen = HashSet::new();
        for line in lines(include_str!("words/concepts.txt")) {
            let columns: Vec<&str> = line.split('|').collect();
            assert_eq!(columns.len(), 6, "{line}");
            for (language, names) in Language::ALL.into_iter().zip(columns) {
                for name in names.split_whitespace().map(fold) {
                    assert!(seen.insert((language, name.clone())), "{language} {name} is there twice");
                }
            }
        }
    }

    #[test]
    fn one_thing_is_one_term_in_all_languages() {
        let terms = [
            han("电瓶"),
            latin(Language::En, "batteries"),
            latin(Language::De, "akkus"),
            latin(Language::Fr, "batterie"),
            latin(Language::Es, "baterias"),
            latin(Language::It, "batteria"),
            latin(Language::Zh, "battery"),
        ];
        assert!(terms.iter().all(|term| term.as_deref() == Some("battery")), "{terms:?}");
    }

    #[test]
    fn inflections_of_a_word_have_one_term() {
        for words in [["shake", "shakes", "shaking"], ["scratch", "scratches", "scratched"]] {
            let terms = words.map(|word| latin(Language::En, word));
            assert!(terms.iter().all(|term| *term == terms[0]), "{terms:?}");
        }
    }
}
