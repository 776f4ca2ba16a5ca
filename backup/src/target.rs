//! Where a backup is kept: a port, a folder, and a bucket of S3's protocol.
//!
//! Invariant: [`Target::create`] never replaces a file, and a file is there whole or not at all.

mod folder;
mod s3;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;

use folder::Folder;
use s3::Bucket;

/// Files by name; names are relative, with `/` between their parts.
#[async_trait]
pub trait Target: Send + Sync {
    /// Stores a file unless there is one of that name; it is on disk when this returns.
    ///
    /// # Errors
    /// The target does not answer or is full; whether the file was stored is not known.
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, TargetError>;

    /// The content of a file; `None` if there is none.
    ///
    /// # Errors
    /// The target does not answer.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError>;

    /// The names of what a folder holds, in order, without the folder's; empty for a folder that is not there.
    ///
    /// # Errors
    /// The target does not answer.
    async fn children(&self, folder: &str) -> Result<Vec<String>, TargetError>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// The target does not answer.
    async fn remove(&self, name: &str) -> Result<(), TargetError>;

    /// Where it is, for messages.
    fn shown(&self) -> String;
}

/// What came of storing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is stored.
    New,
    /// There is a file of that name; it was left as it is.
    Exists,
}

/// The target did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the backup's {name} in {target} cannot be {verb}")]
pub struct TargetError {
    name: String,
    target: String,
    verb: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// The text is no target.
#[derive(Debug, thiserror::Error)]
pub enum NoTarget {
    /// It is a URL of something else.
    #[error("{0} is neither a folder nor s3://BUCKET or s3://BUCKET/PREFIX")]
    Scheme(String),
    /// The bucket's settings in the environment are not complete.
    #[error(
        "{0} cannot be used: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for another service than Amazon's, AWS_ENDPOINT_URL say where it is and who asks"
    )]
    Bucket(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its requests would go out in the clear.
    #[error("AWS_ENDPOINT_URL is {0}: use https, or a service on this machine")]
    Unprotected(String),
}

/// The target that a text names: a folder, or `s3://BUCKET/PREFIX`, which is asked by this client.
///
/// # Errors
/// It is neither, or the environment does not say how to ask it.
pub fn open_target(text: &str, client: reqwest::Client) -> Result<Arc<dyn Target>, NoTarget> {
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        return Ok(Arc::new(Bucket::open(text, bucket, prefix, client)?));
    }
    let path = text.strip_prefix("file://").unwrap_or(text);
    if path.is_empty() || path.contains("://") {
        return Err(NoTarget::Scheme(event_store::location::without_secrets(text)));
    }
    Ok(Arc::new(Folder::new(PathBuf::from(path))))
}
