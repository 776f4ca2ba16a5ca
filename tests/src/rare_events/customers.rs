//! The shop names some of the visitors, and counts some of these among its best.

use event_store::{Actor, Expected, KeyClass, NewEvent, PersonalPart, StreamName};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::visitor_of;
use crate::shop::{Append, Step};

/// Of the first visitors each is named; later one of so many.
const FIRST: usize = 6;
const ONE_OF: usize = 4;

/// Right before their first session is opened, so that an erasure of theirs comes later; some are named again.
pub(super) fn are_named(steps: &mut Vec<Step>) {
    let mut named = Vec::with_capacity(steps.len());
    let mut known = std::collections::HashSet::new();
    for step in steps.drain(..) {
        if let (Some(visitor), Step::Appended(append)) = (visitor_of(&step), &step)
            && known.insert(visitor)
            && (known.len() <= FIRST || known.len() % ONE_OF == 0)
        {
            let number = known.len();
            named.push(event("customer.identified", visitor, append.at, &profile(number), number % 2 == 0));
            if number % 3 == 0 {
                named.push(event("customer.profile_changed", visitor, append.at, &profile(1_000 + number), true));
            }
        }
        named.push(step);
    }
    *steps = named;
}

/// Some have no name.
fn profile(number: usize) -> Value {
    match number % 5 {
        0 => json!({"sub": format!("shop-{number}")}),
        _named => json!({"sub": format!("shop-{number}"), "name": format!("Čeněk Müller No{number}.")}),
    }
}

fn event(event_type: &'static str, visitor: Uuid, at: Timestamp, profile: &Value, vip: bool) -> Step {
    let personal = PersonalPart { subject: visitor, class: KeyClass::Contact, json: profile.to_string() };
    let id = Uuid::new_v5(&visitor, event_type.as_bytes());
    let event = NewEvent {
        event_id: id,
        event_type,
        schema: 1,
        actor: Actor::new("customer", &visitor.to_string()),
        correlation_id: id,
        causation_id: None,
        data: json!({"vip": vip}).to_string(),
        personal: Some(personal),
    };
    Step::Appended(Append {
        stream: StreamName::of("customer", visitor),
        expected: Expected::Any,
        at,
        events: vec![event],
    })
}
