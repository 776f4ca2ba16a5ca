//! What can have happened to the key of a program.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{agent::permission::Permission, codec::sealed, personal::Personal, text::PersonName};

/// A program may come in with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyIssued {
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// How the key is checked. Not sealed: the key is 256 random bits, of which a digest tells nothing.
    pub digest: ApiKeyDigest,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    #[serde(skip, default = "sealed")]
    pub label: Personal<ApiKeyLabel>,
}

/// The sealed part of [`ApiKeyIssued`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyLabel {
    /// What whoever made it calls it.
    pub name: PersonName,
}

/// SHA-256 of an API key, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyDigest(pub String);

/// The key opens nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRevoked {}
