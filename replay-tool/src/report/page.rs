//! The report page: origin, state, conversation and events.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::session::Session;
use event_store::{RecordedEvent, event::time_text};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use projections::SessionView;

use super::{
    Evidence, appendix, conversation,
    prose::{exact, lines, personal, time},
};
use crate::{
    render::word,
    session_history::{SessionHistory, owner},
};

const STYLE: &str = include_str!("style.css");
/// The page may not load, run or send anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page of a session.
pub(super) fn page(history: &SessionHistory, evidence: Option<&Evidence>, made_at: Timestamp) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "Session " (history.id()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (head(history, made_at)) }
                main {
                    (at_the_end(history))
                    (conversation::section(history))
                    @if let Some(evidence) = evidence { (proved(evidence)) }
                    (appendix::section(history))
                }
                footer { p { "Written by desk-replay " (env!("CARGO_PKG_VERSION")) ", " (time(made_at)) "." } }
            }
        }
    }
}

fn head(history: &SessionHistory, made_at: Timestamp) -> Markup {
    let (first, last) = (history.first(), history.last());
    html! {
        p.kind { "Fiido Desk · session report" }
        h1 { (personal(history, first.position, history.name())) }
        p { "Everything that the log holds about one customer's session" (until(history)) "." }
        dl.facts {
            (fact("Session", exact(&history.id())))
            @if let Some(session) = history.session() { (fact("Visitor", exact(&session.visitor.to_string()))) }
            (fact("From", time(first.recorded_at)))
            (fact("To", time(last.recorded_at)))
            (fact("Events", html! { (history.events.len()) ", positions " (first.position) " to " (last.position) }))
            (fact("Log", exact(&history.identity.log_id.to_string())))
            (fact("Log's generation", html! { (history.identity.generation) }))
            (fact("Log's head", html! { "position " (history.head) }))
            (fact("First event's hash", hash_of(first)))
            (fact("Last event's hash", hash_of(last)))
            (fact("Made", html! { (time(made_at)) ", by desk-replay " (env!("CARGO_PKG_VERSION")) }))
            (fact("Not readable", unread(history)))
        }
        p.note {
            "While this was written, each event of the session was checked against its hash and against the event before it. "
            "That the log as a whole is the one that was recorded, " code { "desk-replay verify --checkpoint" } " proves. "
            "All times are UTC."
        }
    }
}

/// What makes the page evidence: anybody can check it with the public key alone.
fn proved(Evidence { note, proof }: &Evidence) -> Markup {
    let file = format!("data:application/json;base64,{}", BASE64_STANDARD.encode(proof));
    html! {
        section aria-labelledby="evidence" {
            h2 #evidence { "Evidence" }
            p {
                "The log was signed with this note. " a download="session.proof" href=(file) { "The proof file" }
                " holds the session's events as they are stored, with their paths to the note's root; "
                code { "desk-replay check-proof session.proof --key checkpoint.pub" }
                " checks it without the log. Its hashes are those of the appendix."
            }
            pre.note { (note) }
        }
    }
}

fn until(history: &SessionHistory) -> Markup {
    let now = history.events_now;
    html! {
        @if history.events.len() < now {
            ", as it stood at " (time(history.last().recorded_at)) " (it has " (now) " events by now)"
        }
    }
}

fn fact(label: &str, value: Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn hash_of(event: &RecordedEvent) -> Markup {
    exact(&hex::encode(event.hash))
}

fn unread(history: &SessionHistory) -> Markup {
    let (erased, sealed) = history.unread_parts();
    html! {
        @if erased == 0 && sealed == 0 { "nothing: every personal part was opened" }
        @let lost = history.lost_parts();
        @if lost > 0 { (lost) " personal parts whose keys were destroyed WITHOUT an erasure on record, of " }
        @if erased > 0 { (erased) " personal parts, erased: their keys were destroyed, nobody can read them" }
        @if erased > 0 && sealed > 0 { "; " }
        @if sealed > 0 { (sealed) " personal parts, sealed: this was written without the master key" }
    }
}

fn at_the_end(history: &SessionHistory) -> Markup {
    html! {
        section aria-labelledby="state" {
            h2 #state { "State at the end" }
            @match history.session() {
                Some(session) => dl.facts { (state(session)) (seen(history)) },
                None => p { "The session was not open." },
            }
        }
    }
}

fn state(session: &Session) -> Markup {
    html! {
        (fact("Status", html! { span.status { (session.status()) } }))
        (fact("Owner", match owner(session) {
            Some(agent) => html! { "agent " (exact(&agent.to_string())) },
            None => html! { "no person" },
        }))
        (fact("Episode", html! { (session.episode) }))
        (fact("Context", exact(&session.context.to_string())))
        (fact("Waits for the assistant", html! { (session.unanswered().count()) " messages" }))
    }
}

fn seen(history: &SessionHistory) -> Markup {
    let (customer, staff) = (history.seen.by_customer.len(), history.seen.by_staff.len());
    html! {
        (fact("Messages", html! { (customer) " on the customer's screen, " (staff) " for staff" }))
        @if let Some(view) = &history.seen.session { (waiting(view)) }
        (fact("Last decision", decision(history)))
    }
}

fn waiting(view: &SessionView) -> Markup {
    html! {
        @if let Some(since) = view.waiting_since { (fact("Waits for a person since", time(since))) }
        @if let Some(since) = view.taken_over_at { (fact("Served by a person since", time(since))) }
    }
}

fn decision(history: &SessionHistory) -> Markup {
    let Some(decision) = &history.seen.decision else { return html! { "no rule has fired" } };
    html! {
        "rule " (lines(&decision.rule)) " of policy " (decision.policy_version) ": " (word(&decision.reason))
        ", severity " (word(&decision.severity)) ", at position " (decision.position)
        ", " (time_text(decision.at)) ". Evidence: " bdi {
            (personal(history, decision.position, decision.evidence.as_ref().map(String::as_str)))
        }
    }
}
