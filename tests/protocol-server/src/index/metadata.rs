//! What a stream's metadata says: which of its events are still to be read, and who may.

use serde::Deserialize;

use crate::event::{DELETED, Event, METADATA_TYPE, described_by};

/// The parts of a stream's metadata that the server itself obeys. What cannot be read counts as not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Metadata {
    /// Only so many of the newest events are read.
    #[serde(rename = "$maxCount", deserialize_with = "lenient")]
    max_count: Option<u64>,
    /// Events before this revision are not read.
    #[serde(rename = "$tb", deserialize_with = "lenient")]
    truncate_before: Option<u64>,
    /// Events older than this many seconds are not read.
    #[serde(rename = "$maxAge", deserialize_with = "lenient")]
    max_age_s: Option<u64>,
    #[serde(rename = "$acl", deserialize_with = "lenient")]
    pub(crate) acl: Option<Acl>,
}

/// Who may do what, by the names of users and groups; none: what is the rule for streams of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Acl {
    #[serde(rename = "$r")]
    pub(crate) read: Option<Names>,
    #[serde(rename = "$w")]
    pub(crate) write: Option<Names>,
    #[serde(rename = "$d")]
    pub(crate) delete: Option<Names>,
    #[serde(rename = "$mr")]
    pub(crate) read_metadata: Option<Names>,
    #[serde(rename = "$mw")]
    pub(crate) write_metadata: Option<Names>,
}

/// One name or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(name) => std::slice::from_ref(name).iter(),
            Self::Many(names) => names.iter(),
        }
        .map(String::as_str)
    }
}

fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl Metadata {
    /// What the newest event of a metastream says.
    pub(crate) fn of(event: Option<&Event>) -> Self {
        let said = event.filter(|event| event.event_type == METADATA_TYPE);
        said.and_then(|event| serde_json::from_slice(&event.data).ok()).unwrap_or_default()
    }

    /// What holds for a metastream itself: its newest event is read, none before.
    pub(crate) fn of_metastream() -> Self {
        Self { max_count: Some(1), ..Self::default() }
    }

    /// Whether the stream was deleted, to be written anew by whoever wants to.
    pub(crate) fn is_deleted(&self) -> bool {
        self.truncate_before == Some(DELETED)
    }

    /// The first revision that may be read of a stream that ends with `last`.
    pub(crate) fn first_readable(&self, last: u64) -> u64 {
        let by_count = self.max_count.map_or(0, |count| (last + 1).saturating_sub(count));
        by_count.max(self.truncate_before.unwrap_or(0))
    }

    /// Whether an event is too old at the moment `now`, both in ticks.
    pub(crate) fn is_too_old(&self, created: i64, now: i64) -> bool {
        self.max_age_s.is_some_and(|age| {
            let age = i64::try_from(age).unwrap_or(i64::MAX).saturating_mul(10_000_000);
            created < now.saturating_sub(age)
        })
    }
}

/// The metadata of a stream as JSON with another `$tb`: what a deleted stream gets when it is written to again.
pub(crate) fn truncated_before(event: Option<&Event>, revision: u64) -> serde_json::Value {
    let said = event.and_then(|event| serde_json::from_slice::<serde_json::Value>(&event.data).ok());
    let mut said = said.filter(serde_json::Value::is_object).unwrap_or_else(|| serde_json::json!({}));
    said["$tb"] = revision.into();
    said
}

/// Whether a stream holds another one's metadata.
pub(crate) fn is_metastream(stream: &str) -> bool {
    described_by(stream).is_some()
}
