//! The FAQ as an assistant: each message of a question gets its entry, word for word, or an honest "I do not know".

use std::sync::Arc;

use commands::{Answering, Assistant, Completion, Piece, Question};
use domain::session::event::Outcome;

use crate::faq::{Faq, Hit, chunks};

/// Answers from a folder of Markdown.
#[derive(Clone)]
pub struct FaqAssistant {
    faq: Arc<Faq>,
}

impl FaqAssistant {
    /// An assistant over an index.
    #[must_use]
    pub fn new(faq: Faq) -> Self {
        Self { faq: Arc::new(faq) }
    }

    /// The whole answer: one entry for each thing that was asked, none twice.
    fn compose(&self, question: &Question) -> (String, Completion) {
        let mut found: Vec<Hit> = Vec::new();
        for hit in question.messages.iter().filter_map(|message| self.faq.ask(message)) {
            let is_new = found.iter().all(|known| known.key != hit.key);
            if hit.is_sure() && is_new {
                found.push(hit);
            }
        }
        if found.is_empty() {
            return (String::new(), completion(Outcome::DoesNotKnow, &found));
        }
        let text = found.iter().map(|hit| hit.answer.as_str()).collect::<Vec<_>>().join("\n\n");
        (text, completion(Outcome::Answered, &found))
    }
}

/// An answer is as sure as its least sure part.
fn completion(outcome: Outcome, found: &[Hit]) -> Completion {
    let confidence = found.iter().map(|hit| f64::from(hit.confidence)).reduce(f64::min).unwrap_or(0.0);
    let sources = found.iter().map(|hit| hit.key.clone()).collect();
    Completion { confidence: Some(confidence), sources, ..Completion::new(outcome) }
}

impl Assistant for FaqAssistant {
    fn name(&self) -> &str {
        "faq"
    }

    fn answer(&self, question: Question) -> Answering {
        let assistant = self.clone();
        Box::pin(async_stream::stream! {
            let (text, completion) = assistant.compose(&question);
            for chunk in chunks(&text) {
                yield Ok(Piece::Text(chunk.to_owned()));
                // Lets readers of the stream see one chunk before the next is there.
                tokio::task::yield_now().await;
            }
            yield Ok(Piece::Done(completion));
        })
    }
}
