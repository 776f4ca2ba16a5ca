//! One answer of the server, put together from its events: a text, calls of tools, and how it ended.
//!
//! Without I/O: it takes the data of one event after the other and gives the text that is new. Invariants: what it gave is exactly
//! its text; no server makes it hold more than [`LIMIT`] bytes.

use domain::session::event::Tokens;

use super::{
    chunk::{self, CallPart, Chunk, Data, Finish},
    failure::ServerError,
    thought::ThoughtFilter,
};

/// The most bytes that text, reasoning and calls of one answer may have together: several times what models can write at once.
const LIMIT: usize = 4 << 20;
/// The most calls of one answer.
const MOST_CALLS: usize = 16;
/// The longest id that is kept.
const LONGEST_ID: usize = 256;

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Round {
    id: Option<String>,
    text: String,
    thoughts: ThoughtFilter,
    reasoning: Option<String>,
    calls: Vec<Call>,
    finish: Option<Finish>,
    is_done: bool,
    usage: Option<Tokens>,
    held: usize,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    index: Option<u64>,
    /// Its id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is called with: JSON, if the model wrote some.
    pub arguments: String,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With calls of tools.
    Calls,
    /// Complete.
    Complete,
    /// At the length limit.
    CutOff,
    /// By a content filter.
    Blocked,
    /// The server gave up and said so.
    GivenUp,
    /// In the middle: there was neither a reason nor `[DONE]`.
    Truncated,
}

/// Why an answer cannot be read on.
#[derive(Debug)]
pub enum Fault {
    /// The server said that it failed.
    Server(ServerError),
    /// An event is no chunk.
    NoChunk,
    /// More than anybody wants to hold.
    TooLong,
}

impl Round {
    /// Takes the data of an event, and gives the text that it adds.
    ///
    /// # Errors
    /// The server failed, or writes what is no answer.
    pub fn take(&mut self, data: &str) -> Result<String, Fault> {
        if data.trim().is_empty() {
            return Ok(String::new());
        }
        match chunk::read(data).ok_or(Fault::NoChunk)? {
            Data::Done => {
                self.is_done = true;
                Ok(String::new())
            }
            Data::Failed(error) => Err(Fault::Server(error)),
            Data::Chunk(chunk) => self.add(chunk),
        }
    }

    fn add(&mut self, chunk: Chunk) -> Result<String, Fault> {
        let Chunk { id, text, reasoning, calls, finish, usage } = chunk;
        self.id = self.id.take().or(id.filter(|id| id.len() <= LONGEST_ID));
        self.finish = finish.or(self.finish);
        self.usage = usage.or(self.usage);
        let reasoned = reasoning.as_ref().map_or(0, String::len);
        let called: usize = calls.iter().map(|call| call.id.len() + call.name.len() + call.arguments.len()).sum();
        self.held += text.len() + reasoned + called;
        if self.held > LIMIT {
            return Err(Fault::TooLong);
        }
        if let Some(reasoning) = reasoning {
            self.reasoning.get_or_insert_default().push_str(&reasoning);
        }
        for part in calls {
            self.add_call(part)?;
        }
        let text = self.thoughts.pass(text);
        self.text.push_str(&text);
        Ok(text)
    }

    fn add_call(&mut self, part: CallPart) -> Result<(), Fault> {
        if let Some(call) = self.call_of(&part) {
            call.arguments.push_str(&part.arguments);
            if call.name.is_empty() {
                call.name = part.name;
            }
            return Ok(());
        }
        if self.calls.len() == MOST_CALLS {
            return Err(Fault::TooLong);
        }
        let id = if part.id.is_empty() { format!("call_{}", self.calls.len()) } else { part.id };
        self.calls.push(Call { index: part.index, id, name: part.name, arguments: part.arguments });
        Ok(())
    }

    /// The call that a part goes on with. Some servers repeat id and name in each part, and some give all calls the same index, or
    /// none: a new id with a name begins another call.
    fn call_of(&mut self, part: &CallPart) -> Option<&mut Call> {
        let is_new = !part.id.is_empty() && !part.name.is_empty();
        self.calls.iter_mut().rev().find(|call| {
            let has_index = part.index.is_none() || call.index == part.index;
            has_index && (call.id == part.id || !is_new)
        })
    }

    /// Marks it as ended by a content filter that answered with an error.
    pub(super) fn block(&mut self) {
        self.finish = Some(Finish::Filtered);
        self.is_done = true;
    }

    /// Marks it as whole: it came in one piece.
    pub(super) fn end(&mut self) {
        self.is_done = true;
    }

    /// How it ended, once there are no more events.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self.finish {
            Some(Finish::Length) => Ending::CutOff,
            Some(Finish::Filtered) => Ending::Blocked,
            Some(Finish::Failed) => Ending::GivenUp,
            None if !self.is_done => Ending::Truncated,
            Some(Finish::Stop) | None if self.calls.is_empty() => Ending::Complete,
            Some(Finish::Stop) | None => Ending::Calls,
        }
    }

    /// Whether `[DONE]` came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether a reason came for its end: what may follow is usage and `[DONE]`.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// The id that the server gave it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the model thought, to be sent back with its calls only.
    pub(super) fn reasoning(&self) -> Option<&str> {
        self.reasoning.as_deref()
    }

    /// The tools that it calls.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What it cost, as far as told.
    #[must_use]
    pub fn usage(&self) -> Option<Tokens> {
        self.usage
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
