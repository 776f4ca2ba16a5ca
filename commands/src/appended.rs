//! What was recorded together: the events of one append, which are the whole answer to one command.

use std::pin::pin;

use event_store::StreamVersion;
use futures::StreamExt as _;
use journal::{Decoded, Journal};

use crate::{error::CommandError, sessions::MESSAGE_SENT};

/// Events of one append before a given one, at most.
const BEFORE: u64 = 8;

/// The events that were recorded in one append with this one, itself among them, in order.
///
/// They stand one after another with the same actor, request and cause, and a customer's message begins an append or stands
/// behind what opened the session.
///
/// # Errors
/// The session's history cannot be read.
pub async fn appended_with(journal: &Journal, decoded: &Decoded) -> Result<Vec<Decoded>, CommandError> {
    let recorded = decoded.recorded();
    let after = StreamVersion(recorded.version.0.saturating_sub(BEFORE + 1));
    let mut pages = pin!(journal.read_stream(&recorded.stream, after));
    let page = pages.next().await.transpose()?.unwrap_or_default();
    let (mut before, behind): (Vec<Decoded>, Vec<Decoded>) =
        page.into_iter().partition(|other| other.recorded().version < recorded.version);
    let begins = |other: &Decoded| &*other.recorded().event.event_type == MESSAGE_SENT;
    let first = before.iter().rposition(|other| !is_together(other, decoded)).map_or(0, |apart| apart + 1);
    let first = before[first..].iter().rposition(begins).map_or(first, |message| first + message);
    let is_message = begins(decoded);
    let mut together = if is_message { Vec::new() } else { before.split_off(first) };
    let rest = behind.into_iter().enumerate();
    let rest = rest.take_while(|(place, other)| is_together(other, decoded) && (*place == 0 || !begins(other)));
    together.extend(rest.map(|(_, other)| other));
    Ok(together)
}

fn is_together(one: &Decoded, other: &Decoded) -> bool {
    let (one, other) = (&one.recorded().event, &other.recorded().event);
    one.actor == other.actor && one.correlation_id == other.correlation_id && one.causation_id == other.causation_id
}
