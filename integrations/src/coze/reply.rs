//! The reply in the making: parts of answers in, text to hand out.
//!
//! A part is handed out as it comes. The whole message says what is true: what it has beyond its parts is handed out then. If it
//! differs from what was handed out already, the reply is given up, for nothing handed out can be taken back. Two exceptions:
//! nothing of the message was handed out yet (then only the whole counts), or they differ in white space at the end (then what was
//! handed out stays).
//!
//! Answers follow one another as they began, with a blank line between them; parts of a later one wait until the one before is
//! whole, or the chat is over.
//!
//! Invariant: what `begun`, `whole` and `rest` return, put together, is the reply.

/// The most text that is held for one reply.
const MOST_BYTES: usize = 8 << 20;
/// What an answer costs beyond its text, so that empty ones are bounded as well.
const BYTES_EACH: usize = 256;
const BETWEEN: &str = "\n\n";

#[derive(Debug, Default)]
pub(super) struct Reply {
    answers: Vec<Answer>,
    /// The answer that is being handed out.
    current: usize,
    has_begun: bool,
    has_words: bool,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Answer {
    id: String,
    text: String,
    /// So many bytes of it are handed out.
    given: usize,
    is_whole: bool,
}

/// Why there can be no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoiled {
    /// The whole message is not what its parts were.
    Differs,
    /// It is too long.
    TooLong,
}

impl Reply {
    /// A part of an answer: text to hand out now.
    pub(super) fn part(&mut self, id: &str, part: &str) -> Result<String, Spoiled> {
        self.grow(part.len())?;
        let answer = self.answer(id)?;
        if !answer.is_whole {
            answer.text.push_str(part);
        }
        Ok(self.advance())
    }

    /// A whole answer: what its parts did not say yet, and answers that waited for it.
    pub(super) fn whole(&mut self, id: &str, whole: &str) -> Result<String, Spoiled> {
        self.grow(whole.len())?;
        let answer = self.answer(id)?;
        let given = &answer.text[..answer.given];
        if whole.starts_with(given) {
            answer.text = whole.to_owned();
        } else if whole.trim_end() == given.trim_end() {
            answer.text.truncate(answer.given);
        } else {
            return Err(Spoiled::Differs);
        }
        answer.is_whole = true;
        if self.answers[..self.current].iter().any(|passed| passed.given < passed.text.len()) {
            return Err(Spoiled::Differs);
        }
        Ok(self.advance())
    }

    /// A message is nothing to show after all. It must not have been shown.
    pub(super) fn hidden(&mut self, id: &str) -> Result<(), Spoiled> {
        match self.answers.iter_mut().find(|answer| answer.id == id) {
            Some(answer) if answer.given > 0 => Err(Spoiled::Differs),
            Some(answer) => {
                answer.text.clear();
                answer.is_whole = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The chat is over: all that waits.
    pub(super) fn rest(&mut self) -> String {
        for answer in &mut self.answers {
            answer.is_whole = true;
        }
        self.advance()
    }

    /// Whether something was handed out.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether more than white space was handed out.
    pub(super) fn has_words(&self) -> bool {
        self.has_words
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Spoiled> {
        self.bytes += bytes;
        if self.bytes > MOST_BYTES { Err(Spoiled::TooLong) } else { Ok(()) }
    }

    fn answer(&mut self, id: &str) -> Result<&mut Answer, Spoiled> {
        let at = match self.answers.iter().rposition(|answer| answer.id == id) {
            Some(at) => at,
            None => {
                self.grow(BYTES_EACH)?;
                self.answers.push(Answer { id: id.to_owned(), ..Answer::default() });
                self.answers.len() - 1
            }
        };
        Ok(&mut self.answers[at])
    }

    fn advance(&mut self) -> String {
        let mut new = String::new();
        while let Some(answer) = self.answers.get_mut(self.current) {
            let more = &answer.text[answer.given..];
            if !more.is_empty() {
                if answer.given == 0 && self.has_begun {
                    new.push_str(BETWEEN);
                }
                new.push_str(more);
                self.has_begun = true;
                self.has_words |= !more.trim().is_empty();
            }
            answer.given = answer.text.len();
            if !answer.is_whole {
                break;
            }
            self.current += 1;
        }
        new
    }
}
