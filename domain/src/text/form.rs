//! Texts by their characters: one Unicode form for what is compared, what nobody sees, and where a text may be cut.
//!
//! Invariant: a text in its form stays as it is.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc, is_nfkc};
use unicode_segmentation::UnicodeSegmentation as _;

/// The text in NFC: letters and their marks are one character where there is one.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() }
}

/// The text in NFKC, for passwords (RFC 8265, 4.2): also what differs in width or as a ligature alone is the same.
#[must_use]
pub fn compatible(text: &str) -> Cow<'_, str> {
    if is_nfkc(text) { text.into() } else { text.nfkc().collect::<String>().into() }
}

/// The first characters of a text, so many at most, and no part of what is read as one character.
#[must_use]
pub fn beginning(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let whole = text.grapheme_indices(true).map(|(start, cluster)| start + cluster.len());
    // A single cluster of more characters is nothing that anybody reads.
    &text[..whole.take_while(|cut| *cut <= end).last().unwrap_or(end)]
}

/// Whether nobody would see anything of it.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || has_no_shape(c))
}

/// Characters that are drawn as nothing: of Unicode's `Default_Ignorable_Code_Point`, and the empty braille cell.
fn has_no_shape(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The first digit of each script that has its own ten in a row; what differs from those of ASCII in looks alone, NFKC has told.
const ZEROS: [u32; 35] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
];

/// A code as somebody typed it: its letters in lower case and its digits in ASCII, without blanks and dashes.
#[must_use]
pub fn code(text: &str) -> String {
    let is_kept = |c: &char| !(c.is_whitespace() || c.is_control() || has_no_shape(*c) || is_dash(*c));
    text.nfkc().filter(is_kept).map(ascii_digit).flat_map(char::to_lowercase).collect()
}

fn ascii_digit(c: char) -> char {
    let place = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|place| *place < 10));
    place.and_then(|place| char::from_digit(place, 10)).unwrap_or(c)
}

fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{301c}' | '\u{30fb}' | '\u{30fc}'
    )
}

/// Marks that belong to a letter, as most scripts of India write vowels; not those that only choose its looks.
#[must_use]
pub fn is_mark(c: char) -> bool {
    is_combining_mark(c) && !has_no_shape(c)
}

/// Whether it may stand in a text of one line.
#[must_use]
pub fn is_of_one_line(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// Line separators and the marks that turn the direction of writing: they make one name look like another.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_between_clusters() {
        assert_eq!(beginning("short", 5), "short");
        assert_eq!(beginning("longer", 4), "long");
        assert_eq!(beginning("cafe\u{301} au lait", 4), "caf", "a letter and its mark");
        assert_eq!(beginning("ab👩\u{200d}👧\u{200d}👦!", 4), "ab", "a family");
        assert_eq!(beginning("a🇩🇪🇫🇷", 4), "a🇩🇪", "flags");
        assert_eq!(beginning(&format!("a{}", "\u{301}".repeat(90)), 50).chars().count(), 50, "no cluster of anybody's");
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for blank in
            ["", " \n\u{3000}", "\u{200b}\u{feff}", "\u{2800}", "\u{3164}\u{ad}", "\u{202e}\u{fe0f}\u{e0041}", "\u{1b}"]
        {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in [".", "\u{200b}a", "❤\u{fe0f}", "👍🏽", "\u{301}"] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn codes_are_read_in_any_digits_dashes_and_blanks() {
        for typed in [
            "287082",
            " 287 082\u{a0}",
            "287-082",
            "287–082",
            "２８７０８２",
            "٢٨٧٠٨٢",
            "۲۸۷۰۸۲",
            "२८७०८२",
            "287\u{200b}082\u{200e}",
        ] {
            assert_eq!(code(typed), "287082", "{typed:?}");
        }
        assert_eq!(code("ABCD–EFGH 2"), "abcdefgh2");
        assert!(ZEROS.iter().all(|zero| char::from_u32(*zero).is_some_and(char::is_numeric)));
        assert_eq!(code("+287082"), "+287082");
    }

    #[test]
    fn forms_are_those_of_unicode() {
        assert_eq!(composed("cafe\u{301}"), "café");
        assert_eq!(composed("ﬁ１"), "ﬁ１");
        assert_eq!(compatible("ﬁ１e\u{301}"), "fi1é");
        assert!(is_mark('\u{93f}') && is_mark('\u{301}') && !is_mark('\u{fe0f}') && !is_mark('a'));
    }
}
