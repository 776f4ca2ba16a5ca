//! The events of an API key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{agent::permission::Permission, codec::sealed, personal::Personal, text::PersonName};

/// An API key was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyIssued {
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// How the key is checked. Not sealed: a digest of 256 random bits reveals nothing.
    pub digest: ApiKeyDigest,
    /// When it expires.
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
    /// The name that its maker gave it.
    pub name: PersonName,
}

/// SHA-256 of an API key, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyDigest(pub String);

/// The API key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRevoked {}
