//! Finds many phrases in one text at once.
//!
//! Invariant: what it finds is what looking for each phrase by itself finds; the time depends on the text, hardly on how many
//! phrases there are.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::AhoCorasick;

use crate::{
    fold::is_of_a_word,
    policy::phrase::{Phrase, Word},
};

/// One list of phrases: those that count, and those inside which nothing counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhraseList {
    /// Those that count.
    pub phrases: Vec<Phrase>,
    /// What they are not looked for in: "fire sale".
    pub except: Vec<Phrase>,
}

/// Several lists, to be looked for together.
#[derive(Debug, Clone)]
pub struct Matcher {
    automaton: AhoCorasick,
    /// For each pattern of the automaton the places of the lists where it stands.
    uses: Vec<Vec<Use>>,
    /// How many parts each phrase of each list has.
    parts: Vec<Vec<usize>>,
}

/// A word's place in the lists.
#[derive(Debug, Clone, Copy)]
struct Use {
    list: usize,
    /// `None` where it is an exception.
    part: Option<(usize, usize)>,
    open_start: bool,
    open_end: bool,
}

/// A phrase found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Its place in the list.
    pub phrase: usize,
    /// Of each of its parts the first word that stands there.
    pub words: Vec<&'a str>,
}

/// A word found in a text.
#[derive(Debug, Clone, Copy)]
struct Found {
    at: Use,
    start: usize,
    end: usize,
}

/// A word of a phrase, found in a sentence.
#[derive(Debug, Clone, Copy)]
struct InSentence {
    list: usize,
    phrase: usize,
    part: usize,
    sentence: usize,
    start: usize,
    end: usize,
}

impl Matcher {
    /// Over these lists.
    ///
    /// # Errors
    /// They are too large for one automaton.
    pub fn new(lists: &[&PhraseList]) -> Result<Self, aho_corasick::BuildError> {
        let mut patterns: HashMap<&str, usize> = HashMap::new();
        let mut uses: Vec<Vec<Use>> = Vec::new();
        let mut texts: Vec<&str> = Vec::new();
        for (word, at) in lists.iter().enumerate().flat_map(|(list, phrases)| words(list, phrases)) {
            let pattern = *patterns.entry(&word.text).or_insert_with(|| {
                texts.push(&word.text);
                uses.push(Vec::new());
                texts.len() - 1
            });
            uses[pattern].push(at);
        }
        let parts = lists.iter().map(|list| list.phrases.iter().map(|phrase| phrase.parts.len()).collect()).collect();
        Ok(Self { automaton: AhoCorasick::new(texts)?, uses, parts })
    }

    /// For each list the phrases that stand in a folded text, in the list's order.
    #[must_use]
    pub fn find<'a>(&self, folded: &'a str) -> Vec<Vec<Hit<'a>>> {
        let found = self.in_sentences(folded);
        let whole = self.whole(&found);
        let mut words: HashMap<(usize, usize), Vec<&'a str>> = HashMap::new();
        for InSentence { list, phrase, part, sentence, start, end } in found {
            if whole.get(&(list, phrase)) == Some(&sentence) {
                let words = words.entry((list, phrase)).or_insert_with(|| vec![""; self.parts[list][phrase]]);
                if words[part].is_empty() {
                    words[part] = &folded[start..end];
                }
            }
        }
        let mut hits: Vec<Vec<Hit<'a>>> = vec![Vec::new(); self.parts.len()];
        for (list, phrase) in whole.into_keys() {
            hits[list].push(Hit { phrase, words: words.remove(&(list, phrase)).unwrap_or_default() });
        }
        hits
    }

    /// The phrases all of whose parts stand in one sentence, by list and place, and the first such sentence.
    fn whole(&self, found: &[InSentence]) -> BTreeMap<(usize, usize), usize> {
        let mut parts: HashMap<(usize, usize, usize), u32> = HashMap::new();
        for InSentence { list, phrase, part, sentence, .. } in found {
            *parts.entry((*list, *phrase, *sentence)).or_default() |= 1 << part;
        }
        let mut whole = BTreeMap::new();
        for ((list, phrase, sentence), seen) in parts {
            if seen.count_ones() as usize == self.parts[list][phrase] {
                whole.entry((list, phrase)).and_modify(|first| *first = sentence.min(*first)).or_insert(sentence);
            }
        }
        whole
    }

    /// The words that count, and in which sentence each is.
    fn in_sentences(&self, folded: &str) -> Vec<InSentence> {
        let sentences = sentence_ends(folded);
        let counting = self.counting(folded).into_iter();
        let of_a_phrase = counting.filter_map(|Found { at, start, end }| {
            let (phrase, part) = at.part?;
            let sentence = sentences.partition_point(|end| *end <= start);
            Some(InSentence { list: at.list, phrase, part, sentence, start, end })
        });
        of_a_phrase.collect()
    }

    /// Where words of the first list stand: the phrase's place in the list, and from where to where.
    pub(super) fn places(&self, folded: &str) -> Vec<(usize, usize, usize)> {
        let found = self.counting(folded).into_iter().filter(|found| found.at.list == 0);
        found.filter_map(|Found { at, start, end }| Some((at.part?.0, start, end))).collect()
    }

    /// The words that count: no exception covers them.
    fn counting(&self, folded: &str) -> Vec<Found> {
        let mut found = self.words_in(folded);
        let exceptions: Vec<Found> = found.iter().copied().filter(|found| found.at.part.is_none()).collect();
        found.retain(|found| found.at.part.is_some() && !exceptions.iter().any(|exception| exception.covers(found)));
        found
    }

    fn words_in(&self, folded: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for hit in self.automaton.find_overlapping_iter(folded) {
            let (start, end) = (hit.start(), hit.end());
            let uses = self.uses[hit.pattern().as_usize()].iter().copied();
            let whole = uses.filter(|at| may_begin(folded, start, at.open_start) && may_end(folded, end, at.open_end));
            found.extend(whole.map(|at| Found { at, start, end }));
        }
        found
    }
}

impl Found {
    fn covers(&self, other: &Self) -> bool {
        self.at.list == other.at.list && self.start <= other.start && other.end <= self.end
    }
}

fn words(list: usize, phrases: &PhraseList) -> impl Iterator<Item = (&Word, Use)> {
    let counting = phrases.phrases.iter().enumerate().flat_map(move |(phrase, written)| {
        let parts = written.parts.iter().enumerate();
        parts.flat_map(move |(part, words)| words.iter().map(move |word| (word, Some((phrase, part)))))
    });
    let except = phrases.except.iter().flat_map(|written| written.parts.iter().flatten()).map(|word| (word, None));
    let places = counting.chain(except);
    places.map(move |(word, part)| (word, Use { list, part, open_start: word.open_start, open_end: word.open_end }))
}

/// Whether a word may begin here: no word goes on across the place, and a command follows white space.
pub(super) fn may_begin(folded: &str, start: usize, is_open: bool) -> bool {
    let (before, first) = (folded[..start].chars().next_back(), folded[start..].chars().next());
    match (before, first) {
        (None, _) | (_, None) => true,
        (Some(before), Some('/')) => before.is_whitespace(),
        (Some(before), Some(first)) => is_open || !is_of_a_word(first) || !is_of_a_word(before),
    }
}

/// Whether a word may end here.
pub(super) fn may_end(folded: &str, end: usize, is_open: bool) -> bool {
    let (last, after) = (folded[..end].chars().next_back(), folded[end..].chars().next());
    match (last, after) {
        (Some(last), Some(after)) => is_open || !is_of_a_word(last) || !is_of_a_word(after),
        _ => true,
    }
}

/// Where sentences end. A point between digits or letters ends none.
pub(super) fn sentence_ends(folded: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut chars = folded.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let goes_on = chars.peek().is_some_and(|(_, next)| is_of_a_word(*next));
        if matches!(c, '!' | '?' | ';' | '。' | '\n') || (c == '.' && !goes_on) {
            ends.push(at + c.len_utf8());
        }
    }
    ends
}
