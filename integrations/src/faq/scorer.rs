//! How strongly each entry answers a question, by words.
//!
//! For one entry, each word of the question weighs between 0 and 1 by its rarity (`vocabulary.rs`), and the entry has a share of
//! it: all of a word that its question lines use and that it repeats, less by the constants below for weaker evidence. With M the
//! weight it has, U the weight it lacks, and N the nearness of its nearest question line (`lines.rs`),
//!
//! ```text
//! coverage = M² / (M² + LACK · U)
//! strength = (1 − NEAR) · coverage + NEAR · N
//! ```
//!
//! M is squared because several known words together are strong evidence: one shop word beside one unknown word ("capital of
//! France") is a coincidence, three beside three are a long question about the shop. A text of several sentences is scored as
//! a whole and sentence by sentence, for people tell a story around their question.
//!
//! What a term adds to an entry does not depend on the question, so it is computed once, and a question only adds.
//!
//! *Invariant:* 0 ≤ strength ≤ 1; an entry without anything of a question has 0.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Language, language::is_han};

use super::corpus::{Article, Entry};
use super::lines::{Line, Lines, count};
use super::segment::{Segments, Term, sentences};
use super::vocabulary::{TermId, Vocabulary};
use super::words;

/// A word that the entry uses once may be there by chance.
const ONCE: f32 = 0.85;
/// A word that the shop gives as another name.
const SYNONYM: f32 = 0.95;
/// A word in the answer alone may be said in passing.
const IN_ANSWER: f32 = 0.4;
/// A word of an article in another language is nearly as good.
const IN_OTHER: f32 = 0.95;
/// A word that is only in answers counts as this much of an entry that asks with it.
const SEEN_IN_ANSWER: f32 = 0.4;
/// A typing error costs a tenth of its word.
const MISTYPED: f32 = 0.9;
/// Parts of a long word say less than the whole.
const PART: f32 = 0.6;
const LACK: f32 = 0.7;
const NEAR: f32 = 0.35;
/// What a sentence by itself counts.
const SENTENCE: f32 = 0.92;
/// What one loses that has hardly a word of the text ("Can you help?").
const SHORT: f32 = 0.6;
/// A word that the folder does not have, where its language hardly occurs in the folder.
const FOREIGN_LACK: f32 = 0.2;
/// Looking for typing errors costs the most, so that it ends here.
const MOST_TYPOS: usize = 12;
/// More sentences than these are a letter.
const MOST_SENTENCES: usize = 8;

/// The words of every entry.
pub(super) struct Scorer {
    vocabulary: Vocabulary,
    /// By term: the entries that have it, in ascending order.
    postings: Vec<Vec<Posting>>,
    lines: Lines,
    entries: usize,
    /// How much an unknown word weighs in each language.
    unknown: HashMap<Language, f32>,
}

struct Posting {
    entry: usize,
    language: Language,
    share: f32,
}

/// What a question is to one entry.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Score {
    pub(super) strength: f32,
    /// The words of the question that its question lines have.
    pub(super) words: u32,
}

/// A term of a question that says something.
struct Asked {
    /// `None`: no entry has it.
    term: Option<TermId>,
    weight: f32,
    certainty: f32,
    word: u32,
}

impl Scorer {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let (mut vocabulary, mut postings) = (Vocabulary::default(), Vec::<Vec<Posting>>::new());
        let mut segments = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            for article in &entry.articles {
                let terms = ArticleTerms::new(article);
                for (term, share) in terms.shares() {
                    let term = vocabulary.intern(term);
                    postings.resize_with(postings.len().max(term + 1), Vec::new);
                    let posting = Posting { entry: number, language: article.language, share };
                    postings.get_mut(term).expect("made above").push(posting);
                }
                segments.extend(terms.lines.into_iter().map(|segments| (number, segments)));
            }
        }
        let lines: Vec<Line<'_>> = segments.iter().map(|(entry, segments)| Line { entry: *entry, segments }).collect();
        let all = count(entries.len());
        let lines = Lines::new(&lines, all);
        let counts: Vec<f32> = postings.iter().map(|postings| entries_of(postings)).collect();
        vocabulary.weigh(&counts, all);
        let unknown = Language::ALL.map(|language| (language, unknown_weight(entries, language))).into();
        Self { vocabulary, postings, lines, entries: entries.len(), unknown }
    }

    /// The score of every entry.
    pub(super) fn scores(&self, text: &str, language: Language) -> Vec<Score> {
        let (mut scores, all) = self.scores_of(&Segments::of(text, language), language);
        for sentence in sentences(text).into_iter().take(MOST_SENTENCES) {
            let (of_sentence, part) = self.scores_of(&Segments::of(sentence, language), language);
            let counts = SENTENCE * (1.0 - SHORT * (1.0 - (part / all.max(part)).min(1.0)));
            for (best, score) in scores.iter_mut().zip(of_sentence) {
                best.words = best.words.max(score.words);
                best.strength = best.strength.max(counts * score.strength);
            }
        }
        scores
    }

    /// The scores of one text, and what its words weigh together.
    fn scores_of(&self, segments: &Segments, language: Language) -> (Vec<Score>, f32) {
        let asked = self.asked(segments, language);
        let all: f32 = asked.iter().map(|asked| asked.weight).sum();
        let mut had = vec![(0.0_f32, Counter::default()); self.entries];
        for asked in &asked {
            self.add(asked, language, &mut had);
        }
        let near = self.lines.nearest(segments, self.entries);
        let score = |((has, counter), near): ((f32, Counter), f32)| {
            let lacks = (all - has).max(0.0);
            let coverage = if has > 0.0 { has * has / (has * has + LACK * lacks) } else { 0.0 };
            Score { strength: (1.0 - NEAR) * coverage + NEAR * near, words: counter.words }
        };
        (had.into_iter().zip(near).map(score).collect(), all)
    }

    /// Adds what each entry has of a term: the most of its languages.
    fn add(&self, asked: &Asked, language: Language, had: &mut [(f32, Counter)]) {
        let postings = asked.term.and_then(|term| self.postings.get(term)).map_or(&[][..], Vec::as_slice);
        for of_entry in postings.chunk_by(|left, right| left.entry == right.entry) {
            let in_language = |posting: &Posting| {
                if posting.language == language { posting.share } else { posting.share * IN_OTHER }
            };
            let share = of_entry.iter().map(in_language).fold(0.0, f32::max);
            let Some((has, counter)) = of_entry.first().and_then(|posting| had.get_mut(posting.entry)) else {
                continue;
            };
            *has += asked.weight * asked.certainty * share;
            if share > IN_ANSWER {
                counter.count(asked.word);
            }
        }
    }

    /// The terms of a question with their weights, each once.
    fn asked(&self, segments: &Segments, language: Language) -> Vec<Asked> {
        let mut asked: Vec<Asked> = Vec::new();
        let mut typos = MOST_TYPOS;
        let only_greets = segments.terms.iter().all(|term| words::is_greeting(&term.text));
        for term in segments.terms.iter().filter(|term| only_greets || !words::is_greeting(&term.text)) {
            let found = self.known(term, language).or_else(|| self.mistyped(term, &mut typos));
            let found = found.or_else(|| self.unknown(term, segments, language));
            if let Some(found) = found
                && !asked.iter().any(|before| before.term.is_some() && before.term == found.term)
            {
                asked.push(found);
            }
        }
        asked
    }

    /// By the question's language, else as an English word.
    fn known(&self, term: &Term, language: Language) -> Option<Asked> {
        let in_english = || {
            let letters = term.letters.as_ref().filter(|_| language != Language::En)?;
            self.vocabulary.find(&words::latin(Language::En, letters)?)
        };
        let id = self.vocabulary.find(&term.text).or_else(in_english)?;
        let weight = self.vocabulary.weight(id) * if term.is_part { PART } else { 1.0 };
        Some(Asked { term: Some(id), weight, certainty: 1.0, word: term.word })
    }

    fn mistyped(&self, term: &Term, left: &mut usize) -> Option<Asked> {
        *left = left.checked_sub(usize::from(term.letters.is_some()))?;
        term.letters.as_ref()?;
        let id = self.vocabulary.meant_by(&term.text)?;
        Some(Asked { term: Some(id), weight: self.vocabulary.weight(id), certainty: MISTYPED, word: term.word })
    }

    /// Order numbers, model names and sizes say nothing unless the folder has them; a long word's parts are enough.
    fn unknown(&self, term: &Term, segments: &Segments, language: Language) -> Option<Asked> {
        let is_number = term.text.chars().any(|character| character.is_ascii_digit());
        let has_parts =
            term.text.chars().all(is_han) && segments.terms.iter().any(|part| part.is_part && part.word == term.word);
        let weight = self.unknown.get(&language).copied().unwrap_or(1.0);
        (!is_number && !has_parts && !term.is_part).then_some(Asked {
            term: None,
            weight,
            certainty: 1.0,
            word: term.word,
        })
    }
}

/// Counts words, of which the terms come one after the other.
#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    last: u32,
    words: u32,
}

impl Counter {
    fn count(&mut self, word: u32) {
        if self.last != word {
            self.last = word;
            self.words += 1;
        }
    }
}

/// In a language that the folder is hardly written in, words that it lacks are the rule.
fn unknown_weight(entries: &[Entry], language: Language) -> f32 {
    let written = entries.iter().filter(|entry| entry.article_in(language).is_some()).count();
    if 2 * written >= entries.len() { 1.0 } else { FOREIGN_LACK }
}

/// How many entries have a term; a part for a mention in an answer.
fn entries_of(postings: &[Posting]) -> f32 {
    let most = |of_entry: &[Posting]| {
        let asks = of_entry.iter().any(|posting| posting.share > IN_ANSWER);
        if asks { 1.0 } else { SEEN_IN_ANSWER }
    };
    postings.chunk_by(|left, right| left.entry == right.entry).map(most).sum()
}

/// The terms of one article, kept apart by where they stand.
struct ArticleTerms {
    lines: Vec<Segments>,
    synonyms: Vec<Segments>,
    answer: Segments,
}

impl ArticleTerms {
    fn new(article: &Article) -> Self {
        let of = |text: &String| Segments::of(text, article.language);
        let (lines, synonyms) = (article.questions.iter().map(of).collect(), article.synonyms.iter().map(of).collect());
        Self { lines, synonyms, answer: of(&article.answer) }
    }

    /// The share that the article has of each of its terms.
    fn shares(&self) -> BTreeMap<&str, f32> {
        let mut shares: BTreeMap<&str, f32> = BTreeMap::new();
        let note = |term: &'_ str, share: f32, shares: &mut BTreeMap<&str, f32>| {
            if let Some(known) = shares.get_mut(term) {
                *known = known.max(share);
            }
        };
        for term in self.answer.terms.iter().chain(self.lines.iter().chain(&self.synonyms).flat_map(|line| &line.terms))
        {
            shares.entry(&term.text).or_insert(IN_ANSWER);
        }
        for term in self.synonyms.iter().flat_map(|line| &line.terms) {
            note(&term.text, SYNONYM, &mut shares);
        }
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for text in self.lines.iter().chain([&self.answer]) {
            for term in text.terms.iter().map(|term| term.text.as_str()).collect::<HashSet<_>>() {
                *uses.entry(term).or_default() += 1;
            }
        }
        for term in self.lines.iter().flat_map(|line| &line.terms) {
            let repeats = uses.get(term.text.as_str()).is_some_and(|uses| *uses > 1);
            note(&term.text, if repeats { 1.0 } else { ONCE }, &mut shares);
        }
        shares
    }
}
