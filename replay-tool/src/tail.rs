//! `tail`: prints events in log order, as text or one JSON document per line, up to the head or following it.

use std::{pin::pin, sync::Arc};

use domain::PersonalText;
use event_store::{Position, RecordedEvent, pages::pages_up_to};
use futures::StreamExt;

use crate::{
    Finding,
    cli::TailArgs,
    failure::Failure,
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
    if wanted.follow {
        follow(source, after, screen).await?;
    } else {
        up_to(source, after, head, screen).await?;
    }
    Ok(Finding::AsExpected)
}

async fn up_to(source: &Source, after: Position, head: Position, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut pages = pin!(pages_up_to(source.reader(), after, head));
    while let Some(page) = pages.next().await {
        for event in &page? {
            print(source, event, screen).await?;
        }
    }
    Ok(())
}

async fn follow(source: &Source, after: Position, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut events = source.reader().subscribe(after);
    loop {
        let next = tokio::select! {
            interrupted = tokio::signal::ctrl_c() => return interrupted.map_err(Failure::Output),
            next = events.next() => next,
        };
        let Some(event) = next else { return Ok(()) };
        print(source, &event?, screen).await?;
        screen.flush().map_err(Failure::Output)?;
    }
}

async fn print(source: &Source, event: &Arc<RecordedEvent>, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let personal = source.personal(event).await?;
    if screen.json_wanted() {
        return screen.json(&Envelope::of(event, &personal));
    }
    let stored = &event.event;
    let place = format!("{:>8}  {}  {}/{}", event.position, event.recorded_at_text(), event.stream, event.version);
    let sealed = match &personal {
        PersonalText::Absent => "",
        PersonalText::Known(text) => text,
        PersonalText::Erased => "[erased]",
        PersonalText::Sealed => "[sealed]",
    };
    screen.line(&format!("{place}  {}  {}  {} {sealed}", stored.event_type, stored.actor, stored.data))
}
