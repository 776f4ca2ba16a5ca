//! A generated shop in which every rare event occurs, however small the log is: input for tests of views.
//!
//! Added to what the shop does: customers who clear their screen during a run, a clock that is set back, an erasure in the middle,
//! customers whom the shop names, and quick replies that are written, changed and removed.

mod customers;
mod quick_replies;

use std::collections::HashSet;

use event_store::{Actor, Expected, NewEvent};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Append, Order, Shop, Step};

/// The customer clears the screen during one of so many runs.
const RUNS_TO_A_CLEAR: usize = 9;

/// The steps of the shop in order. Appends expect no version, because streams hold more than the shop knows.
///
/// # Panics
/// The shop writes other JSON than it should.
#[must_use]
pub fn with_rare_events(order: Order) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut runs = 0;
    for step in Shop::open(order) {
        let Step::Appended(append) = step else {
            steps.push(step);
            continue;
        };
        let append = Append { expected: Expected::Any, ..append };
        let runs_before = runs;
        runs += append.events.iter().filter(|event| event.event_type == "session.assistant_run_started").count();
        let clears = runs > runs_before && runs % RUNS_TO_A_CLEAR == 1;
        let clear = clears.then(|| clear(&append));
        steps.push(Step::Appended(append));
        steps.extend(clear);
    }
    set_clock_back(&mut steps);
    customers::are_named(&mut steps);
    quick_replies::are_written(&mut steps);
    forget_somebody(&mut steps);
    steps
}

/// The customer of a session clears the screen.
fn clear(append: &Append) -> Step {
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
    Step::Appended(Append { events: vec![event], ..append.clone() })
}

fn set_clock_back(steps: &mut [Step]) {
    let third = steps.len() / 3;
    let appended = steps[third..].iter_mut().find_map(|step| match step {
        Step::Appended(append) => Some(append),
        Step::Erased { .. } => None,
    });
    if let Some(append) = appended {
        append.at -= SignedDuration::from_hours(1);
    }
}

/// The first visitor with nothing to come after the middle, or else after the end: a forgotten person's words are refused.
fn forget_somebody(steps: &mut Vec<Step>) {
    let middle = steps.len() / 2;
    let is_there_more = |stream: &str, from: usize| steps[from..].iter().any(|other| stream_of(other) == Some(stream));
    let opened = steps[..middle].iter().filter_map(|one| Some((stream_of(one)?, visitor_of(one)?)));
    let opened: Vec<(&str, Uuid)> = opened.collect();
    let comes_back: HashSet<Uuid> = steps[middle..].iter().filter_map(visitor_of).collect();
    let is_over = |visitor: Uuid, from: usize| {
        let mut streams = opened.iter().filter(|(_, of)| *of == visitor);
        !comes_back.contains(&visitor) && !streams.any(|(stream, _)| is_there_more(stream, from))
    };
    let forgotten = opened.iter().map(|(_, visitor)| *visitor).find(|visitor| is_over(*visitor, middle));
    let (place, visitor) = match forgotten {
        Some(visitor) => (middle, visitor),
        None => (steps.len(), opened.first().expect("somebody came").1),
    };
    let at = steps.iter().rev().find_map(|one| match one {
        Step::Appended(append) => Some(append.at),
        Step::Erased { .. } => None,
    });
    let erased = Step::Erased { at: at.expect("something happened"), subject: domain::VisitorId(visitor) };
    steps.insert(place, erased);
}

fn stream_of(step: &Step) -> Option<&str> {
    match step {
        Step::Appended(append) => Some(append.stream.as_str()),
        Step::Erased { .. } => None,
    }
}

/// Of an append that opens a session: whose it is.
fn visitor_of(step: &Step) -> Option<Uuid> {
    let Step::Appended(append) = step else { return None };
    let opened = append.events.iter().find(|event| event.event_type == "session.opened")?;
    let data: Value = serde_json::from_str(&opened.data).expect("a plain part is JSON");
    data["visitor"].as_str()?.parse().ok()
}
