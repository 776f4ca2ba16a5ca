//! Any server with OpenAI's chat completions as an assistant: OpenAI, Azure OpenAI, vLLM, Ollama, llama.cpp, DeepSeek, Qwen, gateways.
//!
//! `prompt` says what the model is told, `request` is how it is written, `endpoint` sends it; `chunk` reads one event of the answer,
//! `round` puts a whole answer together, `reading` hands it out as it comes, `tools` does what the model asks for, and `answer` goes
//! on until there is a text or an end. `failure` says what a refusal means.
//!
//! Invariants: what customers, pages and FAQ say stands between delimiters that it cannot close, and is called data; reasoning and
//! tool calls never become text; a hand-over is a tool call, never read from a text; the key is in no error and no log line.
//! Dropping the stream closes the connection, which is how a model is told to stop.

mod answer;
mod budget;
mod chunk;
mod config;
mod endpoint;
mod failure;
mod prompt;
mod reading;
mod request;
mod retry_after;
mod round;
mod thought;
mod tools;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use commands::{Answering, Assistant, Question};

use crate::grounding::Grounding;
use answer::Asking;
use endpoint::Endpoint;
use prompt::SystemPrompt;

pub use config::{ApiKey, ExtraBody, OpenAiConfig, OpenAiConfigError};
pub use round::{Ending, Round};

/// A model behind such a server.
#[derive(Clone)]
pub struct OpenAi {
    asking: Arc<Asking>,
}

impl OpenAi {
    /// A model that is grounded on what the shop knows.
    ///
    /// # Errors
    /// The configuration cannot be used; the error names the setting.
    pub fn new(config: OpenAiConfig, grounding: Arc<dyn Grounding>) -> Result<Self, OpenAiConfigError> {
        let endpoint = Endpoint::new(&config)?;
        let system = SystemPrompt::new(&config)?;
        config.check()?;
        Ok(Self { asking: Arc::new(Asking { config, endpoint, system, grounding }) })
    }

    /// The version of the system prompt, as the sources of an answer name it: `prompt:` and 16 hexadecimal digits.
    #[must_use]
    pub fn prompt_version(&self) -> String {
        self.asking.system.source()
    }
}

impl Assistant for OpenAi {
    fn name(&self) -> &str {
        &self.asking.config.name
    }

    fn answer(&self, question: Question) -> Answering {
        answer::answer(self.asking.clone(), question)
    }
}
