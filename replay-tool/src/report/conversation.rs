//! The conversation: every event in order, messages in large type, other events in small type.

use std::collections::HashMap;

use domain::{
    AgentId, Language, PersonalText,
    session::{Event, State},
    texts::Names,
};
use event_store::{Actor, Position};
use maud::{Markup, html};
use projections::MessageView;
use uuid::Uuid;

use super::prose::{exact, lines, tag, time};
use crate::{
    history::HistoryEvent,
    render::{Description, Part, describe, new_status},
    session_history::SessionHistory,
};

/// The whole conversation.
pub(super) fn section(history: &SessionHistory) -> Markup {
    let messages: HashMap<Position, &MessageView> =
        history.seen.by_staff.iter().map(|message| (message.position, message)).collect();
    let (mut language, mut before) = (None, None);
    let mut items = Vec::with_capacity(history.events.len());
    for entry in &history.events {
        let of_event = language_of(&entry.event, &mut language);
        let description = describe(&entry.event, &history.names);
        let message = messages.get(&entry.recorded.position).copied();
        items.push(item(entry, &history.names, &description, before, of_event, message));
        before = Some(&entry.after);
    }
    html! {
        section aria-labelledby="conversation" {
            h2 #conversation { "Conversation" }
            ol.conversation { @for item in &items { (item) } }
        }
    }
}

/// A withheld reply has no language field: it is in the language of the previous message.
fn language_of(event: &Event, of_customer: &mut Option<Language>) -> Option<Language> {
    match event {
        Event::CustomerMessageSent(sent) => *of_customer = Some(sent.language),
        Event::AssistantReplied(replied) => return Some(replied.language),
        Event::NoticeGiven(given) => return Some(given.language),
        _nothing_said => {}
    }
    *of_customer
}

fn item(
    entry: &HistoryEvent,
    names: &Names,
    description: &Description,
    before: Option<&State>,
    language: Option<Language>,
    message: Option<&MessageView>,
) -> Markup {
    let recorded = &entry.recorded;
    let actor = &recorded.event.actor;
    let (texts, details): (Vec<&Part>, Vec<&Part>) = description.parts.iter().partition(|part| is_speech(part));
    html! {
        li class=(kind(&entry.event, actor.kind())) id=(format!("event-{}", recorded.position)) {
            p.who {
                b { (lines(actor.kind())) }
                @if actor.kind() == "policy" { " " (exact(actor.id())) }
                @if actor.kind() == "agent" { " " (lines(&called(actor, names))) }
                " " (time(recorded.recorded_at)) " "
                span.place { "position " (recorded.position) ", version " (recorded.version) }
                @if let Some(status) = new_status(before, &entry.after) { " " span.status { "→ " (status) } }
                (flags(message))
            }
            @for part in texts { (speech(part, entry, language)) }
            p.what { (lines(&description.what)) }
            @if !details.is_empty() {
                dl.details { @for part in details { dt { (part.label) } dd dir="auto" { (lines(entry.shown(&part.text))) } } }
            }
        }
    }
}

/// An agent by name; by id where the name cannot be read.
fn called(actor: &Actor, names: &Names) -> String {
    let agent = Uuid::try_parse(actor.id()).ok().map(AgentId);
    agent.and_then(|agent| names.agent(agent)).unwrap_or(actor.id()).to_owned()
}

/// Texts in large type: those that were, or would have been, sent.
fn is_speech(part: &Part) -> bool {
    matches!(part.label, "" | "not given" | "already seen of it")
}

fn speech(part: &Part, entry: &HistoryEvent, language: Option<Language>) -> Markup {
    let is_gone = matches!(entry.personal, PersonalText::Erased | PersonalText::Sealed);
    html! {
        @if part.label == "not given" { p.label { "Withheld, the customer was not given this:" } }
        @if part.label == "already seen of it" { p.label { "What the customer had already seen of it:" } }
        @if part.text.is_empty() { p.gone { "nothing" } }
        @else if is_gone { p.gone { (entry.shown(&part.text)) } }
        @else { blockquote lang=(tag(language)) dir="auto" { (lines(&part.text)) } }
    }
}

fn flags(message: Option<&MessageView>) -> Markup {
    html! {
        @if let Some(message) = message {
            @if message.withheld { " " span.flag { "withheld" } }
            @if message.hidden { " " span.flag { "cleared by the customer" } }
        }
    }
}

/// The CSS class of an item.
fn kind(event: &Event, actor: &str) -> &'static str {
    match (event, actor) {
        (Event::CustomerMessageSent(_), _) => "customer",
        (Event::AssistantReplied(_), _) => "assistant",
        (Event::AssistantReplyWithheld(_), _) => "assistant withheld",
        (Event::Escalated(_), _) => "decision",
        (Event::NoticeGiven(_), _) => "notice",
        (_, "agent") => "agent",
        _nothing_said => "step",
    }
}
