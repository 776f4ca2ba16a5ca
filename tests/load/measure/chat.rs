//! `/api/chat` answered by the FAQ, everything on disk: a turn is three events, so it is compared with a third of the append.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::sqlite::SqliteStore;
use tests::desk::{Desk, Setup};

use super::{
    Line, append,
    connection::Connection,
    fixture::{Failure, Fixture, median},
};

/// Customers' connections at once.
const CONNECTIONS: usize = 32;
/// Turns of one session.
pub(super) const TURNS: usize = 5;
/// The message, the start of the run, and the reply.
const EVENTS: u32 = 3;
const BAR: f64 = 0.4;

pub(super) async fn chat(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let store = SqliteStore::open(&folder.path().join("events.db")).await?;
    let log = append::log_over(Arc::new(store), &append::vault_on_sqlite(folder.path()).await?);
    let environment = without_limits().to_vec();
    let setup = Setup { data_dir: Some(folder.path().join("served")), environment, ..Setup::default() };
    let desk = Desk::start(setup.with_patient_rules());
    let (mut appended, mut turns) = (Vec::new(), Vec::new());
    for round in 0..fixture.rounds {
        appended.push(append::appends_a_second(&log, fixture.time).await?);
        turns.push(turns_a_second(&desk, round, fixture.time).await?);
    }
    let (third, turns) = (median(appended) / f64::from(EVENTS), median(turns));
    let ratio = turns / third;
    Ok(vec![Line {
        what: format!("/api/chat answered by the FAQ, {CONNECTIONS} connections, SQLite"),
        figure: format!("{turns:.0} turns/s"),
        against: format!("a third of the durable append, {third:.0}/s"),
        ratio: Some(ratio),
        bar: BAR.to_string(),
        is_met: ratio >= BAR,
    }])
}

/// Settings without which the figure would be that of the rate limits.
pub(super) fn without_limits() -> [(&'static str, String); 2] {
    [("DESK_CHAT_RATE_PER_MINUTE", "0".to_owned()), ("DESK_RATE_PER_SECOND", "0".to_owned())]
}

/// Where a started program listens.
pub(super) fn address(desk: &Desk) -> String {
    desk.url().trim_start_matches("http://").to_owned()
}

async fn turns_a_second(desk: &Desk, round: usize, time: Duration) -> Result<f64, Failure> {
    let (staff, started) = (desk.staff(), Instant::now());
    let before = staff.head().await?;
    let customers = (0..CONNECTIONS)
        .map(|customer| tokio::spawn(ask_until(address(desk), format!("r{round}c{customer}"), started + time)));
    let mut answered = 0;
    for customer in customers.collect::<Vec<_>>() {
        answered += customer.await??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let written = staff.head().await? - before;
    if written < u64::from(answered) * u64::from(EVENTS) {
        return Err(format!("{answered} turns were answered, the log has {written} events more").into());
    }
    Ok(f64::from(answered) / seconds)
}

async fn ask_until(address: String, name: String, end: Instant) -> Result<u32, Failure> {
    let mut connection = Connection::arrive(&address, &name).await?;
    let mut answered = 0;
    while Instant::now() < end {
        let session = answered as usize / TURNS;
        let body = format!(r#"{{"user_id":"{name}-{session}","message":"电池充满要多久？"}}"#);
        let answer = connection.post("/api/chat", "", &body).await?;
        let is_answered = answer.status == 200 && answer.text("message").is_some_and(|text| !text.is_empty());
        if !is_answered {
            return Err(format!("a question was answered {}", answer.status).into());
        }
        answered += 1;
    }
    Ok(answered)
}
