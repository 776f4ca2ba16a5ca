//! Prints an event of a session: time, place in the log, actor, text, and below it its parts.

use domain::{
    session::{Session, State, Status},
    texts::Names,
};

use super::{Screen, Style, describe};
use crate::{failure::Failure, history::HistoryEvent};

/// Prints an event, and the session's new status if it changed.
///
/// # Errors
/// It could not be written.
pub fn print_event_line(
    before: Option<&State>,
    entry: &HistoryEvent,
    names: &Names,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let recorded = &entry.recorded;
    let moved = new_status(before, &entry.after).map(|status| format!("  -> {status}")).unwrap_or_default();
    let description = describe(&entry.event, names);
    let place = format!("{}/{}", recorded.position, recorded.version);
    let (kind, id) = (recorded.event.actor.kind(), recorded.event.actor.id());
    let line =
        format!("{}  {place:>9}  {:<10} {}{moved}", recorded.recorded_at_text(), who(kind, id), description.what);
    screen.styled(Style::of(kind), &line)?;
    for part in description.parts {
        screen.part(part.label, entry.shown(&part.text))?;
    }
    Ok(())
}

/// The status after an event, if it changed.
#[must_use]
pub fn new_status(before: Option<&State>, after: &State) -> Option<Status> {
    let status = |state: &State| state.session().map(Session::status);
    status(after).filter(|now| before.and_then(status) != Some(*now))
}

/// The kind of actor; a policy with its name. The visitor is in the header, and an agent's id in the text of the event.
fn who(kind: &str, id: &str) -> String {
    if kind == "policy" { format!("{kind}:{id}") } else { kind.to_owned() }
}
