//! Who served a session, and what an agent did on a day.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Oracle, Told,
    statistics::{mean, seconds},
};
use event_store::Position;

/// One agent's service in one session: from the event that gave it the session to the next one that took it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::ServiceView`, each defined at the line that finds it")]
pub struct Service {
    pub began: Position,
    pub stream: String,
    pub agent: String,
    pub began_at: Timestamp,
    pub began_by: String,
    pub ended: Option<(String, Timestamp)>,
    pub first_message_at: Option<Timestamp>,
    pub asked_at: Option<Timestamp>,
    pub answers: u64,
    pub answer_micros: i64,
    pub position: Position,
}

/// All services of a session, oldest first.
#[must_use]
pub fn services(events: &[&Told]) -> Vec<Service> {
    let given = (0..events.len()).filter(|place| events[*place].brings() == Some("manual_live"));
    given.map(|place| service(events[place], &events[place + 1..])).collect()
}

fn service(given: &Told, later: &[&Told]) -> Service {
    let end = later.iter().position(|told| told.brings().is_some());
    let within = &later[..end.unwrap_or(later.len())];
    let ended = end.map(|place| later[place]);
    let is_transfer = given.what == "transferred";
    let spoken: Vec<&&Told> =
        within.iter().filter(|told| ["customer_message_sent", "agent_message_sent"].contains(&&*told.what)).collect();
    // A run of the customer's messages, and the agent's message after it.
    let answered: Vec<(Timestamp, Timestamp)> = (0..spoken.len())
        .filter(|place| is_question(&spoken, *place))
        .filter_map(|place| Some((spoken[place].at, spoken[place..].iter().find(|told| is_agents(told))?.at)))
        .collect();
    let unanswered = spoken.iter().rposition(|told| is_agents(told)).map_or(0, |last| last + 1);
    Service {
        began: given.position,
        stream: given.stream.clone(),
        agent: given.text(if is_transfer { "to" } else { "agent" }).expect("somebody got it"),
        began_at: given.at,
        began_by: if is_transfer { "transferred" } else { "took_over" }.to_owned(),
        ended: ended.map(|told| (how(told), told.at)),
        first_message_at: spoken.iter().find(|told| is_agents(told)).map(|told| told.at),
        asked_at: spoken.get(unanswered).map(|told| told.at),
        answers: answered.len() as u64,
        answer_micros: answered.iter().map(|(asked, answer)| micros(*asked, *answer)).sum(),
        position: ended.or(spoken.last().map(|told| **told)).unwrap_or(given).position,
    }
}

fn is_agents(told: &Told) -> bool {
    told.what == "agent_message_sent"
}

/// The first message of the customer, or the first after one of the agent.
fn is_question(spoken: &[&&Told], place: usize) -> bool {
    !is_agents(spoken[place]) && (place == 0 || is_agents(spoken[place - 1]))
}

/// Where a clock was set back nothing took less than no time.
fn micros(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_micros().max(0)).expect("no service lasts so long")
}

fn how(ended: &Told) -> String {
    let reason = ended.text("reason").filter(|_| ended.what == "returned_to_queue");
    match reason.as_deref() {
        Some("transferred") => "transferred_to_group".to_owned(),
        Some(reason) => reason.to_owned(),
        None => ended.what.clone(),
    }
}

/// All services of all sessions.
pub(super) fn all(oracle: &Oracle) -> Vec<Service> {
    oracle.by_session().values().flat_map(|events| services(events)).collect()
}

/// What an agent did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::AgentToday`")]
pub struct Today {
    pub processed_count: u64,
    pub avg_response_time: f64,
    pub avg_duration: f64,
}

/// What an agent did as of `now`, on the day that began at `day_start`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
pub fn today(oracle: &Oracle, agent: &str, now: Timestamp, day_start: Timestamp) -> Today {
    let mut done = all(oracle);
    done.retain(|one| one.agent == agent && one.ended.as_ref().is_some_and(|(_, at)| (day_start..=now).contains(at)));
    let mut sessions: Vec<&str> = done.iter().map(|one| &*one.stream).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let answers: u64 = done.iter().map(|one| one.answers).sum();
    let answer_time = seconds(done.iter().map(|one| i128::from(one.answer_micros)).sum());
    let lasted: Vec<i128> = done.iter().filter_map(lasted).map(i128::from).collect();
    Today {
        processed_count: sessions.len() as u64,
        avg_response_time: if answers == 0 { 0.0 } else { answer_time / answers as f64 },
        avg_duration: mean(&lasted),
    }
}

/// How long a service that is over took, in microseconds.
pub(super) fn lasted(service: &Service) -> Option<i64> {
    service.ended.as_ref().map(|(_, at)| micros(service.began_at, *at))
}
