//! Colours by actor, and line wrapping.
//!
//! Invariant: widths are in columns; a Chinese character takes two.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The properties of a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Number of columns.
    pub columns: usize,
    /// Whether colours are wanted.
    pub has_colours: bool,
}

/// The style of a line, by actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// The customer.
    Customer,
    /// The assistant.
    Assistant,
    /// A member of staff.
    Agent,
    /// A process manager or an escalation rule.
    Policy,
    /// Remarks of this program.
    Quiet,
}

impl Style {
    /// The style of an actor of this kind.
    #[must_use]
    pub fn of(actor_kind: &str) -> Self {
        match actor_kind {
            "customer" => Self::Customer,
            "assistant" => Self::Assistant,
            "agent" => Self::Agent,
            "policy" => Self::Policy,
            _system_or_unknown => Self::Plain,
        }
    }

    /// The escape sequence, if any: one of the sixteen colours that every terminal displays readably.
    pub(super) fn sequence(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Customer => Some("\u{1b}[36m"),
            Self::Assistant => Some("\u{1b}[32m"),
            Self::Agent => Some("\u{1b}[35m"),
            Self::Policy => Some("\u{1b}[33m"),
            Self::Quiet => Some("\u{1b}[2m"),
        }
    }
}

/// Wraps a line to pieces of at most `columns`: after a space if there is one, otherwise anywhere.
pub(super) fn wrapped(line: &str, columns: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), line);
    while rest.width() > columns {
        let edge = edge(rest, columns);
        let at = rest[..edge].rfind(' ').map_or(edge, |space| space + 1);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.trim_end());
        rest = after;
    }
    if pieces.is_empty() || !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Where the line reaches the edge; at least one character fits.
fn edge(line: &str, columns: usize) -> usize {
    let mut taken = 0;
    for (at, c) in line.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > columns && at > 0 {
            return at;
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chinese_character_takes_two_columns() {
        assert_eq!(wrapped("刹车异响怎么办", 6), ["刹车异", "响怎么", "办"]);
        assert_eq!(wrapped("刹车 brakes", 7), ["刹车", "brakes"]);
        assert_eq!(wrapped("刹", 1), ["刹"]);
    }

    proptest! {
        #[test]
        fn wrapped_lines_fit_and_lose_only_spaces(line in "[ a电池é👍]{0,60}", columns in 2..20usize) {
            let pieces = wrapped(&line, columns);
            prop_assert!(pieces.iter().all(|piece| piece.width() <= columns), "{pieces:?}");
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&pieces.concat()), bare(&line));
        }
    }
}
