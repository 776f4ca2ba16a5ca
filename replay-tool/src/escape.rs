//! Texts out of the log, made harmless for a terminal: characters that could move a cursor, change a colour or turn the
//! direction of writing are shown, not sent.

/// Control characters, and the marks that separate lines or turn the direction of writing.
fn moves_the_screen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with such characters shown as `\n`, `\t` or `\u{1b}`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if moves_the_screen(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// In JSON they can stand within strings only, where `\u001b` says the same.
#[must_use]
pub fn escaped_in_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if moves_the_screen(c) { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_screen_is_sent_to_it() {
        assert_eq!(
            escaped("a\u{1b}[31m\r\u{9b}2J\u{202e}电池 👍\u{7f}"),
            "a\\u{1b}[31m\\r\\u{9b}2J\\u{202e}电池 👍\\u{7f}"
        );
    }
}
