//! Keeps a vector for every question line and answer in use, in the background.
//!
//! *Invariant:* an index has vectors for all of its texts or none; a server that is away is asked again after growing delays.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::cache::{Cache, Hash};
use super::client::ClientError;
use super::{Matrix, Meaning, Vectors, lock};
use crate::faq::index::Index;

/// Texts that are asked about at a time: a small machine answers within seconds.
const BATCH: usize = 32;
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// An answer's first characters say what it is about.
const HEAD: usize = 300;

/// A question line or an answer that wants a vector.
struct Text {
    entry: usize,
    is_answer: bool,
    text: String,
    hash: Hash,
}

impl Text {
    fn new(entry: usize, is_answer: bool, text: &str, cache: &Cache) -> Self {
        let text: String = text.chars().take(HEAD).collect();
        Self { entry, is_answer, hash: cache.hash(&text), text }
    }
}

impl Meaning {
    /// Makes the vectors of each index that comes into use; asks after the server while it is away.
    pub(in crate::faq) async fn keep_up(&self, mut indexes: watch::Receiver<Arc<Index>>) {
        loop {
            let index = indexes.borrow_and_update().clone();
            tokio::select! {
                never = self.serve(&index) => match never {},
                changed = indexes.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Has the vectors of this index ready, for as long as it is in use.
    async fn serve(&self, index: &Arc<Index>) -> Infallible {
        let texts = self.texts(index);
        loop {
            self.complete(&texts).await;
            while self.publish(index, &texts) {
                self.back.notified().await;
                self.until_it_answers().await;
            }
            sleep(FIRST_DELAY).await;
        }
    }

    fn texts(&self, index: &Index) -> Vec<Text> {
        let cache = lock(&self.cache);
        let mut texts = Vec::new();
        for (entry, one) in index.entries().iter().enumerate() {
            texts.extend(one.questions().map(|question| Text::new(entry, false, question, &cache)));
            texts.extend(one.articles.iter().map(|article| Text::new(entry, true, &article.answer, &cache)));
        }
        texts
    }

    /// Asks for what is missing until nothing is.
    async fn complete(&self, texts: &[Text]) {
        let mut delay = FIRST_DELAY;
        loop {
            let missing = self.missing(texts);
            self.note_missing(texts.len(), missing.len());
            let Some(batch) = missing.chunks(BATCH).next() else { return };
            match self.make(batch).await {
                Ok(()) => delay = FIRST_DELAY,
                Err(error) => {
                    self.failed::<()>(error.to_string());
                    sleep(delay).await;
                    delay = (delay * 2).min(LONGEST_DELAY);
                }
            }
        }
    }

    fn note_missing(&self, texts: usize, missing: usize) {
        let mut health = lock(&self.health);
        (health.texts, health.missing) = (texts, missing);
    }

    fn missing<'a>(&self, texts: &'a [Text]) -> Vec<&'a Text> {
        let cache = lock(&self.cache);
        texts.iter().filter(|text| cache.get(&text.hash).is_none()).collect()
    }

    async fn make(&self, batch: &[&Text]) -> Result<(), ClientError> {
        let texts: Vec<&str> = batch.iter().map(|text| text.text.as_str()).collect();
        let vectors = self.client.vectors(&texts).await?;
        self.answered();
        let mut cache = lock(&self.cache);
        for (text, vector) in batch.iter().zip(vectors) {
            cache.insert(text.hash, vector);
        }
        Ok(())
    }

    /// Puts the vectors of an index into use, and keeps them; false where they are not all there, or of several models.
    fn publish(&self, index: &Arc<Index>, texts: &[Text]) -> bool {
        let mut cache = lock(&self.cache);
        let Some(made) = vectors(index, texts, &cache) else {
            // The model behind the name is another than before.
            cache.clear();
            return false;
        };
        if self.is_ready(index) {
            return true;
        }
        let hashes: Vec<Hash> = texts.iter().map(|text| text.hash).collect();
        if let Err(error) = cache.keep(&hashes) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the FAQ's vectors cannot be kept");
        }
        tracing::info!(texts = texts.len(), "the FAQ answers by words and meaning");
        *self.vectors.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(made));
        true
    }

    /// Asks for something short, after growing delays, until there is an answer.
    async fn until_it_answers(&self) {
        let mut delay = FIRST_DELAY;
        while self.health().error.is_some() {
            sleep(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
            match tokio::time::timeout(super::QUESTION_LIMIT, self.client.vectors(&["?"])).await {
                Ok(Ok(_)) => self.answered(),
                Ok(Err(error)) => drop(self.failed::<()>(error.to_string())),
                Err(_late) => drop(self.failed::<()>("it is slow".to_owned())),
            }
        }
    }
}

/// The vectors of all texts; `None` where one lacks, or they are of several models.
fn vectors(index: &Arc<Index>, texts: &[Text], cache: &Cache) -> Option<Vectors> {
    let (mut questions, mut answers) = (Matrix::default(), Matrix::default());
    for text in texts {
        let vector = cache.get(&text.hash)?;
        let matrix = if text.is_answer { &mut answers } else { &mut questions };
        matrix.push(text.entry, vector);
    }
    let is_even = |matrix: &Matrix| matrix.numbers.len() == matrix.entries.len() * questions.dimensions;
    let (index, is_even) = (Arc::downgrade(index), is_even(&questions) && is_even(&answers));
    is_even.then_some(Vectors { index, questions, answers })
}
