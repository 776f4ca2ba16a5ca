//! The FAQ as an assistant: each message of a question gets its entry, word for word; else entries to choose from, or an honest
//! "I do not know".

use std::fmt::Write as _;

use commands::{Answering, Assistant, Completion, Piece, Question};
use domain::{Language, session::event::Outcome, texts};

use crate::faq::{Faq, Found, Hit, chunks};

/// Choices that are offered at most.
const MOST_CHOICES: usize = 3;

/// Answers from a folder of Markdown.
#[derive(Clone)]
pub struct FaqAssistant {
    faq: Faq,
}

impl FaqAssistant {
    /// An assistant over an index.
    #[must_use]
    pub fn new(faq: Faq) -> Self {
        Self { faq }
    }

    /// The whole answer: one entry for each thing that was asked, none twice.
    async fn compose(&self, question: &Question) -> (String, Completion) {
        let (mut sure, mut unsure) = (Vec::new(), Vec::new());
        for message in &question.messages {
            match self.faq.ask(message, question.language).await {
                Found::Sure(hit) => sure.push(hit),
                Found::Unsure(hits) => unsure.push(hits),
                Found::Nothing => {}
            }
        }
        if !sure.is_empty() {
            return answered(&each_once(sure), question.language);
        }
        if !unsure.is_empty() {
            return offered(&choices(unsure), question.language);
        }
        (String::new(), Completion { confidence: Some(0.0), ..Completion::new(Outcome::DoesNotKnow) })
    }
}

fn answered(hits: &[Hit], language: Language) -> (String, Completion) {
    let text = hits.iter().map(|hit| answer(hit, language)).collect::<Vec<_>>().join("\n\n");
    (text, completion(Outcome::Answered, hits))
}

/// An answer in another language than the customer's says so.
fn answer(hit: &Hit, language: Language) -> String {
    if hit.language == language {
        return hit.answer.clone();
    }
    format!("{}\n\n{}", texts::in_another_language(language), hit.answer)
}

/// Choices as buttons, and as plain text for clients that do not know of them.
fn offered(hits: &[Hit], language: Language) -> (String, Completion) {
    let mut text = texts::did_you_mean(language).to_owned();
    for hit in hits {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n- {}", hit.question);
    }
    let suggestions = hits.iter().map(|hit| hit.question.clone()).collect();
    (text, Completion { suggestions, ..completion(Outcome::Offered, hits) })
}

/// The best of each message first, then the second of each, and so on.
fn choices(unsure: Vec<Vec<Hit>>) -> Vec<Hit> {
    let longest = unsure.iter().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..longest).flat_map(|place| unsure.iter().filter_map(move |hits| hits.get(place)));
    let mut choices = each_once(in_turn.cloned().collect());
    choices.truncate(MOST_CHOICES);
    choices
}

fn each_once(hits: Vec<Hit>) -> Vec<Hit> {
    let mut once: Vec<Hit> = Vec::new();
    for hit in hits {
        if once.iter().all(|known| known.key != hit.key) {
            once.push(hit);
        }
    }
    once
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
            let (text, completion) = assistant.compose(&question).await;
            for chunk in chunks(&text) {
                yield Ok(Piece::Text(chunk.to_owned()));
                // Lets readers of the stream see one chunk before the next is there.
                tokio::task::yield_now().await;
            }
            yield Ok(Piece::Done(completion));
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
