//! `show`: a session as it is, or as it stood: who, what was said, every state, and what it adds up to.
//!
//! Invariant: the state shown is folded by the same `evolve` that decides live.

mod document;

use domain::{
    Personal,
    session::{Event, Phase, Session, State},
};
use event_store::{Identity, Position};

use crate::{
    Finding,
    cli::ShowArgs,
    failure::Failure,
    history::{self, Told},
    point::Moment,
    render::{Screen, said},
    source::Source,
};

/// What was asked for, whole.
struct View {
    identity: Identity,
    head: Position,
    /// Up to the moment.
    told: Vec<Told>,
    /// Events that the session has now.
    events_now: usize,
}

/// Shows a session.
///
/// # Errors
/// There is no such session or moment, or its history cannot be read.
pub async fn show(source: &Source, wanted: &ShowArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let history = history::find(source, &wanted.session).await?;
    let head = source.reader().head().await?;
    let happened = Moment::of(wanted).cut(&history, head)?;
    let told = history::tell(source, happened).await?;
    let view = View { identity: source.reader().identity().await?, head, told, events_now: history.len() };
    if screen.json_wanted() {
        screen.json(&view.document())?
    } else {
        view.print(screen)?
    }
    Ok(Finding::AsExpected)
}

impl View {
    fn last(&self) -> &Told {
        self.told.last().expect("a moment with no events is refused before this")
    }

    fn first(&self) -> &Told {
        self.told.first().expect("a moment with no events is refused before this")
    }

    fn session(&self) -> Option<&Session> {
        self.last().after.session()
    }

    fn name(&self) -> Personal<&str> {
        match &self.first().event {
            Event::Opened(opened) => opened.name.as_ref().map(|named| named.session_name.as_str()),
            _not_opened_yet => Personal::Sealed,
        }
    }

    fn print(&self, screen: &mut Screen<'_>) -> Result<(), Failure> {
        self.print_header(screen)?;
        screen.line("")?;
        let mut before: Option<&State> = None;
        for told in &self.told {
            print_told(before, told, screen)?;
            before = Some(&told.after);
        }
        screen.line("")?;
        self.print_state(screen)
    }

    fn print_header(&self, screen: &mut Screen<'_>) -> Result<(), Failure> {
        let (first, last) = (&self.first().recorded, &self.last().recorded);
        screen.field("session", &last.stream.id().map(|id| id.to_string()).unwrap_or_default())?;
        screen.field("name", personal_word(self.name()))?;
        if let Some(session) = self.session() {
            screen.field("visitor", &session.visitor.to_string())?;
            screen.field("status", &status_line(session))?;
            screen.field("episode", &session.episode.to_string())?;
            screen.field("context", &session.context.to_string())?;
        }
        let (events, now) = (self.told.len(), self.events_now);
        let of_all = if events == now { String::new() } else { format!(" of {now}") };
        screen.field("events", &format!("{events}{of_all}, positions {} to {}", first.position, last.position))?;
        screen.field("from", &first.recorded_at_text())?;
        screen.field("to", &last.recorded_at_text())?;
        let Identity { log_id, generation } = self.identity;
        screen.field("log", &format!("{log_id}, generation {generation}, head {}", self.head))
    }

    fn print_state(&self, screen: &mut Screen<'_>) -> Result<(), Failure> {
        let last = &self.last().recorded;
        screen.line(&format!("state after version {}, position {}:", last.version, last.position))?;
        let Some(session) = self.session() else { return screen.line("  the session is not open") };
        screen.line(&format!("  {}", status_line(session)))?;
        if let Some(run) = &session.run {
            let answers = run.messages.len();
            screen.line(&format!(
                "  run {} attempt {}, {answers} to answer, until {}",
                run.run, run.attempt, run.deadline
            ))?;
        }
        for waiting in &session.waiting {
            screen.line(&format!("  waiting: message {} ({})", waiting.message, waiting.language.as_str()))?;
        }
        if session.run.is_none() && session.waiting.is_empty() {
            screen.line("  no message waits for the assistant")?;
        }
        Ok(())
    }
}

fn print_told(before: Option<&State>, told: &Told, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let recorded = &told.recorded;
    let status = |state: &State| state.session().map(Session::status);
    let now = status(&told.after);
    let moved = match now {
        Some(status_now) if before.and_then(status) != now => format!("  -> {status_now}"),
        Some(_) | None => String::new(),
    };
    let said = said(&told.event);
    let place = format!("{}/{}", recorded.position, recorded.version);
    let who = who(recorded.event.actor.kind(), recorded.event.actor.id());
    screen.line(&format!("{}  {place:>9}  {who:<10} {}{moved}", recorded.recorded_at_text(), said.what))?;
    for part in said.parts {
        print_part(part.label, &part.text, screen)?;
    }
    Ok(())
}

/// Texts keep their own lines; each stands behind a bar, so that no text can pass for a line of ours.
fn print_part(label: &str, text: &str, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let label = if label.is_empty() { String::new() } else { format!("{label}: ") };
    for (number, line) in text.split('\n').enumerate() {
        let label = if number == 0 { label.as_str() } else { "" };
        screen.line(&format!("{:>40} | {label}{}", "", line.trim_end_matches('\r')))?;
    }
    Ok(())
}

/// The visitor stands in the header, and an agent's id in what she did; a policy is told by its name.
fn who(kind: &str, id: &str) -> String {
    if kind == "policy" { format!("{kind}:{id}") } else { kind.to_owned() }
}

fn personal_word(text: Personal<&str>) -> &str {
    match text {
        Personal::Known(text) => text,
        Personal::Erased => "[erased]",
        Personal::Sealed => "[sealed]",
    }
}

fn status_line(session: &Session) -> String {
    match session.phase {
        Phase::ManualLive { agent } => format!("{}, agent {agent}", session.status()),
        Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => {
            session.status().to_string()
        }
    }
}
