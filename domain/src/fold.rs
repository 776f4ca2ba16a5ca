//! Texts made comparable: width, case, accents, traditional characters and typographic signs make no difference.
//!
//! Invariant: phrases and texts go through the same function; folding twice is folding once.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use crate::language::is_han;

/// Traditional characters, each followed by its simplified one: those of the basic block in `OpenCC`'s `TSCharacters`
/// (Apache-2.0, <https://github.com/BYVoid/OpenCC>), of several the first.
const SIMPLIFIED: &str = include_str!("fold/simplified.txt");
const FIRST_HAN: u32 = 0x4e00;
const HAN: usize = 0x5200;

/// By code point from [`FIRST_HAN`] on; `'\0'` where a character stays.
static TO_SIMPLIFIED: LazyLock<Box<[char]>> = LazyLock::new(|| {
    let mut table = vec!['\0'; HAN].into_boxed_slice();
    for pair in SIMPLIFIED.split_whitespace() {
        let mut pair = pair.chars();
        let (Some(from), Some(to)) = (pair.next(), pair.next()) else { continue };
        if let Some(place) = place(from).and_then(|place| table.get_mut(place)) {
            *place = to;
        }
    }
    table
});

/// A text as it is compared.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let signs = text.chars().map(plain_sign);
    // ASCII is its own decomposition, and most of a European text.
    if text.is_ascii() {
        signs.for_each(|c| push(&mut folded, c));
    } else {
        signs.nfkd().for_each(|c| push(&mut folded, c));
    }
    without_nt(folded)
}

fn push(folded: &mut String, c: char) {
    match c {
        'a'..='z' | '0'..='9' => folded.push(c),
        'A'..='Z' => folded.push(c.to_ascii_lowercase()),
        _ if is_ignored(c) => {}
        _ if c.is_whitespace() => push_space(folded, c),
        'ß' | 'ẞ' => folded.push_str("ss"),
        'œ' | 'Œ' => folded.push_str("oe"),
        'æ' | 'Æ' => folded.push_str("ae"),
        _ if c.is_ascii() => folded.push(plain_sign(c)),
        _ => folded.extend(simplified(plain_sign(c)).to_lowercase().filter(|c| !is_ignored(*c))),
    }
}

/// Whether a letter or digit belongs to a script that puts spaces between words.
#[must_use]
pub fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric() && !is_unspaced(c))
}

/// Han and kana.
fn is_unspaced(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3040}'..='\u{30ff}')
}

/// Accents, signs without width, and the choice between text and picture of a sign.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

fn plain_sign(c: char) -> char {
    match c {
        '‘' | '’' | 'ʼ' | '´' | '`' | '′' => '\'',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        _ => c,
    }
}

/// Runs of white space are one space, or one line break.
fn push_space(folded: &mut String, c: char) {
    let c = if c == '\n' { '\n' } else { ' ' };
    match folded.chars().next_back() {
        Some('\n') => {}
        Some(' ') if c == '\n' => {
            folded.pop();
            folded.push('\n');
        }
        Some(' ') => {}
        _ => folded.push(c),
    }
}

fn simplified(c: char) -> char {
    match place(c).and_then(|place| TO_SIMPLIFIED.get(place)) {
        None | Some('\0') => c,
        Some(simplified) => *simplified,
    }
}

fn place(c: char) -> Option<usize> {
    u32::from(c).checked_sub(FIRST_HAN).and_then(|place| usize::try_from(place).ok())
}

/// Many leave out the apostrophe of "don't", so that nobody's counts.
fn without_nt(folded: String) -> String {
    if folded.contains("n't") { folded.replace("n't", "nt") } else { folded }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn width_case_accents_and_traditional_characters_make_no_difference() {
        for (written, folded) in [
            ("ＡＢＣ１２３", "abc123"),
            ("剎車冒煙、電池漏液", "刹车冒烟、电池漏液"),
            ("Brûlé, ÜBERHITZT, Weiß", "brule, uberhitzt, weiss"),
            ("I don’t KNOW", "i dont know"),
            ("battery\u{200b} on \t fire", "battery on fire"),
            ("one  \n two", "one\ntwo"),
            ("smoke‑grey", "smoke-grey"),
            ("don｀t", "dont"),
        ] {
            assert_eq!(fold(written), if folded == "one\ntwo" { "one\ntwo" } else { folded }, "{written}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,60}|[剎煙A-Zß'´nt \n\u{300}İŒ]{0,30}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
