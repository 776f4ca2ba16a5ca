//! The recorded events with their hashes, to be compared with any copy of the log.

use domain::PersonalText;
use event_store::vault::seal::content_mark;
use maud::{Markup, html};

use super::prose::{exact, time};
use crate::{history::HistoryEvent, session_history::SessionHistory};

/// The table of events.
pub(super) fn section(history: &SessionHistory) -> Markup {
    html! {
        section aria-labelledby="events" {
            h2 #events { "Appendix: the events" }
            p {
                "Each hash covers the event's content and the hash before it in this session, so the last one stands for all. "
                "How it is made is told in the documentation under \"event hash\". The mark ties a personal text to its event: it is an "
                "HMAC-SHA-256 of the text under the subject's key, part of what the hash covers. Whoever holds the key can make it again; "
                "nobody else can guess the text from it."
            }
            div.scroll role="region" aria-labelledby="events" tabindex="0" {
                table {
                    thead { tr {
                        th scope="col" { "Position" } th scope="col" { "Version" } th scope="col" { "Type" }
                        th scope="col" { "Recorded" } th scope="col" { "Actor" } th scope="col" { "Personal part" }
                        th scope="col" { "Mark" } th scope="col" { "Hash" }
                    } }
                    tbody { @for entry in &history.events { (row(entry)) } }
                }
            }
        }
    }
}

fn row(entry: &HistoryEvent) -> Markup {
    let recorded = &entry.recorded;
    let event = &recorded.event;
    html! {
        tr {
            th scope="row" { (recorded.position) }
            td { (recorded.version) }
            td { (exact(&event.event_type)) " " span.schema { "schema " (event.schema) } }
            td { (time(recorded.recorded_at)) }
            td { (exact(event.actor.as_str())) }
            td { (part(entry)) }
            td.hash { (exact(&mark(entry))) }
            td.hash { (exact(&hex::encode(recorded.hash))) }
        }
    }
}

fn mark(entry: &HistoryEvent) -> String {
    entry.recorded.event.personal.as_deref().and_then(content_mark).map(hex::encode).unwrap_or_default()
}

fn part(entry: &HistoryEvent) -> &'static str {
    match &entry.personal {
        PersonalText::Absent => "none",
        PersonalText::Known(_) => "opened",
        PersonalText::Erased if entry.is_lost => "key destroyed without an erasure on record",
        PersonalText::Erased => "erased",
        PersonalText::Sealed => "sealed",
    }
}
