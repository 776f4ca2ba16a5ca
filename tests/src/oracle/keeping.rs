//! What staff keeps beside the talk (notes, tags), what the customer says at the end, and how often a visitor came: each field by
//! its own definition.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Oracle, Shown, Told, time};

/// An internal note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::NoteView`")]
pub struct Note {
    pub id: String,
    pub stream: String,
    pub author: String,
    pub text: Option<String>,
    pub mentions: Vec<String>,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub version: u64,
    pub is_removed: bool,
    pub history: Vec<(Option<String>, Timestamp)>,
    pub added: Position,
    pub position: Position,
}

/// All notes of a session, oldest first.
#[must_use]
pub fn notes(events: &[&Told]) -> Vec<Note> {
    events.iter().filter(|told| told.what == "note_added").filter_map(|added| note(added, events)).collect()
}

fn note(added: &Told, events: &[&Told]) -> Option<Note> {
    let id = added.text("note")?;
    let of_it: Vec<&Told> = events.iter().filter(|told| told.data["note"] == *id).copied().collect();
    let is_removed = of_it.iter().any(|told| told.what == "note_removed");
    let wordings: Vec<&Told> = of_it.iter().filter(|told| told.what != "note_removed").copied().collect();
    let (newest, earlier) = wordings.split_last()?;
    let is_shown = |told: &&Told| !is_removed && told.what != "note_removed";
    Some(Note {
        id,
        stream: added.stream.clone(),
        author: added.text("author")?,
        text: Some(*newest).filter(is_shown).and_then(|told| told.said("text")),
        mentions: if is_removed { Vec::new() } else { texts(&newest.data["mentions"]) },
        created_at: added.at,
        edited_at: (wordings.len() > 1).then_some(newest.at),
        version: of_it.len() as u64,
        is_removed,
        history: earlier.iter().filter(|told| is_shown(told)).map(|told| (told.said("text"), told.at)).collect(),
        added: added.position,
        position: of_it.last()?.position,
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// How many notes were added and not removed.
pub(super) fn count_of_notes(events: &[&Told]) -> u64 {
    notes(events).iter().filter(|note| !note.is_removed).count() as u64
}

/// The tags that were added and not removed since, in order.
#[must_use]
pub fn tags(events: &[&Told]) -> BTreeSet<String> {
    let changes: Vec<&&Told> = events.iter().filter(|told| told.what == "tags_changed").collect();
    let ever: BTreeSet<String> = changes.iter().flat_map(|told| texts(&told.data["added"])).collect();
    let last = |tag: &String, field: &str| {
        changes.iter().filter(|told| texts(&told.data[field]).contains(tag)).map(|told| told.position).max()
    };
    ever.into_iter().filter(|tag| last(tag, "added") > last(tag, "removed")).collect()
}

/// Each tag with the number of sessions that have it, the most used first, then by name.
#[must_use]
pub fn tag_counts(oracle: &Oracle) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for events in oracle.by_session().values() {
        for tag in tags(events) {
            *counts.entry(tag).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(tag, count)| (Reverse(*count), tag.clone()));
    counts
}

/// The rating that was last asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::RatingView`")]
pub struct Rating {
    pub asked_at: Timestamp,
    pub open_until: Timestamp,
    pub score: Option<u64>,
    pub comment: Option<String>,
}

/// The last question, and the last answer after it.
pub(super) fn rating(events: &[&Told]) -> Option<Rating> {
    let is_question = |told: &&&Told| told.what == "notice_given" && told.data["notice"]["code"] == "rating_asked";
    let asked = events.iter().rev().find(is_question)?;
    let given = events.iter().rev().find(|told| told.what == "rating_given" && told.position > asked.position);
    let notice = Told { data: asked.data["notice"].clone(), ..(**asked).clone() };
    Some(Rating {
        asked_at: asked.at,
        open_until: time(&notice, "open_until"),
        score: given.and_then(|told| told.data["score"].as_u64()),
        comment: given.and_then(|told| told.said("comment")),
    })
}

/// What the shop's page last passed along, and with which message.
pub(super) fn parameters(events: &[&Told]) -> Option<(Value, Position)> {
    let passed = |told: &&&Told| told.personal["parameters"].as_object().is_some_and(|one| !one.is_empty());
    let told = events.iter().rev().filter(|told| told.what == "customer_message_sent").find(passed)?;
    Some((told.personal["parameters"].clone(), told.position))
}

/// One time that a customer came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::EpisodeView`")]
pub struct Episode {
    pub stream: String,
    pub name: Option<String>,
    pub episode: u64,
    pub began: (Position, Timestamp),
    pub ended: Option<(Position, Timestamp)>,
    pub rating: Option<(u64, Position)>,
    pub messages: u64,
    pub escalation_reason: Option<String>,
    pub agents: Vec<String>,
}

/// The episodes of a session, oldest first.
fn episodes(events: &[&Told]) -> Vec<Episode> {
    let of_customer = events.iter().filter(|told| told.what == "customer_message_sent");
    let numbers: BTreeSet<u64> = of_customer.filter_map(|told| told.data["episode"].as_u64()).collect();
    let mut all: Vec<Episode> = Vec::new();
    for number in numbers {
        let before = all.last().and_then(|episode| episode.ended).map_or(Position::START, |(position, _)| position);
        all.push(episode(number, before, events));
    }
    all
}

fn episode(number: u64, before: Position, events: &[&Told]) -> Episode {
    let shown = Shown::of(events);
    let is_first = |told: &&&Told| told.what == "customer_message_sent" && told.data["episode"] == number;
    let began = events.iter().find(is_first).expect("its number is one of a message");
    let ended = events.iter().find(|told| told.what == "closed" && told.position > began.position);
    let end = ended.map_or(Position(u64::MAX), |told| told.position);
    let within: Vec<&Told> =
        events.iter().filter(|told| told.position >= began.position && told.position <= end).copied().collect();
    let said = ["customer_message_sent", "assistant_replied", "agent_message_sent"];
    let rated = events.iter().rev().find(|told| told.what == "rating_given" && told.data["episode"] == number);
    let escalated =
        events.iter().rev().find(|told| told.what == "escalated" && told.position > before && told.position <= end);
    let mut agents = Vec::new();
    for agent in within.iter().filter(|told| told.what == "agent_message_sent").filter_map(|told| told.text("agent")) {
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    Episode {
        stream: shown.stream,
        name: shown.name,
        episode: number,
        began: (began.position, began.at),
        ended: ended.map(|told| (told.position, told.at)),
        rating: rated.and_then(|told| Some((told.data["score"].as_u64()?, told.position))),
        messages: within.iter().filter(|told| said.contains(&&*told.what)).count() as u64,
        escalation_reason: escalated.and_then(|told| told.text("reason")),
        agents,
    }
}

/// Everything that a visitor's sessions tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::VisitorView`, and its episodes, newest first")]
pub struct Visitor {
    pub first_seen_at: Timestamp,
    pub sessions: u64,
    pub language: Option<String>,
    pub parameters: Value,
    pub episodes: Vec<Episode>,
}

/// Each visitor with what its sessions tell.
#[must_use]
pub fn visitors(oracle: &Oracle) -> BTreeMap<String, Visitor> {
    let sessions = oracle.by_session();
    let mut of_visitor: BTreeMap<String, Vec<&Vec<&Told>>> = BTreeMap::new();
    for events in sessions.values() {
        of_visitor.entry(Shown::of(events).visitor).or_default().push(events);
    }
    of_visitor.into_iter().map(|(visitor, sessions)| (visitor, visitor_of(&sessions))).collect()
}

fn visitor_of(sessions: &[&Vec<&Told>]) -> Visitor {
    let shown: Vec<Shown> = sessions.iter().map(|events| Shown::of(events)).collect();
    let spoke = shown.iter().filter(|one| one.language.is_some()).max_by_key(|one| (one.updated_at, one.position));
    let passed = sessions.iter().filter_map(|events| parameters(events)).max_by_key(|(_, position)| *position);
    let mut all: Vec<Episode> = sessions.iter().flat_map(|events| episodes(events)).collect();
    all.sort_by_key(|episode| Reverse((episode.began.1, episode.began.0)));
    Visitor {
        first_seen_at: shown.iter().map(|one| one.created_at).min().expect("a visitor has a session"),
        sessions: shown.len() as u64,
        language: spoke.and_then(|one| one.language.clone()),
        parameters: passed.map_or(Value::Object(serde_json::Map::new()), |(parameters, _)| parameters),
        episodes: all,
    }
}
