//! Generated logs: as realistic as the domain, as large as ordered, the same from the same seed, and taken by every part of
//! the program as if it had written them itself.

use std::collections::{BTreeMap, BTreeSet};

use domain::session::{
    Class, Event, PersonalText, State,
    codec::EVENT_TYPES,
    decode, encode,
    event::{EscalationReason, WithheldReason},
};
use event_store::{Expected, StreamVersion};
use jiff::Timestamp;
use tests::shop::{Append, Happening, Order, Profile, RULES, Shop};

/// A Wednesday, 20:00 by the shop's clock.
fn evening() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn appends(order: Order) -> Vec<Append> {
    Shop::open(order)
        .filter_map(|happening| match happening {
            Happening::Appended(append) => Some(append),
            Happening::Erased { .. } => None,
        })
        .collect()
}

fn events(order: Order) -> Vec<Event> {
    let appends = appends(order);
    appends.iter().flat_map(|append| &append.events).map(read).collect()
}

fn read(new: &event_store::NewEvent) -> Event {
    let personal = new.personal.as_ref().map_or(PersonalText::Absent, |part| PersonalText::Known(part.json.clone()));
    decode(new.event_type, new.schema, &new.data, personal).unwrap()
}

fn counts(events: &[Event]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(encode(event).event_type).or_insert(0) += 1;
    }
    counts
}

fn both(events: u64, seed: u64) -> [Order; 2] {
    [Order::shop(events, seed, evening()), Order::stress(events, seed, evening())]
}

#[test]
fn every_type_of_event_occurs() {
    for order in both(12_000, 1) {
        let counts = counts(&events(order));
        println!("{counts:#?}");
        let missing: Vec<_> = EVENT_TYPES.iter().filter(|known| !counts.contains_key(*known)).collect();
        assert!(missing.is_empty(), "no traffic for {missing:?} in {:?}", order.profile);
    }
}
