//! Finding many phrases at once gives what looking for each by itself gives.

use domain::{
    fold::{fold, is_of_a_word},
    policy::{
        matcher::{Matcher, PhraseList},
        phrase::{Phrase, Word},
    },
};
use proptest::prelude::*;

/// The other definition: every word of every phrase at every place of every sentence.
fn naive(list: &PhraseList, folded: &str) -> Vec<usize> {
    let exceptions: Vec<(usize, usize)> = list
        .except
        .iter()
        .flat_map(|phrase| phrase.parts.iter().flatten())
        .flat_map(|word| places(word, folded))
        .collect();
    let stands = |word: &Word, sentence: usize| {
        places(word, folded).into_iter().any(|(start, end)| {
            let is_excepted = exceptions.iter().any(|(from, to)| *from <= start && end <= *to);
            !is_excepted && sentence_of(folded, start) == sentence
        })
    };
    let sentences = sentence_of(folded, folded.len()) + 1;
    let is_found = |phrase: &Phrase| {
        (0..sentences).any(|sentence| phrase.parts.iter().all(|words| words.iter().any(|word| stands(word, sentence))))
    };
    (0..list.phrases.len()).filter(|place| is_found(&list.phrases[*place])).collect()
}

fn places(word: &Word, folded: &str) -> Vec<(usize, usize)> {
    let chars: Vec<(usize, char)> = folded.char_indices().collect();
    let letter = |index: Option<usize>| index.and_then(|index| chars.get(index)).is_some_and(|(_, c)| is_of_a_word(*c));
    let length = word.text.chars().count();
    let begins = |index: usize| {
        let before = index.checked_sub(1).map(|before| chars[before].1);
        if word.text.starts_with('/') {
            return before.is_none_or(char::is_whitespace);
        }
        word.open_start || !letter(Some(index)) || !letter(index.checked_sub(1))
    };
    let ends = |index: usize| word.open_end || !letter(Some(index + length - 1)) || !letter(Some(index + length));
    let fits = |index: &usize| folded[chars[*index].0..].starts_with(&word.text) && begins(*index) && ends(*index);
    (0..chars.len()).filter(fits).map(|index| (chars[index].0, chars[index].0 + word.text.len())).collect()
}

fn sentence_of(folded: &str, at: usize) -> usize {
    let chars: Vec<(usize, char)> = folded.char_indices().collect();
    let ends = chars.iter().enumerate().filter(|(index, (place, c))| {
        let goes_on = chars.get(index + 1).is_some_and(|(_, next)| is_of_a_word(*next));
        place + c.len_utf8() <= at && ("!?;。\n".contains(*c) || (*c == '.' && !goes_on))
    });
    ends.count()
}

/// Of few letters, so that they meet.
fn text(length: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(prop::sample::select("ab火烟é /.!1".chars().collect::<Vec<_>>()), 0..length)
        .prop_map(|chars| chars.into_iter().collect())
}

fn phrases(count: usize) -> impl Strategy<Value = Vec<Phrase>> {
    let word = ("\\*?", "[ab火烟/]{1,3}", "\\*?").prop_map(|(start, text, end)| format!("{start}{text}{end}"));
    let part = proptest::collection::vec(word, 1..3).prop_map(|words| words.join("|"));
    let phrase = proptest::collection::vec(part, 1..3).prop_map(|parts| Phrase::parse(&parts.join(" + ")).unwrap());
    proptest::collection::vec(phrase, 0..count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn all_at_once_finds_what_one_by_one_finds(phrases in phrases(6), except in phrases(3), text in text(20)) {
        let (list, other) = (PhraseList { phrases, except }, PhraseList::default());
        let folded = fold(&text);
        let found = Matcher::new(&[&other, &list]).unwrap().find(&folded);
        let phrases: Vec<Vec<usize>> = found.iter().map(|hits| hits.iter().map(|hit| hit.phrase).collect()).collect();
        prop_assert_eq!(phrases, [vec![], naive(&list, &folded)]);
        for hit in found.concat() {
            let parts = &list.phrases[hit.phrase].parts;
            prop_assert_eq!(parts.len(), hit.words.len());
            for (part, word) in parts.iter().zip(hit.words) {
                prop_assert!(part.iter().any(|one| one.text == word), "{word} is no word of {part:?}");
            }
        }
    }
}

#[test]
fn words_are_whole_and_han_needs_no_spaces() {
    let find = |phrase: &str, text: &str| {
        let list = PhraseList { phrases: vec![Phrase::parse(phrase).unwrap()], except: Vec::new() };
        !Matcher::new(&[&list]).unwrap().find(&fold(text))[0].is_empty()
    };
    for (phrase, text, is_found) in [
        ("fire", "a fire!", true),
        ("fire", "campfire", false),
        ("fire", "fireplace", false),
        ("fire*", "fireplace", true),
        ("fire", "电池fire了", true),
        ("人工", "我要转人工客服", true),
        ("a + b", "b, then a", true),
        ("a + b", "b. Then a", false),
        ("battery + 3.5", "battery 3.5 V", true),
        ("/agent", "/agent", true),
        ("/agent", "a/agent", false),
        ("FEUER|Rauch", "es gibt RAUCH", true),
    ] {
        assert_eq!(find(phrase, text), is_found, "{phrase} in {text}");
    }
}
