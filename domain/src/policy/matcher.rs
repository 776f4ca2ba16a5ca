//! Finds many phrases in one text at once.
//!
//! Invariant: what it finds is what looking for each phrase by itself finds; the time depends on the text, hardly on how many
//! phrases there are.

use std::collections::HashMap;

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
    /// How many parts each phrase has, list after list: a phrase's number is its place here.
    parts: Vec<usize>,
    /// For each list the number of its first phrase.
    first: Vec<usize>,
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
    /// The phrase's.
    number: usize,
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
        let parts = lists.iter().flat_map(|list| &list.phrases).map(|phrase| phrase.parts.len()).collect();
        let first = lists.iter().scan(0, |next, list| {
            let first = *next;
            *next += list.phrases.len();
            Some(first)
        });
        let first = first.collect();
        Ok(Self { automaton: AhoCorasick::new(texts)?, uses, parts, first })
    }

    /// For each list the phrases that stand in a folded text, in the list's order.
    #[must_use]
    pub fn find<'a>(&self, folded: &'a str) -> Vec<Vec<Hit<'a>>> {
        let found = self.in_sentences(folded);
        let whole = self.whole(&found);
        let mut words: Vec<Vec<&'a str>> = vec![Vec::new(); self.parts.len()];
        for InSentence { number, part, sentence, start, end } in found {
            if whole[number] == Some(sentence) {
                words[number].resize(self.parts[number], "");
                if words[number][part].is_empty() {
                    words[number][part] = &folded[start..end];
                }
            }
        }
        let mut hits: Vec<Vec<Hit<'a>>> = vec![Vec::new(); self.first.len()];
        for (number, words) in words.into_iter().enumerate().filter(|(_, words)| !words.is_empty()) {
            let list = self.first.partition_point(|first| *first <= number) - 1;
            hits[list].push(Hit { phrase: number - self.first[list], words });
        }
        hits
    }

    /// For each phrase the first sentence in which all of its parts stand.
    fn whole(&self, found: &[InSentence]) -> Vec<Option<usize>> {
        let mut whole = vec![None; self.parts.len()];
        let mut seen = vec![(0, 0_u32); self.parts.len()];
        for InSentence { number, part, sentence, .. } in found {
            let (of, parts) = &mut seen[*number];
            if of != sentence {
                (*of, *parts) = (*sentence, 0);
            }
            *parts |= 1 << part;
            if whole[*number].is_none() && parts.count_ones() as usize == self.parts[*number] {
                whole[*number] = Some(*sentence);
            }
        }
        whole
    }

    /// The words that count, and in which sentence each is, in the order of the text.
    fn in_sentences(&self, folded: &str) -> Vec<InSentence> {
        let (ends, mut sentence) = (sentence_ends(folded), 0);
        let of_a_phrase = self.counting(folded).into_iter().filter_map(|Found { at, start, end }| {
            let (phrase, part) = at.part?;
            sentence += ends[sentence..].iter().take_while(|end| **end <= start).count();
            Some(InSentence { number: self.first[at.list] + phrase, part, sentence, start, end })
        });
        of_a_phrase.collect()
    }

    /// Where words of the first list stand, in the order of the text: the phrase's place in the list, and from where to where.
    pub(super) fn places(&self, folded: &str) -> Vec<(usize, usize, usize)> {
        let found = self.counting(folded).into_iter().filter(|found| found.at.list == 0);
        found.filter_map(|Found { at, start, end }| Some((at.part?.0, start, end))).collect()
    }

    /// The words that count, in the order of the text: no exception of their list covers them.
    fn counting(&self, folded: &str) -> Vec<Found> {
        let mut found = self.words_in(folded);
        // An exception stands before what begins where it does, so the farthest end so far is the one that may cover a word.
        found.sort_by_key(|found| (found.start, found.at.part.is_some()));
        let mut covered_to = vec![0; self.first.len()];
        found.retain(|found| {
            let covered_to = &mut covered_to[found.at.list];
            if found.at.part.is_none() {
                *covered_to = found.end.max(*covered_to);
            }
            found.at.part.is_some() && found.end > *covered_to
        });
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
