//! `desk check-config --ask`: asks each assistant that is set up one question, and says what came of it.
//!
//! Invariant: nothing is recorded; of an answer nothing is shown but its length, of a failure nothing but its codes.

use std::{fmt::Write as _, path::Path, sync::Arc, time::Instant};

use async_trait::async_trait;
use commands::{Answering, AssistantError, Piece, Question, assistants::Guarded};
use domain::{Language, RunId, SessionId};
use event_store::SystemClock;
use futures::StreamExt as _;
use integrations::{Faq, FaqAssistant, Grounding, Passage, faq::FaqSettings};
use serde_json::Map;
use uuid::Uuid;

use crate::{
    settings::{AssistantKind, Settings},
    startup::{AnyError, assistants},
};

/// Every assistant can answer it.
const QUESTION: &str = "Hello!";

/// An assistant did not answer.
#[derive(Debug, thiserror::Error)]
#[error("not every assistant answered")]
pub(crate) struct Unanswered;

/// A line for each assistant, and whether all of them answered.
///
/// # Errors
/// One cannot be asked with what is set.
pub(crate) async fn ask(settings: &Settings) -> Result<(String, bool), AnyError> {
    let folder = settings.faq_dir.clone().unwrap_or_else(|| settings.data_dir.join("faq"));
    let faq = open_faq(&folder)?;
    let grounding: Arc<dyn Grounding> = faq.clone().map_or_else(|| Arc::new(NoEntries) as _, |faq| Arc::new(faq) as _);
    let built = assistants::build(settings, faq.map(FaqAssistant::new), &grounding, None, &SystemClock::shared())?;
    let (mut text, mut have_all_answered) = (String::new(), true);
    for member in &built.members {
        let began = Instant::now();
        let outcome = answer_of(member).await;
        have_all_answered &= outcome.is_ok();
        let said = match outcome {
            Ok(bytes) => format!("answered, {bytes} bytes"),
            Err(error) => format!("did not answer: {}", why(&error)),
        };
        writeln!(text, "{:<8} {said}, after {} ms", member.name(), began.elapsed().as_millis())?;
    }
    if !folder.exists() && settings.assistant_order().contains(&AssistantKind::Faq) {
        writeln!(text, "faq      has no entries before the first start, which writes them to {}", folder.display())?;
    }
    Ok((text, have_all_answered))
}

/// The folder is made at the first start: until then there is nothing to ask.
fn open_faq(folder: &Path) -> Result<Option<Faq>, AnyError> {
    if !folder.exists() {
        return Ok(None);
    }
    Ok(Some(Faq::open(FaqSettings { folder: folder.to_owned(), last_good: None, meaning: None })?))
}

async fn answer_of(member: &Arc<Guarded>) -> Result<usize, AssistantError> {
    let mut pieces: Answering = member.answer(question());
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        match piece? {
            Piece::Text(text) => bytes += text.len(),
            Piece::Asked(_) | Piece::Done(_) => {}
        }
    }
    Ok(bytes)
}

fn why(error: &AssistantError) -> String {
    let mut why = format!("{:?}", error.code);
    for (what, value) in [("code", &error.error_code), ("log id", &error.log_id)] {
        if let Some(value) = value {
            why += &format!(", {what} {value}");
        }
    }
    why
}

fn question() -> Question {
    Question {
        session: SessionId(Uuid::new_v4()),
        request: Uuid::new_v4(),
        run: RunId(Uuid::new_v4()),
        attempt: 1,
        messages: vec![QUESTION.to_owned()],
        history: Vec::new(),
        language: Language::En,
        parameters: Map::new(),
        assistant_context: None,
        earlier: None,
    }
}

/// No entries yet.
pub(crate) struct NoEntries;

#[async_trait]
impl Grounding for NoEntries {
    async fn passages(&self, _: &str, _: Language, _: usize) -> Vec<Passage> {
        Vec::new()
    }
}
