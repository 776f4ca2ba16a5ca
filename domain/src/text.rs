//! Texts from outside, parsed once at the edge into types that stay valid.
//!
//! Invariant: nothing enters the log that a view cannot store, so U+0000 is refused everywhere.

pub mod form;

use std::fmt;

use serde::{Deserialize, Serialize};

use form::{composed, is_blank, is_invisible, is_mark, is_of_one_line};

/// What is wrong with a text from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing in it that anybody would see.
    #[error("must not be empty")]
    Empty,
    /// More characters than are taken.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most.
        max: usize,
    },
    /// It holds U+0000, which no database of ours can store.
    #[error("must not contain U+0000")]
    Null,
    /// It holds a character that it must not.
    #[error("must not contain control characters, slashes or backslashes")]
    ForbiddenCharacter,
    /// It holds a character that is not allowed in a text of this kind.
    #[error("must not contain {0:?}")]
    Character(char),
    /// It is not an e-mail address.
    #[error("must be an e-mail address like name@example.com")]
    NoAddress,
}

/// What somebody wrote to the other side: 1 to 5,000 characters (design 9).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(String);

impl MessageText {
    /// The longest message, in characters.
    pub const MAX_CHARS: usize = 5_000;

    /// Parses a message. The text is kept as it came.
    ///
    /// # Errors
    /// It is empty, too long, or holds U+0000.
    pub fn parse(text: String) -> Result<Self, TextError> {
        if is_blank(&text) {
            return Err(if text.contains('\0') { TextError::Null } else { TextError::Empty });
        }
        if text.contains('\0') {
            return Err(TextError::Null);
        }
        // A character has at least one byte: short texts need no count.
        if text.len() > Self::MAX_CHARS && text.chars().count() > Self::MAX_CHARS {
            return Err(TextError::TooLong { max: Self::MAX_CHARS });
        }
        Ok(Self(text))
    }

    /// Takes a text from an assistant, a mail or a webhook, which cannot be sent back for correction: U+0000 becomes
    /// U+FFFD, and what is too long is cut.
    #[must_use]
    pub fn repaired(text: &str) -> Self {
        Self(text.chars().take(Self::MAX_REPLY_CHARS).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect())
    }

    /// The longest text kept of an assistant: about four times what its models can be told to write.
    pub const MAX_REPLY_CHARS: usize = 40_000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageText(…)")
    }
}

/// The name that a client gave its session: 1 to 128 characters. People choose it, so it is personal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionName(String);

impl SessionName {
    /// The longest name, in characters: the original's own are 40.
    pub const MAX_CHARS: usize = 128;

    /// Parses a name.
    ///
    /// # Errors
    /// It is empty, too long, or holds a character that has no place in a path of the API.
    pub fn parse(name: String) -> Result<Self, TextError> {
        if name.trim().is_empty() {
            return Err(TextError::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(TextError::TooLong { max: Self::MAX_CHARS });
        }
        let forbidden = |c: char| c.is_control() || c == '/' || c == '\\' || is_invisible(c);
        if name == "." || name == ".." || name.chars().any(forbidden) {
            return Err(TextError::ForbiddenCharacter);
        }
        Ok(Self(name))
    }

    /// The same name in NFC, which new sessions have.
    #[must_use]
    pub fn composed(&self) -> Self {
        Self(composed(&self.0).into_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Texts of one line and a bounded length that say nothing in a log.
macro_rules! short_texts {
    ($($(#[$doc:meta])* $name:ident: $max:literal, $allowed:expr, $brought:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest, in characters.
            pub const MAX_CHARS: usize = $max;

            /// Parses it; white space around it is dropped.
            ///
            /// # Errors
            /// It is empty, too long, or holds a character that it must not.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let text: String = ($brought)(text.trim());
                if is_blank(&text) && text.chars().all($allowed) {
                    return Err(TextError::Empty);
                }
                if text.chars().count() > Self::MAX_CHARS {
                    return Err(TextError::TooLong { max: Self::MAX_CHARS });
                }
                if let Some(wrong) = text.chars().find(|c| !($allowed)(*c)) {
                    return Err(TextError::Character(wrong));
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

short_texts! {
    /// What a member of staff signs in with: letters with their marks, digits, dot, hyphen, underscore and @, in lower case.
    Username: 64, |c: char| c.is_alphanumeric() || is_mark(c) || matches!(c, '.' | '-' | '_' | '@'), str::to_lowercase;
    /// A person's name.
    PersonName: 100, is_of_one_line, str::to_owned;
    /// Why something was done, as a program says it: `resolved`.
    ReasonCode: 40, |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_', str::to_owned;
    /// A skill of staff, as the shop calls it; also the name of the group of those who have it.
    Skill: 50, is_of_one_line, str::to_owned;
    /// What a quick reply is found by.
    QuickReplyTitle: 100, is_of_one_line, str::to_owned;
    /// What quick replies are grouped by, as the shop calls it.
    QuickReplyCategory: 40, is_of_one_line, str::to_owned;
    /// What staff files a session under, in lower case.
    Tag: 40, is_of_one_line, str::to_lowercase;
    /// The shop's own id of one of its customers.
    ShopCustomerId: 255, is_of_one_line, str::to_owned;
}

impl Username {
    /// The same name in NFC, which new accounts have.
    #[must_use]
    pub fn composed(&self) -> Self {
        Self(composed(&self.0).into_owned())
    }
}

/// An e-mail address: text before and after one @, without white space.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The longest, in bytes (RFC 5321).
    pub const MAX_BYTES: usize = 254;

    /// The first address in a text, as people write it: among words, in brackets, before a full stop.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-@".contains(c);
        text.split(|c| !is_part(c)).map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation())).find_map(|word| {
            let (_, host) = word.rsplit_once('@')?;
            host.contains('.').then(|| Self::parse(word).ok()).flatten()
        })
    }

    /// Parses an address; white space around it is dropped.
    ///
    /// # Errors
    /// It is malformed, or too long.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let (name, host) = text.rsplit_once('@').ok_or(TextError::NoAddress)?;
        let is_good = !name.is_empty() && !host.is_empty() && !name.contains('@') && text.len() <= Self::MAX_BYTES;
        let is_clean =
            text.chars().all(|c| is_of_one_line(c) && !c.is_whitespace() && !matches!(c, ',' | ';' | '<' | '>'));
        if is_good && is_clean { Ok(Self(text.to_owned())) } else { Err(TextError::NoAddress) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl fmt::Debug for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_1_to_5000_characters_and_no_null() {
        let parse = |text: &str| MessageText::parse(text.to_owned()).map(|m| m.0);
        assert_eq!(parse(" 你好 "), Ok(" 你好 ".to_owned()));
        assert_eq!(parse(" \n\t"), Err(TextError::Empty));
        assert_eq!(parse("\u{200b}\u{feff} \u{3164}"), Err(TextError::Empty), "nobody sees anything");
        assert_eq!(parse("\u{200b}?"), Ok("\u{200b}?".to_owned()), "what is seen is kept as it came");
        assert_eq!(parse("a\0b"), Err(TextError::Null));
        assert!(parse(&"电".repeat(5_000)).is_ok());
        assert_eq!(parse(&"电".repeat(5_001)), Err(TextError::TooLong { max: 5_000 }));
    }

    #[test]
    fn a_session_name_has_no_path_and_no_control_characters() {
        for good in ["session_1737_ab", "会话 1", "a.b", "user@example.com"] {
            assert!(SessionName::parse(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["../x", "a/b", "a\\b", "a\nb", "a\u{7f}", ".", "..", "\u{202e}gnp"] {
            assert_eq!(SessionName::parse(bad.to_owned()), Err(TextError::ForbiddenCharacter), "{bad:?}");
        }
        assert_eq!(SessionName::parse("x".repeat(129)), Err(TextError::TooLong { max: 128 }));
    }

    #[test]
    fn a_username_is_in_lower_case_and_has_no_spaces() {
        assert_eq!(Username::parse(" Agent_01 ").map(|name| name.0), Ok("agent_01".to_owned()));
        assert_eq!(Username::parse("李小明").map(|name| name.0), Ok("李小明".to_owned()));
        for marked in ["हिन्दी", "สุดา", "rene\u{301}"] {
            assert!(Username::parse(marked).is_ok(), "{marked}");
        }
        let name = Username::parse("RENE\u{301}").map(|name| (name.0.clone(), name.composed().0));
        assert_eq!(name, Ok(("rene\u{301}".to_owned(), "rené".to_owned())), "as sent, and in one form");
        assert_eq!(
            Username::parse("anna\u{fe0f}"),
            Err(TextError::Character('\u{fe0f}')),
            "no name looks like another"
        );
        assert_eq!(Username::parse("a b"), Err(TextError::Character(' ')));
        assert_eq!(Username::parse("a/b"), Err(TextError::Character('/')));
        assert_eq!(Username::parse(""), Err(TextError::Empty));
        assert_eq!(PersonName::parse("a\nb"), Err(TextError::Character('\n')));
    }

    #[test]
    fn an_address_has_two_sides_and_no_header_in_it() {
        assert!(EmailAddress::parse("anna@example.com").is_ok());
        for bad in ["", "anna", "@example.com", "anna@", "a@b@c", "a b@c.de", "a@c.de\r\nBcc: x@y.z", "a@b.c,d@e.f"] {
            assert_eq!(EmailAddress::parse(bad), Err(TextError::NoAddress), "{bad:?}");
        }
    }

    #[test]
    fn an_assistants_text_is_repaired_not_refused() {
        assert_eq!(MessageText::repaired("a\0b").as_str(), "a\u{fffd}b");
    }
}
