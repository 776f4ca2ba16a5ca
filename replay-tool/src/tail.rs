//! `tail`: prints events in log order, as text or one JSON document per line, up to the head or following it; all, or those of a
//! type, stream or actor. Each is checked on the way, and one that does not prove itself is marked.

use std::{pin::pin, sync::Arc};

use domain::PersonalText;
use event_store::{Position, RecordedEvent, pages::pages_up_to};
use futures::StreamExt;

use crate::{
    Finding,
    cli::TailArgs,
    erasures::WITHOUT_RECORD,
    failure::Failure,
    link_check::LinkCheck,
    render::{Envelope, Screen},
    source::Source,
};

/// Prints events after a position.
///
/// # Errors
/// The position is beyond the head, or an event cannot be read.
pub async fn tail(source: &Source, wanted: &TailArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let head = source.reader().head().await?;
    let after = source.maps().cursor(wanted.after)?;
    if after > head {
        return Err(Failure::BeyondHead { wanted: after.0, head });
    }
    let mut printer = Printer { source, wanted, links: LinkCheck::new(after == Position::START), is_proved: true };
    if wanted.follow {
        follow(&mut printer, after, screen).await?;
    } else {
        up_to(&mut printer, after, head, screen).await?;
    }
    Ok(if printer.is_proved { Finding::AsExpected } else { Finding::Differences })
}

async fn up_to(
    printer: &mut Printer<'_>,
    after: Position,
    head: Position,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let source = printer.source;
    let mut pages = pin!(pages_up_to(source.reader(), after, head));
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                // What was printed before is what the log holds up to there.
                screen.flush().map_err(Failure::Output)?;
                return Err(error.into());
            }
        };
        for event in &page {
            printer.print(event, screen).await?;
        }
    }
    Ok(())
}

async fn follow(printer: &mut Printer<'_>, after: Position, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let source = printer.source;
    let mut events = source.reader().subscribe(after);
    // One for all: of an interruption that comes while an event is printed, a new one would not hear.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let next = tokio::select! {
            interrupted = &mut interrupted => return interrupted.map_err(Failure::Output),
            next = events.next() => next,
        };
        let Some(event) = next else { return Ok(()) };
        printer.print(&event?, screen).await?;
        screen.flush().map_err(Failure::Output)?;
    }
}

struct Printer<'a> {
    source: &'a Source,
    wanted: &'a TailArgs,
    links: LinkCheck,
    /// Whether every event so far has proved itself, also those that are not printed.
    is_proved: bool,
}

impl Printer<'_> {
    async fn print(&mut self, event: &Arc<RecordedEvent>, screen: &mut Screen<'_>) -> Result<(), Failure> {
        let flaw = self.links.flaw_of(event);
        self.is_proved &= flaw.is_none();
        if !self.wanted.shows(event) && flaw.is_none() {
            return Ok(());
        }
        let personal = self.source.personal(event).await?;
        let is_lost = self.source.is_lost(event, &personal).await?;
        if screen.json_wanted() {
            return screen.json(&Envelope::of(event, &personal).without_record(is_lost).with_flaw(flaw));
        }
        if let Some(flaw) = flaw {
            screen.line(&format!("!! position {} does not prove itself: {flaw}", event.position))?;
        }
        screen.line(&event_text(event, &personal, is_lost))
    }
}

impl TailArgs {
    /// Whether an event is one of those that were asked for.
    fn shows(&self, event: &RecordedEvent) -> bool {
        let is_one_of = |wanted: &[String], text: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == text);
        let actor = &event.event.actor;
        is_one_of(&self.types, &event.event.event_type)
            && is_one_of(&self.streams, event.stream.as_str())
            && (is_one_of(&self.actors, actor.as_str()) || is_one_of(&self.actors, actor.kind()))
    }
}

/// An event on one line.
pub(crate) fn event_text(event: &RecordedEvent, personal: &PersonalText, is_lost: bool) -> String {
    let stored = &event.event;
    let place = format!("{:>8}  {}  {}/{}", event.position, event.recorded_at_text(), event.stream, event.version);
    let sealed = match personal {
        PersonalText::Absent => "",
        PersonalText::Known(text) => text,
        PersonalText::Erased if is_lost => WITHOUT_RECORD,
        PersonalText::Erased => "[erased]",
        PersonalText::Sealed => "[sealed]",
    };
    format!("{place}  {}  {}  {} {sealed}", stored.event_type, stored.actor, stored.data)
}
