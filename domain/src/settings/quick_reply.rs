//! Quick replies: texts that agents send often. The shop's own stand in one stream (`settings-quick_replies`), those of an agent in
//! a stream of its own (`settings-quick_replies-<agent>`), with its words sealed by that agent's keys.
//!
//! The program brings a [first set](first_set) of version 1, which is changed and removed like any other.
//!
//! Invariants: a quick reply has one version at a time, from 1; one that was removed never comes back; a collection has at most
//! [`MOST`].

pub mod event;
pub mod first_set;
pub mod state;
pub mod variables;

use crate::{
    id::{AgentId, QuickReplyId},
    language::Language,
    personal::Personal,
    settings::{event::Event, rejection::Rejection},
    text::QuickReplyCategory,
};

pub use event::{PersonalQuickReplySaved, QuickReplyRemoved, QuickReplySaved, QuickReplyWords};
pub use state::State;

/// The most that one collection has: whoever picks one by hand reads no longer list.
pub const MOST: usize = 1_000;

/// What a quick reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuickReply {
    /// Title and text.
    pub words: QuickReplyWords,
    /// What it is grouped by.
    pub category: QuickReplyCategory,
    /// The language of its text.
    pub language: Language,
}

/// What somebody wants of a quick reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Write a new one.
    Create {
        /// Its id to be.
        reply: QuickReplyId,
        /// Whose it is; the shop's where `None`.
        owner: Option<AgentId>,
        /// What it says.
        says: QuickReply,
    },
    /// Write it anew.
    Change {
        /// Which.
        reply: QuickReplyId,
        /// Whose it is; the shop's where `None`.
        owner: Option<AgentId>,
        /// What it says.
        says: QuickReply,
        /// The version that its author saw.
        seen: u32,
    },
    /// Take it away.
    Remove {
        /// Which.
        reply: QuickReplyId,
        /// The version that was seen.
        seen: u32,
    },
}

/// Decides a command about the quick replies of one collection.
///
/// # Errors
/// There is no such quick reply, it has another version than was seen, or there is no room for another.
pub fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Create { reply, owner, says } => {
            if state.len() >= MOST {
                return Err(Rejection::TooManyQuickReplies { max: MOST });
            }
            Ok(vec![saved(reply, 1, owner, says)])
        }
        Command::Change { reply, owner, says, seen } => {
            let version = seen_version(state, reply, seen)?;
            Ok(vec![saved(reply, version + 1, owner, says)])
        }
        Command::Remove { reply, seen } => {
            let version = seen_version(state, reply, seen)?;
            Ok(vec![Event::QuickReplyRemoved(QuickReplyRemoved { reply, version: version + 1 })])
        }
    }
}

fn seen_version(state: &State, reply: QuickReplyId, seen: u32) -> Result<u32, Rejection> {
    let current = state.version(reply).ok_or(Rejection::NoQuickReply)?;
    if current == seen { Ok(current) } else { Err(Rejection::QuickReplyChanged { current }) }
}

fn saved(reply: QuickReplyId, version: u32, owner: Option<AgentId>, says: QuickReply) -> Event {
    let QuickReply { words, category, language } = says;
    match owner {
        None => {
            let QuickReplyWords { title, content } = words;
            Event::QuickReplySaved(QuickReplySaved { reply, version, title, content, category, language })
        }
        Some(owner) => {
            let words = Personal::Known(words);
            Event::PersonalQuickReplySaved(PersonalQuickReplySaved { reply, version, owner, category, language, words })
        }
    }
}
