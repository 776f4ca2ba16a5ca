//! Internal notes, ratings and episodes as they go over the wire.

use domain::AgentId;
use event_store::event::time_text;
use projections::{EpisodeView, NoteView, NoteWording, RatingView};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    people::{People, Person},
    reason_of,
};
use crate::openapi::words;

/// An internal note, for staff.
#[derive(Serialize, ToSchema)]
pub struct NoteData {
    #[schema(format = "uuid")]
    id: String,
    /// Null once removed or erased.
    text: Option<String>,
    author: Person,
    /// Who is to read it.
    mentions: Vec<Person>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339; null until it is edited.
    #[schema(format = DateTime)]
    edited_at: Option<String>,
    /// For If-Match.
    version: u32,
    removed: bool,
    /// What it said before, oldest first.
    history: Vec<NoteWordingData>,
}

/// What a note said before.
#[derive(Serialize, ToSchema)]
pub struct NoteWordingData {
    /// Null once erased.
    text: Option<String>,
    /// When it was written, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
}

impl NoteData {
    /// From the view.
    #[must_use]
    pub fn new(view: NoteView, people: &People) -> Self {
        let wording = |NoteWording { text, at }| NoteWordingData { text, at: time_text(at) };
        Self {
            id: view.note.to_string(),
            text: view.text,
            author: people.person(view.author),
            mentions: view.mentions.into_iter().map(|agent| people.person(agent)).collect(),
            created_at: time_text(view.created_at),
            edited_at: view.edited_at.map(time_text),
            version: view.version,
            removed: view.is_removed,
            history: view.history.into_iter().map(wording).collect(),
        }
    }
}

/// The agents that notes name.
pub fn agents_of_notes(notes: &[NoteView]) -> impl Iterator<Item = AgentId> + '_ {
    notes.iter().flat_map(|note| note.mentions.iter().copied().chain([note.author]))
}

/// The rating that the customer was last asked for.
#[derive(Serialize, ToSchema)]
pub struct RatingData {
    /// RFC 3339.
    #[schema(format = DateTime)]
    asked_at: String,
    /// RFC 3339: from then on it is too late.
    #[schema(format = DateTime)]
    open_until: String,
    /// From 1, bad, to 5, good; null until it is given.
    #[schema(minimum = 1, maximum = 5)]
    score: Option<u8>,
    /// Null for none, and once erased.
    comment: Option<String>,
}

impl From<RatingView> for RatingData {
    fn from(view: RatingView) -> Self {
        Self {
            asked_at: time_text(view.asked_at),
            open_until: time_text(view.open_until),
            score: view.score.map(u8::from),
            comment: view.comment,
        }
    }
}

/// The customer of a session, for staff.
#[derive(Serialize, ToSchema)]
pub struct CustomerOfSession {
    /// The browser's owner, whose sessions these are.
    #[schema(format = "uuid")]
    pub visitor: String,
    /// The shop's own id; null for somebody whom the shop has not named.
    pub customer_id: Option<String>,
    /// As the shop says.
    pub name: Option<String>,
    /// As the shop says, or as the customer wrote in this session.
    pub email: Option<String>,
    /// That of the customer's newest message.
    #[schema(value_type = words::Language)]
    pub language: &'static str,
    /// Whether the shop counts the customer among its best.
    pub vip: bool,
    /// What the shop's page last passed along.
    pub parameters: Map<String, Value>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    pub first_seen_at: String,
    /// How many there are.
    pub sessions: u64,
    /// Newest first, at most 50.
    pub episodes: Vec<EpisodeData>,
}

/// One time that the customer came: from its first message to the close.
#[derive(Serialize, ToSchema)]
pub struct EpisodeData {
    #[schema(format = "uuid")]
    session_id: String,
    session_name: Option<String>,
    /// Counts the returns to its session.
    episode: u32,
    /// RFC 3339.
    #[schema(format = DateTime)]
    started_at: String,
    /// RFC 3339; null while it lasts.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// What customer, assistant and agents said.
    messages: u64,
    /// Why a person was last asked for.
    #[schema(value_type = Option<words::EscalationReason>)]
    escalation_reason: Option<Value>,
    /// Who wrote, the first to write first.
    agents: Vec<Person>,
    /// From 1, bad, to 5, good.
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<u8>,
}

impl EpisodeData {
    /// From the view.
    #[must_use]
    pub fn new(view: EpisodeView, people: &People) -> Self {
        Self {
            session_id: view.session.to_string(),
            session_name: view.name,
            episode: view.episode,
            started_at: time_text(view.began.1),
            ended_at: view.ended.map(|(_, at)| time_text(at)),
            messages: view.messages,
            escalation_reason: view.escalation_reason.map(reason_of),
            agents: view.agents.into_iter().map(|agent| people.person(agent)).collect(),
            rating: view.rating.map(|(score, _)| score.into()),
        }
    }
}
