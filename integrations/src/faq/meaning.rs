//! How near entries are to a question in meaning, by vectors from any server of `/v1/embeddings`.
//!
//! Every question line and every answer of every entry has a vector. They are made in the background, kept by what they are made of (`cache.rs`),
//! and compared here with the vector of the question. Whoever asks never waits longer than [`QUESTION_LIMIT`], and not at all
//! while the server is known to be away: words alone answer then, and the health says so.
//!
//! *Invariant:* nearnesses are of all entries of the index that was asked about, or there are none.

mod cache;
mod client;
mod keeping;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::corpus::FaqError;
use super::index::Index;
use cache::Cache;
use client::Client;

/// The longest that a question waits for its vector.
pub const QUESTION_LIMIT: Duration = Duration::from_millis(300);
/// After a failure, questions do without for so long; then one tries again.
const QUESTION_PAUSE: Duration = Duration::from_secs(5);

/// Who turns texts into vectors.
#[derive(Clone)]
pub struct MeaningSettings {
    /// The server's address, with or without `/embeddings`: `http://localhost:11434/v1`.
    pub url: String,
    /// What the server calls its model.
    pub model: String,
    /// Sent as `Authorization: Bearer …`.
    pub key: Option<String>,
    /// The file that keeps the vectors.
    pub cache: PathBuf,
}

impl std::fmt::Debug for MeaningSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, model, key: _, cache } = self;
        formatter.debug_struct("MeaningSettings").field("url", url).field("model", model).field("cache", cache).finish()
    }
}

/// How the server of vectors does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MeaningHealth {
    /// Question lines and answers of the entries in use.
    pub texts: usize,
    /// Of them without a vector yet; while there are any, words alone answer.
    pub missing: usize,
    /// Why the server could not be asked when it was last; `None`: it could.
    pub error: Option<String>,
}

/// The vectors, and who makes them.
pub(super) struct Meaning {
    client: Client,
    cache: Mutex<Cache>,
    vectors: RwLock<Option<Arc<Vectors>>>,
    health: Mutex<MeaningHealth>,
    /// Until when questions do without.
    pause: Mutex<Option<Instant>>,
    /// The server answered again.
    back: Notify,
}

/// The vectors of one index.
pub(super) struct Vectors {
    index: Weak<Index>,
    questions: Matrix,
    answers: Matrix,
}

/// Vectors one after the other, each of length 1.
#[derive(Default)]
struct Matrix {
    /// Of each vector: its entry.
    entries: Vec<usize>,
    numbers: Vec<f32>,
    dimensions: usize,
}

/// How near each entry is to a question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Near {
    /// By its nearest question line.
    pub(super) questions: Vec<f32>,
    /// By its nearest answer.
    pub(super) answers: Vec<f32>,
}

impl Meaning {
    /// Reads the vectors that were kept.
    ///
    /// # Errors
    /// The server cannot be asked as set.
    pub(super) fn open(settings: MeaningSettings) -> Result<Self, FaqError> {
        let cache = Cache::open(settings.cache, &settings.model);
        let client = Client::new(&settings.url, settings.model, settings.key)?;
        Ok(Self {
            client,
            cache: Mutex::new(cache),
            vectors: RwLock::default(),
            health: Mutex::default(),
            pause: Mutex::default(),
            back: Notify::new(),
        })
    }

    pub(super) fn health(&self) -> MeaningHealth {
        lock(&self.health).clone()
    }

    /// Whether the vectors of this index are there.
    pub(super) fn is_ready(&self, index: &Arc<Index>) -> bool {
        self.vectors.read().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|vectors| vectors.is_of(index))
    }

    /// How near each entry of the index is to a question; `None` where that cannot be said in time.
    pub(super) async fn nearness(&self, question: &str, index: &Arc<Index>) -> Option<Near> {
        self.nearness_within(QUESTION_LIMIT, question, index).await
    }

    /// The same with another limit.
    pub(super) async fn nearness_within(&self, limit: Duration, question: &str, index: &Arc<Index>) -> Option<Near> {
        let vectors = self.vectors.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        if !vectors.is_of(index) || self.is_paused() {
            return None;
        }
        match timeout(limit, self.client.vectors(&[question])).await {
            Ok(Ok(found)) => {
                self.answered();
                let near = vectors.near(found.first()?, index.entries().len());
                near.or_else(|| self.start_anew())
            }
            Ok(Err(error)) => self.failed(error.to_string()),
            Err(_late) => self.failed(format!("no answer within {} ms", limit.as_millis())),
        }
    }

    /// The model behind the name is another than before: its vectors cannot be compared with what is kept.
    fn start_anew<T>(&self) -> Option<T> {
        tracing::warn!("the server's vectors have another number of dimensions than before; all are made anew");
        lock(&self.cache).clear();
        *self.vectors.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.back.notify_one();
        None
    }

    fn is_paused(&self) -> bool {
        lock(&self.pause).is_some_and(|until| Instant::now() < until)
    }

    fn answered(&self) {
        *lock(&self.pause) = None;
        if lock(&self.health).error.take().is_some() {
            tracing::info!("the server of vectors answers again");
        }
    }

    /// Notes a failure; each kind of it is logged once until the server answers.
    fn failed<T>(&self, error: String) -> Option<T> {
        *lock(&self.pause) = Some(Instant::now() + QUESTION_PAUSE);
        let mut health = lock(&self.health);
        if health.error.as_ref() != Some(&error) {
            tracing::warn!(error, "the server of vectors cannot be asked; the FAQ answers by words alone");
        }
        health.error = Some(error);
        self.back.notify_one();
        None
    }
}

impl Vectors {
    fn is_of(&self, index: &Arc<Index>) -> bool {
        std::ptr::eq(self.index.as_ptr(), Arc::as_ptr(index))
    }

    fn near(&self, question: &[f32], entries: usize) -> Option<Near> {
        let (questions, answers) =
            (self.questions.nearest(question, entries)?, self.answers.nearest(question, entries)?);
        Some(Near { questions, answers })
    }
}

impl Matrix {
    fn push(&mut self, entry: usize, vector: &[f32]) {
        self.dimensions = vector.len();
        self.entries.push(entry);
        self.numbers.extend_from_slice(vector);
    }

    /// The nearness of the nearest vector of each entry; `None` where the question's is of another kind.
    fn nearest(&self, question: &[f32], entries: usize) -> Option<Vec<f32>> {
        if question.len() != self.dimensions {
            return None;
        }
        let mut nearest = vec![f32::MIN; entries];
        for (entry, vector) in self.entries.iter().zip(self.numbers.chunks_exact(self.dimensions)) {
            let near = nearest.get_mut(*entry)?;
            *near = near.max(dot(vector, question));
        }
        Some(nearest)
    }
}

/// Eight sums side by side, which the compiler makes wide instructions of.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (left, right) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (left, right) in left.zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += a * b;
        }
    }
    rest + sums.iter().sum::<f32>()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
