//! Reads `$all` forward by a filtered subscription, which says from time to time how far it is although nothing of ours comes. So
//! there is no limit on how much it looks through, and what it has looked through is not looked through again.

use eventstore::{Position as Place, RecordedEvent, StreamPosition, Subscription, SubscriptionEvent};
use tokio::time::timeout;

use super::{
    connection::{Connection, Lent},
    fault::Fault,
    read::Which,
    searched::Searched,
    spin_guard::{Stopped, guarded},
};
use crate::event::Position;

/// Events that the server looks at between two messages.
const WINDOW: u32 = 2000;

/// What was read.
pub(super) struct Walked {
    pub(super) records: Vec<RecordedEvent>,
    /// The server said that there is no more. Servers before 23.10 do not say it, and a slow one may not have said it yet.
    pub(super) is_end: bool,
}

/// Up to `limit` records of ours behind the record at a place, which is ours, or from the start.
pub(super) async fn forward(
    connection: &Connection,
    searched: &Searched,
    place: Position,
    limit: usize,
) -> Result<Walked, Fault> {
    let lent = connection.lend()?;
    let mut subscription = subscribe(&lent, searched, place).await;
    let silence = connection.settings().answer_limit();
    let (mut records, mut last, mut is_confirmed) = (Vec::new(), place, false);
    while records.len() < limit {
        let said = match timeout(silence, next(&mut subscription)).await {
            Ok(said) => said,
            Err(_elapsed) if is_confirmed => break,
            Err(_elapsed) => Err(Fault::NoAnswer(silence)),
        };
        match said.inspect_err(|fault| connection.failed(fault, lent.number()))? {
            SubscriptionEvent::EventAppeared(resolved) => {
                let Some(record) = resolved.event else { continue };
                let here = Position(record.position.commit);
                searched.note(last, here);
                last = here;
                records.push(record);
            }
            SubscriptionEvent::Checkpoint(reached) => searched.note(last, Position(reached.commit)),
            SubscriptionEvent::CaughtUp(_) => return Ok(Walked { records, is_end: true }),
            SubscriptionEvent::Confirmed(_) => is_confirmed = true,
            SubscriptionEvent::FellBehind(_)
            | SubscriptionEvent::FirstStreamPosition(_)
            | SubscriptionEvent::LastStreamPosition(_)
            | SubscriptionEvent::LastAllPosition(_) => {}
        }
    }
    Ok(Walked { records, is_end: false })
}

/// A subscription to what is of ours behind the record at a place.
pub(super) async fn subscribe(lent: &Lent, searched: &Searched, place: Position) -> Subscription {
    let from = match searched.beyond(place) {
        Position::START => StreamPosition::Start,
        // Behind the record.
        Position(commit) if commit == place.0 => StreamPosition::Position(Place { commit, prepare: commit }),
        // The record at the end of a stretch may be ours.
        Position(commit) => StreamPosition::Position(Place { commit, prepare: 0 }),
    };
    let filter = Which::Events.filter().max(WINDOW);
    lent.client.subscribe_to_all(&lent.subscribing().position(from).filter(filter)).await
}

/// What the server says next.
pub(super) async fn next(subscription: &mut Subscription) -> Result<SubscriptionEvent, Fault> {
    match guarded(subscription.next_subscription_event()).await {
        Ok(said) => Ok(said?),
        Err(Stopped::Spinning) => Err(Fault::CutShort),
        Err(Stopped::Panicked) => Err(Fault::NotUnderstood),
    }
}
