//! The events of a stream that is no session's, each checked against the one before it.

use event_store::StreamName;

use crate::{
    Finding,
    cli::SessionArgs,
    failure::Failure,
    history,
    point::Point,
    render::{Envelope, Screen},
    source::Source,
    tail::event_text,
};

/// Shows the events up to the requested moment.
pub(super) async fn show(
    source: &Source,
    stream: &StreamName,
    wanted: &SessionArgs,
    screen: &mut Screen<'_>,
) -> Result<Finding, Failure> {
    let history = history::load(source, stream).await?;
    if history.is_empty() {
        return Err(Failure::NoStream);
    }
    let head = source.reader().head().await?;
    for event in Point::of(wanted, source.maps())?.cut(&history, head)? {
        let personal = source.personal(event).await?;
        let is_lost = source.is_lost(event, &personal).await?;
        if screen.json_wanted() {
            screen.json(&Envelope::of(event, &personal).without_record(is_lost))?;
        } else {
            screen.line(&event_text(event, &personal, is_lost))?;
        }
    }
    Ok(Finding::AsExpected)
}
