//! What a text says about its language.
//!
//! First the scripts are weighed against each other: one Chinese word in an English sentence leaves it English, and the
//! reverse. Then, for Latin letters, every word gives its languages points, the more the fewer share it. Own code instead of a
//! library: customers write three words, and libraries that count letter triples guess at those.
//!
//! Invariants: total, and the same for the same text; links, addresses, numbers and names tell nothing.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{Language, is_han, words};

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is this.
    Sure(Language),
    /// It is one of these: its words are theirs alike.
    OneOf(Vec<Language>),
    /// Latin letters that tell nothing.
    SomeLatin,
    /// Not even letters.
    Nothing,
}

/// The lists of `words.rs` in their order; what is in none of our languages is answered in English.
const LISTS: [(&str, Language); 6] = [
    (words::EN, Language::En),
    (words::DE, Language::De),
    (words::FR, Language::Fr),
    (words::ES, Language::Es),
    (words::IT, Language::It),
    (words::OTHER, Language::En),
];

type Points = [u32; LISTS.len()];

/// The lists that a word stands in, one bit each.
type Lists = u8;

const DE: Lists = 1 << 1;
const FR: Lists = 1 << 2;
const ES: Lists = 1 << 3;
const IT: Lists = 1 << 4;
const OTHER: Lists = 1 << 5;

/// What a known word gives, an accent, and an ending; shared among the languages that have it.
const WORD: u32 = 60;
const ACCENT: u32 = 40;
const ENDING: u32 = 20;
/// A Chinese character says about as much as three Latin letters.
const IDEOGRAPH: usize = 3;

static WORDS: LazyLock<BTreeMap<String, Lists>> = LazyLock::new(|| {
    let mut words = BTreeMap::new();
    for (number, (list, _)) in LISTS.iter().enumerate() {
        for word in list.split_whitespace() {
            *words.entry(fold(word)).or_default() |= 1 << number;
        }
    }
    words.extend(words::NEUTRAL.split_whitespace().map(|word| (fold(word), 0)));
    words
});

/// What a text says about its language.
pub(super) fn find(text: &str) -> Finding {
    let words: Vec<&str> = latin_words(text).collect();
    let scripts = Scripts::of(text, &words);
    let most = scripts.chinese.max(scripts.latin).max(scripts.other);
    if most == 0 {
        return if text.chars().any(is_latin) { Finding::SomeLatin } else { Finding::Nothing };
    }
    if scripts.chinese == most {
        return Finding::Sure(Language::Zh);
    }
    if scripts.latin == most { of_points(&points(text, &words)) } else { Finding::Sure(Language::En) }
}

/// How much of a text is in which script.
struct Scripts {
    chinese: usize,
    latin: usize,
    other: usize,
}

impl Scripts {
    /// Han characters among kana are Japanese; a single `の` in a Chinese text is an ornament.
    fn of(text: &str, words: &[&str]) -> Self {
        let count = |is: fn(char) -> bool| text.chars().filter(|c| is(*c)).count();
        let (han, kana, foreign) = (count(is_han), count(is_kana), count(is_foreign));
        let is_japanese = kana * 4 > han;
        let latin = words.iter().filter(|word| lists(word) != Some(0)).map(|word| word.chars().count()).sum();
        if is_japanese {
            Self { chinese: 0, latin, other: IDEOGRAPH * (han + kana) + foreign }
        } else {
            Self { chinese: IDEOGRAPH * han, latin, other: foreign }
        }
    }
}

/// The words in Latin letters; neither links, addresses, nor anything with a digit.
fn latin_words(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split(|c: char| c.is_whitespace() || is_han(c) || is_kana(c) || is_foreign(c));
    let spoken = pieces.filter(|piece| !is_link(piece));
    let words =
        spoken.flat_map(|piece| piece.split(|c: char| !is_latin(c) && !c.is_ascii_digit() && !is_apostrophe(c)));
    words
        .map(|word| word.trim_matches(is_apostrophe))
        .filter(|word| !word.is_empty() && !word.chars().any(|c| c.is_ascii_digit()))
}

/// A web or mail address.
fn is_link(piece: &str) -> bool {
    let dotted = |ends: &[&str]| ends.iter().any(|end| piece.contains(end));
    piece.contains("://")
        || piece.contains('@')
        || piece.starts_with("www.")
        || dotted(&[".com", ".html", ".jpg", ".png"])
}

fn points(text: &str, words: &[&str]) -> Points {
    let mut points = Points::default();
    for word in words {
        add_word(&mut points, word);
    }
    if text.contains(['¿', '¡']) {
        add(&mut points, ES, WORD);
    }
    points
}

/// An apostrophe parts a French or Italian article from its word, and in English (rarely German) it shortens one.
fn add_word(points: &mut Points, word: &str) {
    for c in word.chars() {
        add(points, accent(c), ACCENT);
    }
    let word = fold(word);
    let Some((before, after)) = word.split_once('\'') else { return add_part(points, &word) };
    if let Some(shortened) = WORDS.get(&format!("'{after}")) {
        add(points, *shortened, WORD);
        add_part(points, before);
    } else {
        add_part(points, &format!("{before}'"));
        add_part(points, after);
    }
}

fn add_part(points: &mut Points, word: &str) {
    match WORDS.get(word) {
        Some(lists) => add(points, *lists, WORD),
        None => add(points, by_ending(word), ENDING),
    }
}

/// Each of the lists gets its share.
fn add(points: &mut Points, lists: Lists, given: u32) {
    for (number, of_list) in points.iter_mut().enumerate() {
        if lists >> number & 1 == 1 {
            *of_list += given / lists.count_ones();
        }
    }
}

/// Who has the most points; those that have as many are possible too.
fn of_points(points: &Points) -> Finding {
    let most = points.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return Finding::SomeLatin;
    }
    let mut best: Vec<Language> = Vec::new();
    for ((_, language), of_list) in LISTS.iter().zip(points) {
        if *of_list == most && !best.contains(language) {
            best.push(*language);
        }
    }
    match *best {
        [language] => Finding::Sure(language),
        _ => Finding::OneOf(best),
    }
}

fn lists(word: &str) -> Option<Lists> {
    WORDS.get(&fold(word)).copied()
}

fn by_ending(word: &str) -> Lists {
    let has = |ending: &str| match ending.strip_prefix('^') {
        Some(beginning) => word.starts_with(beginning),
        None => word.ends_with(ending),
    };
    let is_long = word.len() > 4;
    let found = words::ENDINGS.iter().enumerate().filter(|(_, endings)| is_long && endings.split(' ').any(has));
    found.fold(0, |lists, (number, _)| lists | 1 << number)
}

/// The languages that write a letter, where not all do.
fn accent(c: char) -> Lists {
    match c.to_lowercase().next().unwrap_or(c) {
        'ß' | 'ä' | 'ö' | 'ü' => DE,
        'ñ' => ES,
        'á' | 'í' | 'ó' | 'ú' => ES | OTHER,
        'é' => FR | ES,
        'è' | 'à' | 'ù' => FR | IT,
        'ì' | 'ò' => IT,
        'ç' | 'ê' | 'ô' | 'â' => FR | OTHER,
        'ë' | 'î' | 'ï' | 'û' | 'œ' => FR,
        c if c > '\u{bf}' && is_latin(c) => OTHER,
        _ => 0,
    }
}

/// In small letters and without accents, as many people type.
fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => folded.push('a'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' => folded.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => folded.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => folded.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => folded.push('u'),
            'ç' | 'ć' => folded.push('c'),
            'ñ' | 'ń' => folded.push('n'),
            'ł' => folded.push('l'),
            'ś' | 'ş' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'œ' => folded.push_str("oe"),
            '’' => folded.push('\''),
            // The dot that a Turkish capital leaves behind.
            '\u{307}' => {}
            c => folded.push(c),
        }
    }
    folded
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

fn is_latin(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}')
}

/// Letters of a script that none of our languages is written in.
fn is_foreign(c: char) -> bool {
    c.is_alphabetic() && !is_latin(c) && !is_han(c) && !is_kana(c)
}
