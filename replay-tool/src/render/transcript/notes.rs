//! Lines about internal notes, tags and ratings.

use domain::{
    AgentId,
    session::event::{NoteAdded, NoteEdited, RatingGiven, TagsChanged},
    text::Tag,
};

use super::{Description, line};

pub(super) fn added(added: &NoteAdded) -> Description {
    let NoteAdded { note, author, mentions, words } = added;
    let what = format!("internal note {note} of agent {author}{}", mentioned(mentions));
    line(what).part("note", words, |words| words.text.as_str().to_owned())
}

pub(super) fn edited(edited: &NoteEdited) -> Description {
    let NoteEdited { note, version, mentions, words } = edited;
    let what = format!("internal note {note} edited, version {version}{}", mentioned(mentions));
    line(what).part("note", words, |words| words.text.as_str().to_owned())
}

fn mentioned(agents: &[AgentId]) -> String {
    let agents: Vec<String> = agents.iter().map(|agent| format!("agent {agent}")).collect();
    if agents.is_empty() { String::new() } else { format!(", for {}", agents.join(" and ")) }
}

pub(super) fn tags_changed(changed: &TagsChanged) -> Description {
    let TagsChanged { added, removed } = changed;
    let parts = [("added", added), ("removed", removed)];
    let said = parts.iter().filter(|(_, tags)| !tags.is_empty()).map(|(what, tags)| format!("{what} {}", names(tags)));
    line(format!("tags {}", said.collect::<Vec<_>>().join(", ")))
}

fn names(tags: &[Tag]) -> String {
    tags.iter().map(|tag| format!("\u{201c}{}\u{201d}", tag.as_str())).collect::<Vec<_>>().join(" and ")
}

/// Nothing is added where the customer wrote none.
pub(super) fn rated(given: &RatingGiven) -> Description {
    let RatingGiven { score, episode, agent, remark } = given;
    let description = line(format!("episode {episode} with agent {agent} rated {} of 5", u8::from(*score)));
    if remark.known().is_some_and(|remark| remark.comment.is_none()) {
        return description;
    }
    description.part("comment", remark, |remark| {
        remark.comment.as_ref().map(|comment| comment.as_str().to_owned()).unwrap_or_default()
    })
}
