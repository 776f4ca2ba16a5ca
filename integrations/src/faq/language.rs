//! Chinese or English, told by the script alone.
//!
//! A guess from words would be wrong for the short, mixed lines customers type ("battery多久充满"); the script never is.
//!
//! *Invariant:* any Han character makes a text Chinese, however much Latin text surrounds it.

use std::fmt;

/// A language that every entry is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English, and whatever else is not Chinese.
    En,
}

impl Language {
    /// Every language, in the order in which files give them.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// Tells the language of a text: Chinese as soon as it has one Han character.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.chars().any(is_han) { Self::Zh } else { Self::En }
    }

    /// The code used in files and in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Reads a code as files spell it.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// The unified ideographs with extension A, the compatibility forms, and the supplementary planes 2 and 3.
pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn one_han_character_makes_a_text_chinese() {
        assert_eq!(Language::of("my battery 坏 again"), Language::Zh);
        assert_eq!(Language::of("my battery died!"), Language::En);
        assert_eq!(Language::of(""), Language::En);
    }

    #[test]
    fn chinese_punctuation_alone_is_not_chinese() {
        assert_eq!(Language::of("hello？"), Language::En);
    }
}
