//! `tail`: events in the order of the log, as lines or as one JSON document a line; to the head, or on and on.

use std::sync::Arc;

use domain::PersonalText;
use event_store::{Position, RecordedEvent};
use futures::StreamExt;

use crate::{
    Finding,
    cli::TailArgs,
    failure::Failure,
    render::{Envelope, Screen},
    source::Source,
};

const PAGE: usize = 500;

/// Prints events after a position.
///
/// # Errors
/// The position is beyond the log's end, or an event cannot be read.
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

async fn up_to(source: &Source, mut after: Position, head: Position, screen: &mut Screen<'_>) -> Result<(), Failure> {
    while after < head {
        let page = source.reader().read_all(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position;
        for event in page.iter().take_while(|event| event.position <= head) {
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
