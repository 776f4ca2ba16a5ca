//! Questions about notes, tags, visitors and their episodes, and the oracle's answers.

use domain::VisitorId;
use projections::{EpisodeView, NoteView, NoteWording, Reading, TagCount, ViewsError, VisitorView};
use serde_json::Value;
use tests::oracle::{Episode, Note, Oracle, Visitor, tag_counts, visitors};

use super::{ALL, Examination, Question, json};
use crate::oracle::served::{code, stream, text};

impl Examination {
    pub(super) fn about_visitors(&mut self, oracle: &Oracle) {
        self.0.push((Question::Tags, json(tag_counts(oracle))));
        for (visitor, told) in visitors(oracle) {
            let visitor: VisitorId = visitor.parse().unwrap();
            let newest: Vec<&Episode> = told.episodes.iter().take(1).collect();
            self.0.push((Question::Episodes { visitor, limit: 1 }, json(newest)));
            self.0.push((Question::Visitor(visitor), json(told)));
        }
        let stranger = VisitorId(uuid::Uuid::from_u128(1));
        self.0.push((Question::Visitor(stranger), Value::Null));
    }
}

/// Asks one state.
pub(super) async fn ask(reading: &mut Reading, question: &Question) -> Result<Value, ViewsError> {
    Ok(match question {
        Question::Notes(session) => json(reading.notes(*session).await?.into_iter().map(note).collect::<Vec<_>>()),
        Question::Tags => {
            let counts = reading.tags().await?.into_iter();
            json(counts.map(|TagCount { tag, sessions }| (tag, sessions)).collect::<Vec<_>>())
        }
        Question::Episodes { visitor, limit } => {
            json(reading.episodes_of(*visitor, *limit).await?.into_iter().map(episode).collect::<Vec<_>>())
        }
        Question::Visitor(visitor) => {
            let episodes = reading.episodes_of(*visitor, ALL).await?.into_iter().map(episode).collect();
            json(reading.visitor(*visitor).await?.map(|view| told(view, episodes)))
        }
        other => unreachable!("{other:?} is about something else"),
    })
}

fn note(view: NoteView) -> Note {
    let NoteView {
        note,
        session,
        author,
        text,
        mentions,
        created_at,
        edited_at,
        version,
        is_removed,
        history,
        added,
        position,
    } = view;
    Note {
        id: note.to_string(),
        stream: stream(session),
        author: author.to_string(),
        text,
        mentions: mentions.iter().map(ToString::to_string).collect(),
        created_at,
        edited_at,
        version: version.into(),
        is_removed,
        history: history.into_iter().map(|NoteWording { text, at }| (text, at)).collect(),
        added,
        position,
    }
}

fn episode(view: EpisodeView) -> Episode {
    let EpisodeView { session, name, episode, began, ended, rating, messages, escalation_reason, agents } = view;
    Episode {
        stream: stream(session),
        name,
        episode: episode.into(),
        began,
        ended,
        rating: rating.map(|(score, position)| (u8::from(score).into(), position)),
        messages,
        escalation_reason: escalation_reason.map(code),
        agents: agents.into_iter().filter_map(|agent| text(Some(agent))).collect(),
    }
}

fn told(view: VisitorView, episodes: Vec<Episode>) -> Visitor {
    let VisitorView { first_seen_at, sessions, language, parameters } = view;
    Visitor { first_seen_at, sessions, language: language.map(code), parameters: parameters.into(), episodes }
}
