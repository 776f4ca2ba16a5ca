//! From a question to an answer: as many rounds as the model needs, bounded.
//!
//! Invariant: whatever ends it, the tokens of all rounds are told.

use std::sync::Arc;

use async_stream::try_stream;
use commands::{Answering, AssistantError, Completion, Piece, Question};
use domain::session::event::{FailureCode, Outcome, Tokens};

use super::{
    config::{ApiKey, OpenAiConfig},
    endpoint::Endpoint,
    prompt::{Prompt, SystemPrompt},
    reading::Reading,
    request::{Message, Request},
    round::{Ending, Round},
    tools::{Lookup, echo, hands_over},
};
use crate::grounding::Grounding;

/// How often the model may call tools before it is told to answer without.
const ROUNDS_WITH_TOOLS: u32 = 4;
/// Between what the model says before a call of tools and after it.
const JOINT: &str = "\n\n";
/// A key of fewer characters would blank out ordinary words.
const SHORTEST_SECRET: usize = 8;

/// All that questions need.
pub(super) struct Asking {
    pub(super) config: OpenAiConfig,
    pub(super) endpoint: Endpoint,
    pub(super) system: SystemPrompt,
    pub(super) grounding: Arc<dyn Grounding>,
}

/// The answer to a question.
pub(super) fn answer(asking: Arc<Asking>, question: Question) -> Answering {
    Box::pin(try_stream! {
        // All messages were erased.
        if question.messages.is_empty() {
            yield Piece::Done(completion(Outcome::DoesNotKnow, None, Vec::new()));
            return;
        }
        let mut answer = Answer::begin(&asking, question).await;
        let outcome = loop {
            let mut reading = answer.ask().await?;
            while let Some(piece) = answer.next(&mut reading).await? {
                yield piece;
            }
            if let Some(outcome) = answer.end(reading.round()).await? {
                break outcome;
            }
        };
        yield Piece::Done(completion(outcome, answer.tokens, answer.sources));
    })
}

fn completion(outcome: Outcome, tokens: Option<Tokens>, sources: Vec<String>) -> Completion {
    Completion { outcome, confidence: None, tokens, sources, suggestions: Vec::new(), context: None }
}

/// An answer in the making.
struct Answer<'a> {
    asking: &'a Asking,
    /// The id of the request that the question came of.
    came_of: String,
    prompt: Prompt,
    lookup: Lookup<'a>,
    /// What the model called, and what it heard.
    exchange: Vec<Message>,
    rounds: u32,
    tokens: Option<Tokens>,
    sources: Vec<String>,
    /// The customer has text.
    has_said: bool,
    /// The next text is the first of a later round.
    joins: bool,
    log_id: Option<String>,
}

impl<'a> Answer<'a> {
    async fn begin(asking: &'a Asking, question: Question) -> Self {
        let came_of = question.request.to_string();
        let lookup = Lookup::new(&*asking.grounding, &question, asking.config.passages);
        let passages = lookup.passages(&question.messages.join("\n")).await;
        let prompt = Prompt::new(&asking.system, asking.config.context_tokens, question, &passages);
        let mut answer = Self {
            asking,
            came_of,
            prompt,
            lookup,
            exchange: Vec::new(),
            rounds: 0,
            tokens: None,
            sources: vec![asking.system.source()],
            has_said: false,
            joins: false,
            log_id: None,
        };
        answer.lean_on(answer.prompt.keys.clone());
        answer
    }

    /// Asks for the next round.
    async fn ask(&mut self) -> Result<Reading, AssistantError> {
        self.rounds += 1;
        let messages = self.prompt.messages(&self.exchange);
        let request = Request::new(&self.asking.config, &messages, self.rounds <= ROUNDS_WITH_TOOLS);
        let response = self.asking.endpoint.post(&self.came_of, &request).await.map_err(|error| self.failed(error))?;
        let reading = Reading::begin(response).await.map_err(|error| self.failed(error))?;
        self.log_id = reading.log_id().cloned();
        Ok(reading)
    }

    /// The next piece of a round.
    async fn next(&mut self, reading: &mut Reading) -> Result<Option<Piece>, AssistantError> {
        let piece = reading.next().await.map_err(|error| {
            self.count(reading.round().usage());
            self.failed(error)
        })?;
        Ok(match piece {
            Some(Piece::Text(text)) if !text.is_empty() => {
                self.has_said |= !text.trim().is_empty();
                Some(Piece::Text(if std::mem::take(&mut self.joins) { format!("{JOINT}{text}") } else { text }))
            }
            other => other,
        })
    }

    /// How it ends; `None` if the model is to be asked again.
    async fn end(&mut self, round: &Round) -> Result<Option<Outcome>, AssistantError> {
        self.count(round.usage());
        let has_text = !round.text().trim().is_empty();
        let ended = match round.ending() {
            Ending::Truncated => Err(malformed("the answer broke off")),
            Ending::GivenUp => Err(AssistantError::new(FailureCode::Unavailable, "the server gave the answer up")),
            Ending::Blocked => Ok(Outcome::Blocked),
            Ending::CutOff if self.has_said => Ok(Outcome::CutOff),
            Ending::CutOff => Err(for_good("the length limit was reached before any text")),
            Ending::Calls if self.asking.config.tools => match self.call(round).await {
                Ok(None) => return Ok(None),
                Ok(Some(outcome)) => Ok(outcome),
                Err(error) => Err(error),
            },
            Ending::Calls | Ending::Complete if has_text => Ok(Outcome::Answered),
            Ending::Calls | Ending::Complete => Err(malformed("the answer is empty")),
        };
        ended.map(Some).map_err(|error| self.failed(error))
    }

    /// Does what the model calls for.
    async fn call(&mut self, round: &Round) -> Result<Option<Outcome>, AssistantError> {
        if hands_over(round.calls()) {
            return Ok(Some(Outcome::HandsOver));
        }
        if self.rounds > ROUNDS_WITH_TOOLS {
            return Err(for_good("the model calls tools without end"));
        }
        self.exchange.push(Message::Assistant {
            content: Some(round.text().to_owned()).filter(|text| !text.is_empty()),
            tool_calls: round.calls().iter().map(echo).collect(),
            reasoning_content: round.reasoning().map(str::to_owned),
        });
        for call in round.calls() {
            let (result, keys) = self.lookup.result(call).await;
            self.exchange.push(result);
            self.lean_on(keys);
        }
        self.joins = self.has_said;
        Ok(None)
    }

    fn lean_on(&mut self, keys: Vec<String>) {
        for source in keys.into_iter().map(|key| format!("faq:{key}")) {
            if !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
    }

    fn count(&mut self, usage: Option<Tokens>) {
        let Some(usage) = usage else { return };
        let so_far = self.tokens.unwrap_or_default();
        self.tokens = Some(Tokens {
            input: so_far.input.saturating_add(usage.input),
            output: so_far.output.saturating_add(usage.output),
        });
    }

    /// An error with what is known by now, and without the key, which some servers quote.
    fn failed(&self, error: AssistantError) -> AssistantError {
        let key = self.asking.config.api_key.as_ref().map(ApiKey::reveal);
        let detail = match key.filter(|key| key.len() >= SHORTEST_SECRET) {
            Some(key) => error.detail.replace(key, "…"),
            None => error.detail,
        };
        AssistantError { detail, tokens: self.tokens, log_id: error.log_id.or_else(|| self.log_id.clone()), ..error }
    }
}

fn malformed(detail: &str) -> AssistantError {
    AssistantError::new(FailureCode::Malformed, detail)
}

/// Malformed, and the same model would do the same again.
fn for_good(detail: &str) -> AssistantError {
    AssistantError { retryable: false, ..malformed(detail) }
}
