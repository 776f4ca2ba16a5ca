//! Markup for texts, times and ids.
//!
//! Invariants: text from the log never becomes markup; characters that change the direction of writing, or are not allowed in HTML,
//! are displayed as escapes.

use domain::{Language, Personal};
use event_store::{Position, event::time_text};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::{escape::escaped, session_history::SessionHistory};

/// A text with its line breaks, which the style sheet preserves.
pub(super) fn lines(text: &str) -> String {
    let shown: Vec<String> = text.split('\n').map(|line| escaped(line.trim_end_matches('\r'))).collect();
    shown.join("\n")
}

/// A personal text, or a placeholder for why it cannot be read.
pub(super) fn personal(history: &SessionHistory, position: Position, text: Personal<&str>) -> Markup {
    let shown = history.shown_at(position, text.as_ref().map(|text| *text));
    match text {
        Personal::Known(text) => html! { (lines(text)) },
        Personal::Erased | Personal::Sealed => html! { span.gone { (shown) } },
    }
}

/// A time with its zone.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(time_text(at)) { (at.strftime("%Y-%m-%d %H:%M:%S.%6f UTC")) } }
}

/// An id, hash or position.
pub(super) fn exact(text: &str) -> Markup {
    html! { code { (escaped(text)) } }
}

/// The language tag of a text.
pub(super) fn tag(language: Option<Language>) -> &'static str {
    language.map_or("und", Language::as_str)
}
