//! Quick replies that somebody wrote or changed, and how often each was sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Oracle, Told};

/// A quick reply that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::QuickReplyView`")]
pub struct QuickReply {
    pub id: String,
    pub owner: Option<String>,
    pub title: String,
    pub content: String,
    pub category: String,
    pub language: String,
    pub version: u64,
    pub updated_at: Timestamp,
}

/// Those of which the last event says words, by id: neither removed nor erased.
#[must_use]
pub fn quick_replies(oracle: &Oracle) -> Vec<QuickReply> {
    let mut last: BTreeMap<String, &Told> = BTreeMap::new();
    for told in oracle.events().iter().filter(|told| told.what.contains("quick_reply_")) {
        last.insert(told.text("reply").expect("it names a quick reply"), told);
    }
    last.into_iter().filter_map(|(id, told)| said(id, told)).collect()
}

fn said(id: String, told: &Told) -> Option<QuickReply> {
    let words = |field| told.text(field).or_else(|| told.said(field));
    Some(QuickReply {
        id,
        owner: told.text("owner"),
        title: words("title")?,
        content: words("content")?,
        category: told.text("category")?,
        language: told.text("language")?,
        version: told.data["version"].as_u64()?,
        updated_at: told.at,
    })
}

/// How many messages of agents name each quick reply that any names.
#[must_use]
pub fn uses(oracle: &Oracle) -> BTreeMap<String, u64> {
    let sent = oracle.events().iter().filter(|told| told.what == "agent_message_sent");
    let mut uses = BTreeMap::new();
    for reply in sent.filter_map(|told| told.text("quick_reply")) {
        *uses.entry(reply).or_default() += 1;
    }
    uses
}
