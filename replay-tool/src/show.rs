//! `show`: a session now or at an earlier moment: its events, its state, what customer and staff saw, and the last decision; or the
//! events of any other stream.

mod document;
mod stream_events;

use domain::session::{Session, State};
use event_store::{Identity, StreamName, event::time_text};
use projections::MessageView;

use crate::{
    Finding,
    cli::SessionArgs,
    failure::Failure,
    render::{Screen, print_event_line, word},
    session_history::{SessionHistory, owner},
    source::Source,
};

pub use document::event_document;

/// Shows a session.
///
/// # Errors
/// There is no such session or moment, or its history cannot be read.
pub async fn show(source: &Source, wanted: &SessionArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    if let Some(stream) = other_stream(&wanted.session) {
        return stream_events::show(source, &stream, wanted, screen).await;
    }
    let history = SessionHistory::read(source, wanted).await?;
    if screen.json_wanted() {
        screen.json(&document::of(&history))?
    } else {
        print(&history, screen)?
    }
    Ok(Finding::AsExpected)
}

/// A stream that is no session's, like `agent-<id>` or `settings-policy`.
fn other_stream(wanted: &str) -> Option<StreamName> {
    StreamName::parse(wanted).ok().filter(|stream| CATEGORIES.contains(&stream.category()))
}

const CATEGORIES: [&str; 4] = ["agent", "customer", "settings", "access"];

fn print(history: &SessionHistory, screen: &mut Screen<'_>) -> Result<(), Failure> {
    print_header(history, screen)?;
    screen.line("")?;
    let mut before: Option<&State> = None;
    for entry in &history.events {
        print_event_line(before, entry, &history.names, screen)?;
        before = Some(&entry.after);
    }
    screen.line("")?;
    print_state(history, screen)?;
    screen.line("")?;
    print_seen(history, screen)?;
    screen.line("")?;
    print_decision(history, screen)
}

/// Prints the session, its log and the moment.
///
/// # Errors
/// It could not be written.
pub fn print_header(history: &SessionHistory, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (first, last) = (history.first(), history.last());
    screen.field("session", &history.id())?;
    screen.field("name", history.shown_at(first.position, history.name()))?;
    if let Some(session) = history.session() {
        screen.field("visitor", &session.visitor.to_string())?;
        screen.field("status", &status_line(session))?;
        screen.field("episode", &session.episode.to_string())?;
        screen.field("context", &session.context.to_string())?;
    }
    let (events, now) = (history.events.len(), history.events_now);
    let of_all = if events == now { String::new() } else { format!(" of {now}") };
    screen.field("events", &format!("{events}{of_all}, positions {} to {}", first.position, last.position))?;
    screen.field("from", &first.recorded_at_text())?;
    screen.field("to", &last.recorded_at_text())?;
    let Identity { log_id, generation } = history.identity;
    screen.field("log", &format!("{log_id}, generation {generation}, head {}", history.head))
}

fn print_state(history: &SessionHistory, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let last = history.last();
    screen.line(&format!("state after version {}, position {}:", last.version, last.position))?;
    let Some(session) = history.session() else { return screen.line("  the session is not open") };
    screen.line(&format!("  {}", status_line(session)))?;
    if let Some(run) = &session.run {
        let answers = run.messages.len();
        screen
            .line(&format!("  run {} attempt {}, {answers} to answer, until {}", run.run, run.attempt, run.deadline))?;
    }
    for waiting in &session.waiting {
        screen.line(&format!("  waiting: message {} ({})", waiting.message, waiting.language.as_str()))?;
    }
    if session.run.is_none() && session.waiting.is_empty() {
        screen.line("  no message waits for the assistant")?;
    }
    Ok(())
}

fn print_seen(history: &SessionHistory, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.line("the customer saw:")?;
    let by_customer: Vec<&MessageView> = history.seen.by_customer.iter().collect();
    print_messages(history, &by_customer, screen)?;
    screen.line("staff saw besides:")?;
    let is_more = |message: &&MessageView| message.hidden || message.withheld;
    let by_staff: Vec<&MessageView> = history.seen.by_staff.iter().filter(is_more).collect();
    print_messages(history, &by_staff, screen)
}

fn print_messages(history: &SessionHistory, messages: &[&MessageView], screen: &mut Screen<'_>) -> Result<(), Failure> {
    if messages.is_empty() {
        return screen.line("  nothing");
    }
    for message in messages {
        let notes = [(message.withheld, "  withheld"), (message.hidden, "  cleared by the customer")];
        let notes: String = notes.iter().filter_map(|(is_so, note)| is_so.then_some(*note)).collect();
        let (at, role) = (time_text(message.at), message.role.as_str());
        screen.line(&format!("  {at}  {:>9}  {role}{notes}", message.position))?;
        screen.part("", history.shown_at(message.position, history.text(message)))?;
        if let Some(shown) = message.shown.as_deref().filter(|shown| !shown.is_empty()) {
            screen.part("already seen of it", shown)?;
        }
    }
    Ok(())
}

fn print_decision(history: &SessionHistory, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let Some(decision) = &history.seen.decision else {
        return screen.line("last decision: no rule has fired");
    };
    let (reason, severity) = (word(&decision.reason), word(&decision.severity));
    screen.line(&format!(
        "last decision: {reason}, rule {} of policy {}, severity {severity}, at position {}",
        decision.rule, decision.policy_version, decision.position
    ))?;
    let evidence = decision.evidence.as_ref().map(String::as_str);
    screen.part("evidence", history.shown_at(decision.position, evidence))
}

fn status_line(session: &Session) -> String {
    match owner(session) {
        Some(agent) => format!("{}, agent {agent}", session.status()),
        None => session.status().to_string(),
    }
}
