//! Standard output. All output goes through here, so that no text from the log can move the cursor, change a colour or the direction
//! of writing: control characters are escaped.

use std::io::{self, Write};

use serde::Serialize;

use super::terminal::{Style, Terminal, wrapped};
use crate::{
    escape::{escaped, escaped_in_json},
    failure::Failure,
};

/// Column of the bar before a part; further left on a narrow terminal.
const BAR: usize = 40;
const BAR_WHEN_NARROW: usize = 8;
/// A terminal with fewer columns is narrow.
const NARROW: usize = 100;

/// The output of a command.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    json: bool,
    terminal: Option<Terminal>,
}

impl<'a> Screen<'a> {
    /// Prints to `out`, as JSON if requested.
    pub fn new(out: &'a mut dyn Write, json: bool) -> Self {
        Self { out, json, terminal: None }
    }

    /// Fits further lines to this terminal.
    pub fn fit(&mut self, terminal: Terminal) {
        self.terminal = Some(terminal);
    }

    /// Whether JSON was requested.
    #[must_use]
    pub fn json_wanted(&self) -> bool {
        self.json
    }

    /// Prints a line of text.
    ///
    /// # Errors
    /// It could not be written.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        let text = escaped(text);
        writeln!(self.out, "{}", text.trim_end()).map_err(Failure::Output)
    }

    /// Prints a line in the colour of its actor, on a terminal with colours.
    ///
    /// # Errors
    /// It could not be written.
    pub fn styled(&mut self, style: Style, text: &str) -> Result<(), Failure> {
        let has_colours = self.terminal.is_some_and(|terminal| terminal.has_colours);
        let Some(begin) = style.sequence().filter(|_| has_colours) else { return self.line(text) };
        let text = escaped(text);
        writeln!(self.out, "{begin}{}\u{1b}[0m", text.trim_end()).map_err(Failure::Output)
    }

    /// Prints a labelled text below a line. Each of its lines is printed after a bar, so that no text can imitate a line of
    /// this program.
    ///
    /// # Errors
    /// It could not be written.
    pub fn part(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        let label = if label.is_empty() { String::new() } else { format!("{label}: ") };
        for (number, line) in text.split('\n').enumerate() {
            let label = if number == 0 { label.as_str() } else { "" };
            self.behind_bar(&escaped(&format!("{label}{}", line.trim_end_matches('\r'))))?;
        }
        Ok(())
    }

    fn behind_bar(&mut self, text: &str) -> Result<(), Failure> {
        let Some(terminal) = self.terminal else { return self.line(&format!("{:>BAR$} | {text}", "")) };
        let bar = if terminal.columns < NARROW { BAR_WHEN_NARROW } else { BAR };
        let room = terminal.columns.saturating_sub(bar + " | ".len()).max(2);
        for piece in wrapped(text, room) {
            self.line(&format!("{:>bar$} | {piece}", ""))?;
        }
        Ok(())
    }

    /// Prints a label and its value.
    ///
    /// # Errors
    /// It could not be written.
    pub fn field(&mut self, label: &str, value: &str) -> Result<(), Failure> {
        self.line(&format!("{label:<10} {value}"))
    }

    /// Prints a count and its name.
    ///
    /// # Errors
    /// It could not be written.
    pub fn count(&mut self, what: &str, count: u64) -> Result<(), Failure> {
        self.line(&format!("{count:>12}  {what}"))
    }

    /// Prints a text without escaping; only for texts without control characters.
    ///
    /// # Errors
    /// It could not be written.
    pub fn raw(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::Output)
    }

    /// Prints a JSON document on one line.
    ///
    /// # Errors
    /// It could not be written.
    pub fn json(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(document).map_err(|error| Failure::Output(error.into()))?;
        writeln!(self.out, "{}", escaped_in_json(&text)).map_err(Failure::Output)
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// It could not be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_parses_to_the_same_text() {
        let text = "a\u{1b}\u{9b}\u{202e}\n电池\\\"\u{7f}".to_owned();
        let mut out = Vec::new();
        Screen::new(&mut out, true).json(&text).expect("written");
        let shown = String::from_utf8(out).expect("text");
        assert_eq!(escaped(shown.trim_end()), shown.trim_end(), "nothing is left to escape");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("json"), text);
    }
}
