//! Escapes texts for a terminal: characters that could move the cursor, change a colour or the direction of writing are displayed
//! as escapes.

/// Control characters, line separators and marks that change the direction of writing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with such characters shown as `\n`, `\t` or `\u{1b}`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// The JSON with such characters escaped: they only occur within strings, where `\u001b` is equivalent.
#[must_use]
pub fn escaped_in_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        assert_eq!(
            escaped("a\u{1b}[31m\r\u{9b}2J\u{202e}电池 👍\u{7f}"),
            "a\\u{1b}[31m\\r\\u{9b}2J\\u{202e}电池 👍\\u{7f}"
        );
    }
}
