//! Who waits for a person, in which order and about how long, and who has what.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Oracle, Row, Told,
    services::{all, lasted},
    sessions::agent,
};

/// The classes, the first first.
const CLASSES: [&str; 4] = ["danger", "vip", "urgent", "normal"];
/// The services that an estimate is made from.
const LAST: usize = 50;

/// A session in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::QueuePlace`")]
pub struct InQueue {
    pub position: u64,
    pub class: String,
    pub waited_nanos: i128,
    pub estimated_seconds: Option<i64>,
    pub row: Row,
}

/// All that wait, or those for one group, the first first.
#[must_use]
pub fn queue(oracle: &Oracle, group: Option<&str>, now: Timestamp) -> Vec<InQueue> {
    let all = oracle.by_session();
    let mut rows: Vec<Row> = all.values().map(|events| Row::of(events)).collect();
    rows.retain(|row| row.status == "pending_manual" && (group.is_none() || row.group.as_deref() == group));
    let mut ranked: Vec<(usize, Timestamp, String, Row)> = rows
        .into_iter()
        .map(|row| {
            let since = row.waiting_since.expect("it waits");
            (rank(&row.class, now.duration_since(since)), since, row.stream.clone(), row)
        })
        .collect();
    ranked.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
    let pace = pace(oracle);
    (1..)
        .zip(ranked)
        .map(|(position, (rank, since, _, row))| InQueue {
            position,
            class: CLASSES[rank].to_owned(),
            waited_nanos: now.duration_since(since).as_nanos().max(0),
            estimated_seconds: pace.map(|(handling, agents)| handling * position.cast_signed() / agents),
            row,
        })
        .collect()
}

/// Going up one class for each ten minutes, one after the other, but never into danger.
fn rank(class: &str, waited: SignedDuration) -> usize {
    let mut rank = CLASSES.iter().position(|one| *one == class).expect("there are four classes");
    let mut left = waited - SignedDuration::from_mins(10);
    while rank > 1 && !left.is_negative() {
        rank -= 1;
        left -= SignedDuration::from_mins(10);
    }
    rank
}

/// Seconds of the service in the middle of the last ones, the longer of two; and how many agents serve. None of nothing.
fn pace(oracle: &Oracle) -> Option<(i64, i64)> {
    let serving: BTreeSet<String> = oracle.by_session().values().filter_map(|events| agent(events)).collect();
    let mut over = all(oracle);
    over.retain(|one| one.ended.is_some());
    over.sort_by_key(|one| Reverse((one.ended.as_ref().map(|(_, at)| *at), one.began)));
    over.truncate(LAST);
    let mut times: Vec<i64> = over.iter().filter_map(lasted).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2)?;
    (!serving.is_empty()).then(|| (middle / 1_000_000, i64::try_from(serving.len()).expect("few serve")))
}

/// How many sessions each agent has who has any.
#[must_use]
pub fn load(oracle: &Oracle) -> BTreeMap<String, u64> {
    let mut load = BTreeMap::new();
    for serving in oracle.by_session().values().filter_map(|events| agent(events)) {
        *load.entry(serving).or_default() += 1;
    }
    load
}

/// The sessions that an agent has, in the order in which it got them.
#[must_use]
pub fn sessions_of(oracle: &Oracle, wanted: &str) -> Vec<Row> {
    let got_at = |events: &[&Told]| events.iter().rev().find(|told| told.brings() == Some("manual_live")).map(|t| t.at);
    let all = oracle.by_session();
    let mut of_agent: Vec<(Option<Timestamp>, Row)> = all
        .values()
        .filter(|events| agent(events).as_deref() == Some(wanted))
        .map(|events| (got_at(events), Row::of(events)))
        .collect();
    of_agent.sort_by(|one, other| (one.0, &one.1.stream).cmp(&(other.0, &other.1.stream)));
    of_agent.into_iter().map(|(_, row)| row).collect()
}
