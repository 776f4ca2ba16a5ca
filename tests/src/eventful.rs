//! A shop's days in which everything that is rare is sure to happen, however few events they have: what a test of views has
//! to find in a log.
//!
//! To what the shop does, some things are added that it might have done: customers who clear their screen while an answer is
//! being made, a machine's clock that is set back, and somebody who is forgotten in the middle.

use std::collections::HashSet;

use event_store::{Actor, Expected, NewEvent};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Append, Happening, Order, Shop};

/// Of so many answers that are being made, the customer clears the screen during one.
const RUNS_TO_A_CLEAR: usize = 9;

/// What happens, in order. Positions of streams are not asked for, as there is more in them than the shop knows.
///
/// # Panics
/// The shop writes other JSON than it should.
#[must_use]
pub fn eventful(order: Order) -> Vec<Happening> {
    let mut happenings = Vec::new();
    let mut runs = 0;
    for happening in Shop::open(order) {
        let Happening::Appended(append) = happening else {
            happenings.push(happening);
            continue;
        };
        let append = Append { expected: Expected::Any, ..append };
        let runs_before = runs;
        runs += append.events.iter().filter(|event| event.event_type == "session.assistant_run_started").count();
        let clears = runs > runs_before && runs % RUNS_TO_A_CLEAR == 1;
        let clear = clears.then(|| clear(&append));
        happenings.push(Happening::Appended(append));
        happenings.extend(clear);
    }
    set_clock_back(&mut happenings);
    forget_somebody(&mut happenings);
    happenings
}

/// The customer of a session clears the screen.
fn clear(append: &Append) -> Happening {
    let cause = append.events.last().expect("an append has events");
    let id = |what: &str| Uuid::new_v5(&cause.event_id, what.as_bytes());
    let event = NewEvent {
        event_id: id("cleared"),
        event_type: "session.context_started",
        schema: 1,
        actor: Actor::new("customer", &id("customer").to_string()),
        correlation_id: id("request"),
        causation_id: None,
        data: json!({"context": id("context"), "cleared": true}).to_string(),
        personal: None,
    };
    Happening::Appended(Append { events: vec![event], ..append.clone() })
}

fn set_clock_back(happenings: &mut [Happening]) {
    let third = happenings.len() / 3;
    let appended = happenings[third..].iter_mut().find_map(|happening| match happening {
        Happening::Appended(append) => Some(append),
        Happening::Erased { .. } => None,
    });
    if let Some(append) = appended {
        append.at -= SignedDuration::from_hours(1);
    }
}

/// The first visitor with nothing to come after the middle, or else after the end: a forgotten person's words are refused.
fn forget_somebody(happenings: &mut Vec<Happening>) {
    let middle = happenings.len() / 2;
    let is_there_more =
        |stream: &str, from: usize| happenings[from..].iter().any(|other| stream_of(other) == Some(stream));
    let opened = happenings[..middle].iter().filter_map(|one| Some((stream_of(one)?, visitor_of(one)?)));
    let opened: Vec<(&str, Uuid)> = opened.collect();
    let comes_back: HashSet<Uuid> = happenings[middle..].iter().filter_map(visitor_of).collect();
    let is_over = |visitor: Uuid, from: usize| {
        let mut streams = opened.iter().filter(|(_, of)| *of == visitor);
        !comes_back.contains(&visitor) && !streams.any(|(stream, _)| is_there_more(stream, from))
    };
    let forgotten = opened.iter().map(|(_, visitor)| *visitor).find(|visitor| is_over(*visitor, middle));
    let (place, visitor) = match forgotten {
        Some(visitor) => (middle, visitor),
        None => (happenings.len(), opened.first().expect("somebody came").1),
    };
    let at = happenings.iter().rev().find_map(|one| match one {
        Happening::Appended(append) => Some(append.at),
        Happening::Erased { .. } => None,
    });
    let erased = Happening::Erased { at: at.expect("something happened"), subject: domain::VisitorId(visitor) };
    happenings.insert(place, erased);
}

fn stream_of(happening: &Happening) -> Option<&str> {
    match happening {
        Happening::Appended(append) => Some(append.stream.as_str()),
        Happening::Erased { .. } => None,
    }
}

/// Of an append that opens a session: whose it is.
fn visitor_of(happening: &Happening) -> Option<Uuid> {
    let Happening::Appended(append) = happening else { return None };
    let opened = append.events.iter().find(|event| event.event_type == "session.opened")?;
    let data: Value = serde_json::from_str(&opened.data).expect("a plain part is JSON");
    data["visitor"].as_str()?.parse().ok()
}
