//! The languages that the shop's customers are answered in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A customer's language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese: the original's only language, and what is assumed where a text does not tell.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The language of a text: Chinese with any Han character, English with any Latin letter, otherwise unknown.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if text.chars().any(is_han) {
            return Some(Self::Zh);
        }
        text.chars().any(|c| c.is_ascii_alphabetic()).then_some(Self::En)
    }

    /// `zh` or `en`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Reads `zh` or `en`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == code)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The Han blocks of Unicode: unified, extension A, compatibility, and the supplementary ideographic planes.
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_han_character_makes_a_text_chinese() {
        assert_eq!(Language::of("battery 多久充满?"), Some(Language::Zh));
        assert_eq!(Language::of("How long?"), Some(Language::En));
        assert_eq!(Language::of("hello？"), Some(Language::En), "Chinese punctuation alone is not Chinese");
        assert_eq!(Language::of("12345 ???"), None);
    }
}
