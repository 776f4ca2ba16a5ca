//! The events of quick replies. Field names are those of the stored JSON; the field marked `serde(skip)` is the personal part.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
    id::{AgentId, QuickReplyId},
    language::Language,
    personal::Personal,
    text::{MessageText, QuickReplyCategory, QuickReplyTitle},
};

/// A quick reply of the shop says this now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickReplySaved {
    /// Which.
    pub reply: QuickReplyId,
    /// Its version, from 1.
    pub version: u32,
    /// What it is found by.
    pub title: QuickReplyTitle,
    /// What is sent, with variables in it.
    pub content: MessageText,
    /// What it is grouped by.
    pub category: QuickReplyCategory,
    /// The language of its text.
    pub language: Language,
}

/// A quick reply of an agent says this now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalQuickReplySaved {
    /// Which.
    pub reply: QuickReplyId,
    /// Its version, from 1.
    pub version: u32,
    /// Whose it is.
    pub owner: AgentId,
    /// What it is grouped by.
    pub category: QuickReplyCategory,
    /// The language of its text.
    pub language: Language,
    /// What it says.
    #[serde(skip, default = "sealed")]
    pub words: Personal<QuickReplyWords>,
}

/// Title and text of a quick reply.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickReplyWords {
    /// What it is found by.
    pub title: QuickReplyTitle,
    /// What is sent, with variables in it.
    pub content: MessageText,
}

impl fmt::Debug for QuickReplyWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuickReplyWords(…)")
    }
}

/// A quick reply is no longer offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickReplyRemoved {
    /// Which.
    pub reply: QuickReplyId,
    /// The version that it ends with.
    pub version: u32,
}
