//! Asks a server of `/v1/embeddings` for vectors.
//!
//! *Invariant:* what it gives are as many vectors as texts, in their order, each of length 1 and of the same number of dimensions.

use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::faq::FaqError;
use crate::http_client::{http_client, is_protected};

/// The longest that a batch may take: a small machine needs seconds for it.
const BATCH_LIMIT: Duration = Duration::from_secs(60);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// An answer of more bytes than this is none of ours.
const MOST_BYTES: usize = 64 << 20;
/// More of a text says nothing more about its topic, and servers refuse long ones.
const MOST_CHARACTERS: usize = 1_000;

/// A vector of length 1.
pub(super) type Vector = Vec<f32>;

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it answers {0}")]
    Refused(u16),
    #[error("its answer is not one of /v1/embeddings: {0}")]
    Malformed(String),
}

pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    model: String,
    key: Option<String>,
}

#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    input: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vector,
}

impl Client {
    /// A client for the server at this address; a key is sent by HTTPS or to this machine only.
    pub(super) fn new(url: &str, model: String, key: Option<String>) -> Result<Self, FaqError> {
        let base = url.trim_end_matches('/').trim_end_matches("/embeddings");
        let url: Url = format!("{base}/embeddings").parse().map_err(|_| FaqError::Address)?;
        if !is_protected(&url) {
            if key.is_some() {
                return Err(FaqError::KeyInTheClear);
            }
            tracing::warn!("customers' questions go to the server of vectors in the clear");
        }
        Ok(Self { http: http_client(CONNECT_LIMIT).map_err(FaqError::Meaning)?, url, model, key })
    }

    /// The vectors of texts, in their order.
    pub(super) async fn vectors(&self, texts: &[&str]) -> Result<Vec<Vector>, ClientError> {
        let input = texts.iter().map(|text| head(text)).collect();
        let asked = self.http.post(self.url.clone()).timeout(BATCH_LIMIT).json(&Asked { model: &self.model, input });
        let asked = match &self.key {
            Some(key) => asked.bearer_auth(key),
            None => asked,
        };
        let unreachable = |error: reqwest::Error| ClientError::Unreachable(innermost(&error.without_url()));
        let mut response = asked.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(ClientError::Refused(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&bytes);
            if body.len() > MOST_BYTES {
                return Err(ClientError::Malformed("it does not end".to_owned()));
            }
        }
        read(&body, texts.len())
    }
}

/// As much of a text as is sent.
fn head(text: &str) -> &str {
    let end = text.char_indices().nth(MOST_CHARACTERS).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// The cause, without the texts around it.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The vectors in a body, checked.
pub(super) fn read(body: &[u8], texts: usize) -> Result<Vec<Vector>, ClientError> {
    let malformed = |what: &str| ClientError::Malformed(what.to_owned());
    let answer: Answer = serde_json::from_slice(body).map_err(|_| malformed("no JSON with data[].embedding"))?;
    if answer.data.len() != texts {
        return Err(malformed("another number of vectors than of texts"));
    }
    let mut vectors = vec![Vector::new(); texts];
    for Embedding { index, embedding } in answer.data {
        let place = vectors.get_mut(index).filter(|place| place.is_empty());
        *place.ok_or_else(|| malformed("index"))? = unit(embedding).ok_or_else(|| malformed("no direction"))?;
    }
    let dimensions = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.len() != dimensions) {
        return Err(malformed("vectors of several lengths"));
    }
    Ok(vectors)
}

/// A vector's direction; `None` where it has none.
fn unit(vector: Vector) -> Option<Vector> {
    let length = vector.iter().map(|one| one * one).sum::<f32>().sqrt();
    (length.is_finite() && length > 0.0).then(|| vector.iter().map(|one| one / length).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_goes_by_https_or_to_this_machine_only() {
        let client =
            |url: &str, key: Option<&str>| Client::new(url, "m".to_owned(), key.map(str::to_owned)).map(|one| one.url);
        for url in ["http://localhost:1/v1", "http://localhost:1/v1/", "http://localhost:1/v1/embeddings"] {
            assert_eq!(client(url, Some("k")).ok().as_ref().map(Url::as_str), Some("http://localhost:1/v1/embeddings"));
        }
        assert!(matches!(client("http://ollama:11434/v1", Some("k")), Err(FaqError::KeyInTheClear)));
        assert!(
            client("http://ollama:11434/v1", None).is_ok() && client("https://api.openai.com/v1", Some("k")).is_ok()
        );
        assert!(matches!(client("nowhere", None), Err(FaqError::Address)));
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts_with_length_1() {
        let body = r#"{"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}],"model":"m"}"#;
        assert_eq!(read(body.as_bytes(), 2).ok(), Some(vec![vec![0.6, 0.8], vec![0.0, 1.0]]));
    }

    #[test]
    fn answers_of_another_form_are_refused() {
        for (body, texts) in [
            ("", 1),
            ("{}", 1),
            (r#"{"data":[]}"#, 1),
            (r#"{"data":[{"index":1,"embedding":[1]}]}"#, 1),
            (r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, 2),
            (r#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}"#, 2),
            (r#"{"data":[{"index":0,"embedding":[0,0]}]}"#, 1),
            (r#"{"data":[{"index":0,"embedding":[]}]}"#, 1),
            (r#"{"data":[{"index":0,"embedding":"AAAA"}]}"#, 1),
        ] {
            assert!(matches!(read(body.as_bytes(), texts), Err(ClientError::Malformed(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body, 1);
        }
    }
}
