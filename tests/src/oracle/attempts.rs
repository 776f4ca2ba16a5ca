//! What assistants were asked, attempt by attempt, and what that came to.

use std::collections::BTreeMap;

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Oracle, Told};

/// One attempt: from the event that began it to the end of what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::AttemptView`, each defined at the line that finds it")]
pub struct Attempt {
    pub began: Position,
    pub run: String,
    pub attempt: u64,
    pub stream: String,
    pub assistant: String,
    pub variant: Option<String>,
    pub began_at: Timestamp,
    pub ended: Option<(String, Timestamp)>,
    pub failure: Option<String>,
    pub error_code: Option<String>,
    pub tokens: Option<(u64, u64)>,
    pub cost: Option<(u64, String)>,
    pub position: Position,
}

/// The events by which an attempt says how it ended.
const ENDINGS: [&str; 3] = ["assistant_replied", "assistant_failed", "assistant_reply_withheld"];

/// All attempts in a session, oldest first.
#[must_use]
pub fn attempts(events: &[&Told]) -> Vec<Attempt> {
    let begun = (0..events.len()).filter(|place| events[*place].what == "assistant_run_started");
    begun.map(|place| attempt(events[place], &events[place + 1..])).collect()
}

fn attempt(started: &Told, later: &[&Told]) -> Attempt {
    let of_run: Vec<&Told> = later.iter().copied().filter(|told| told.data["run"] == started.data["run"]).collect();
    let is_own = |told: &&&Told| ENDINGS.contains(&&*told.what) && told.data["attempt"] == started.data["attempt"];
    let own: Vec<&Told> = of_run.iter().filter(is_own).copied().collect();
    let next = of_run.iter().find(|told| told.what == "assistant_run_started").copied();
    let failed = own.iter().find(|told| told.what == "assistant_failed");
    let first_of = |field: &str| own.iter().map(|told| told.data[field].clone()).find(|value| !value.is_null());
    // What it says itself counts, however late.
    let outcome = own.last().map(|told| outcome(told)).or(next.map(|_| "retaken".to_owned()));
    Attempt {
        began: started.position,
        run: started.text("run").expect("a run has an id"),
        attempt: started.data["attempt"].as_u64().expect("attempts are counted"),
        stream: started.stream.clone(),
        assistant: started.text("assistant").expect("somebody was asked"),
        variant: started.text("variant"),
        began_at: started.at,
        ended: outcome.zip(own.first().copied().or(next).map(|told| told.at)),
        failure: failed.and_then(|told| told.text("code")),
        error_code: failed.and_then(|told| told.text("error_code")),
        tokens: first_of("tokens").and_then(|tokens| Some((tokens["input"].as_u64()?, tokens["output"].as_u64()?))),
        cost: first_of("cost").and_then(|cost| Some((cost["micros"].as_u64()?, cost["currency"].as_str()?.to_owned()))),
        position: own.last().copied().or(next).unwrap_or(started).position,
    }
}

fn outcome(ending: &Told) -> String {
    match &*ending.what {
        "assistant_replied" => ending.text("outcome").expect("a reply has an outcome"),
        "assistant_failed" => "failed".to_owned(),
        _ => "withheld".to_owned(),
    }
}

/// What attempts came to, in the words of `projections::Usage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::Usage`")]
pub struct Sums {
    pub group: Group,
    pub attempts: usize,
    /// Answered, offered, does not know, hands over, failed for whatever came next, withheld.
    pub ended: [usize; 6],
    pub tokens: (u64, u64),
    pub cost: BTreeMap<String, u64>,
    pub p50_micros: Option<i128>,
    pub p99_micros: Option<i128>,
}

/// What divides attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "as in `projections::Usage`")]
pub struct Group {
    pub day: Option<Timestamp>,
    pub assistant: Option<String>,
    pub variant: Option<String>,
    pub stream: Option<String>,
    pub run: Option<String>,
}

/// The sums of those that began in periods, by day, assistant, session or run.
#[must_use]
pub fn usage(oracle: &Oracle, by: &str, periods: &[(Timestamp, Timestamp)]) -> Vec<Sums> {
    let all: Vec<Attempt> = oracle.by_session().values().flat_map(|events| attempts(events)).collect();
    let mut groups: BTreeMap<Group, Vec<Attempt>> = BTreeMap::new();
    for attempt in all {
        let period = periods.iter().find(|(from, until)| (*from..*until).contains(&attempt.began_at));
        let Some((day, _)) = period else { continue };
        groups.entry(group(&attempt, by, *day)).or_default().push(attempt);
    }
    let mut sums: Vec<(Position, Sums)> = groups
        .into_iter()
        .map(|(group, attempts)| {
            let first = attempts.iter().map(|attempt| attempt.began).min();
            (first.expect("a group has an attempt"), sums(group, &attempts))
        })
        .collect();
    sums.sort_by_key(|(first, sums)| (sums.group.day, *first));
    sums.into_iter().map(|(_, sums)| sums).collect()
}

fn group(attempt: &Attempt, by: &str, day: Timestamp) -> Group {
    let assistant = Some(attempt.assistant.clone());
    let stream = Some(attempt.stream.clone());
    match by {
        "day" => Group { day: Some(day), assistant, variant: attempt.variant.clone(), ..Group::default() },
        "assistant" => Group { assistant, variant: attempt.variant.clone(), ..Group::default() },
        "session" => Group { stream, ..Group::default() },
        _ => Group { stream, run: Some(attempt.run.clone()), ..Group::default() },
    }
}

fn sums(group: Group, attempts: &[Attempt]) -> Sums {
    let (mut cost, mut tokens) = (BTreeMap::new(), (0, 0));
    let came_to = |outcomes: &[&str]| {
        let ended = attempts.iter().filter_map(|attempt| attempt.ended.as_ref());
        ended.filter(|(outcome, _)| outcomes.contains(&&**outcome)).count()
    };
    for attempt in attempts {
        if let Some((input, output)) = attempt.tokens {
            tokens = (tokens.0 + input, tokens.1 + output);
        }
        if let Some((micros, currency)) = &attempt.cost {
            *cost.entry(currency.clone()).or_default() += micros;
        }
    }
    let took = |attempt: &Attempt| Some(attempt.ended.as_ref()?.1.duration_since(attempt.began_at).as_micros().max(0));
    let mut times: Vec<i128> = attempts.iter().filter_map(took).collect();
    times.sort_unstable();
    // So many of a hundred do not take longer.
    let within = |percent: usize| {
        times.iter().copied().find(|time| {
            let not_longer = times.iter().filter(|other| *other <= time).count();
            not_longer * 100 >= times.len() * percent
        })
    };
    Sums {
        group,
        attempts: attempts.len(),
        ended: [
            came_to(&["answered"]),
            came_to(&["offered"]),
            came_to(&["does_not_know"]),
            came_to(&["hands_over"]),
            came_to(&["failed", "unavailable"]),
            came_to(&["withheld"]),
        ],
        tokens,
        cost,
        p50_micros: within(50),
        p99_micros: within(99),
    }
}

/// What a session's attempts cost: how many there are, tokens, and amounts by currency.
#[must_use]
pub fn session_usage(events: &[&Told]) -> (usize, (u64, u64), BTreeMap<String, u64>) {
    let Sums { attempts, tokens, cost, .. } = sums(Group::default(), &attempts(events));
    (attempts, tokens, cost)
}
