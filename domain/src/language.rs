//! The languages that the shop's customers are answered in.
//!
//! A message's language is decided by its letters and words (`language/detect.rs`), where it tells none by the session's so
//! far, and then by the page's. Whoever writes another language than these is answered in English.

mod detect;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

use detect::Finding;

/// A customer's language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese: the original's only language, and what is assumed where nothing tells.
    #[default]
    Zh,
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Italian.
    It,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Zh, Self::En, Self::De, Self::Fr, Self::Es, Self::It];

    /// The language of a text; `None` where the text does not tell: numbers, signs, a link, a name, or a word that two of the
    /// languages share. Another language than these is answered in English, and counts as it.
    #[must_use]
    pub fn detect(text: &str) -> Option<Self> {
        match detect::find(text) {
            Finding::Sure(language) => Some(language),
            Finding::OneOf(_) | Finding::SomeLatin | Finding::Nothing => None,
        }
    }

    /// The language to answer a text in: its own, where it does not tell the session's so far, then the page's. If those are
    /// not known either, English for Latin letters and Chinese for the rest.
    #[must_use]
    pub fn decide(text: &str, session: Option<Self>, page: Option<Self>) -> Self {
        let known = session.or(page);
        match detect::find(text) {
            Finding::Sure(language) => language,
            Finding::OneOf(languages) => {
                let known = [session, page].into_iter().flatten().find(|language| languages.contains(language));
                known.or(languages.first().copied()).unwrap_or_default()
            }
            Finding::SomeLatin => known.unwrap_or(Self::En),
            Finding::Nothing => known.unwrap_or_default(),
        }
    }

    /// The stored code: `zh`, `en`, `de`, `fr`, `es` or `it`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::It => "it",
        }
    }

    /// Reads a stored code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == code)
    }

    /// The first of these languages that a page asks for: one tag (`de-AT`), or a list in the form of `Accept-Language`.
    #[must_use]
    pub fn preferred(tags: &str) -> Option<Self> {
        let mut wanted: Vec<(u16, Self)> = tags.split(',').filter_map(wanted).collect();
        // Stable: the order of the list decides between equals.
        wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        wanted.first().map(|(_, language)| *language)
    }
}

/// One element of `Accept-Language` (RFC 9110, 12.5.4) with its weight in thousandths; `None` for a language that is not ours,
/// or that is not wanted.
fn wanted(element: &str) -> Option<(u16, Language)> {
    let (tag, parameters) = element.split_once(';').unwrap_or((element, ""));
    let code = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    Language::parse(&code).filter(|_| weight > 0).map(|language| (weight, language))
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
