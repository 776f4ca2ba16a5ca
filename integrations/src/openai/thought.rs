//! Takes out what a model thinks where the server leaves it in the text: Ollama and vLLM without a parser for reasoning send
//! `<think>…</think>` before the answer.
//!
//! Invariant: only at the beginning is it a thought; everywhere else such a tag is text.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// What has been passed on of a text.
#[derive(Debug, Default)]
pub(super) struct ThoughtFilter {
    place: Place,
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A thought may begin.
    #[default]
    Beginning,
    /// Within a thought.
    Thinking,
    /// White space after a thought.
    After,
    /// In the text.
    Text,
}

impl ThoughtFilter {
    /// What of a text that goes on is to be passed on now.
    pub(super) fn pass(&mut self, text: String) -> String {
        if self.place == Place::Text {
            return text;
        }
        self.held.push_str(&text);
        if self.place == Place::Beginning {
            let begun = self.held.trim_start();
            if let Some(thought) = begun.strip_prefix(OPEN) {
                (self.held, self.place) = (thought.to_owned(), Place::Thinking);
            } else if OPEN.starts_with(begun) {
                return String::new();
            } else {
                self.place = Place::Text;
            }
        }
        if self.place == Place::Thinking {
            let Some((_, rest)) = self.held.split_once(CLOSE) else {
                let end = self.held.floor_char_boundary(self.held.len().saturating_sub(CLOSE.len()));
                self.held.drain(..end);
                return String::new();
            };
            (self.held, self.place) = (rest.to_owned(), Place::After);
        }
        if self.place == Place::After {
            self.held = self.held.trim_start().to_owned();
            self.place = if self.held.is_empty() { Place::After } else { Place::Text };
        }
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::ThoughtFilter;

    /// What is passed on of a text in these pieces.
    fn passed<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut filter = ThoughtFilter::default();
        pieces.into_iter().map(|piece| filter.pass(piece.to_owned())).collect()
    }

    #[test]
    fn a_thought_at_the_beginning_is_taken_out_however_it_is_cut() {
        let texts = [
            ("<think>Hm.</think>\n\nHello <think>.", "Hello <think>."),
            (" \n<think>\n好 < </thin </think>你好", "你好"),
            ("<think></think>a", "a"),
            ("<think>for ever", ""),
            ("<thinking> is text", "<thinking> is text"),
            ("\n a</think>b", "\n a</think>b"),
            ("<", ""),
            ("", ""),
        ];
        for (text, expected) in texts {
            assert_eq!(passed([text]), expected, "{text}");
            assert_eq!(passed(text.split_inclusive(|_| true)), expected, "{text}, by character");
        }
    }

    #[test]
    fn a_long_thought_is_not_held() {
        let mut filter = ThoughtFilter::default();
        filter.pass("<think>".to_owned());
        for _ in 0..1_000 {
            assert_eq!(filter.pass("好好好".to_owned()), "");
        }
        assert!(filter.held.len() <= 20);
    }
}
