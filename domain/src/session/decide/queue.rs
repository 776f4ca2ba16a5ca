//! Offers of a waiting session, and what ends with the wait.

use jiff::Timestamp;

use crate::{
    id::{AgentId, OfferId},
    session::{
        event::{Event, OfferEnd, OfferExpired, OfferMade, TransferDeclined, TransferEnd},
        state::{OpenOffer, Phase, Session},
    },
};

/// One offer at a time.
pub(super) fn make_offer(session: &Session, offer: OfferId, agent: AgentId, expires_at: Timestamp) -> Vec<Event> {
    if session.phase != Phase::PendingManual || session.offer.is_some() {
        return Vec::new();
    }
    vec![Event::OfferMade(OfferMade { offer, agent, expires_at })]
}

pub(super) fn end_offer(session: &Session, offer: OfferId, reason: OfferEnd) -> Vec<Event> {
    let Some(open) = session.offer.filter(|open| open.offer == offer) else { return Vec::new() };
    vec![Event::OfferExpired(OfferExpired { offer: open.offer, reason })]
}

/// The session goes another way: what was offered or asked for is over.
pub(super) fn withdrawn(session: &Session) -> Vec<Event> {
    let offer = session
        .offer
        .map(|OpenOffer { offer, .. }| Event::OfferExpired(OfferExpired { offer, reason: OfferEnd::Withdrawn }));
    let transfer = session.transfer.as_ref().map(|open| {
        Event::TransferDeclined(TransferDeclined { transfer: open.transfer, reason: TransferEnd::Withdrawn })
    });
    offer.into_iter().chain(transfer).collect()
}
