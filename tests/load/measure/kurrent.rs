//! The log behind KurrentDB's protocol, on the protocol test server in this process: a chat turn against the same on SQLite, with the
//! calls that it takes, and how fast `desk copy-log` fills it. The server is not KurrentDB: it shows what our side costs.

use std::time::Instant;

use tests::{
    desk::{Desk, Setup, program, without_settings},
    kurrent::Kurrent,
};

use super::{
    Line,
    chat::{address, without_limits},
    connection::Connection,
    fixture::{Failure, Fixture, median, percentile},
};

/// At most so many times as long as on SQLite.
const TURN_BAR: f64 = 4.0;
/// Calls for a turn in a session that is known.
const CALLS_BAR: f64 = 8.0;
/// Events a second.
const COPY_BAR: f64 = 1000.0;
/// Events of the log that is copied.
const COPIED: u64 = 20_000;

/// The p50 of a turn, one after the other in one session.
pub(super) async fn turn(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let kurrent = Kurrent::start_in(&folder.path().join("server"));
    let start = |name: &str, event_store_url: Option<String>| {
        let (environment, data_dir) = (without_limits().to_vec(), Some(folder.path().join(name)));
        Desk::start(Setup { data_dir, event_store_url, environment, ..Setup::default() }.with_patient_rules())
    };
    let (sqlite, there) = (start("sqlite", None), start("kurrent", Some(kurrent.url())));
    let (mut of_sqlite, mut of_there, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..fixture.rounds {
        of_sqlite.push(p50_ms(&sqlite, fixture, round).await?.0);
        let before = calls_of(&kurrent);
        let (p50, turns) = p50_ms(&there, fixture, round).await?;
        of_there.push(p50);
        calls.push(f64::from(u32::try_from(calls_of(&kurrent) - before)?) / f64::from(turns));
    }
    let (on_sqlite, on_kurrent, calls) = (median(of_sqlite), median(of_there), median(calls));
    let ratio = on_kurrent / on_sqlite;
    Ok(vec![
        Line {
            what: "a chat turn, one at a time, log behind KurrentDB's protocol, p50".to_owned(),
            figure: format!("{on_kurrent:.1} ms"),
            against: format!("the same on SQLite, {on_sqlite:.1} ms"),
            ratio: Some(ratio),
            bar: format!("at most {TURN_BAR}"),
            is_met: ratio <= TURN_BAR,
        },
        Line {
            what: "its calls of the server".to_owned(),
            figure: format!("{calls:.1}"),
            against: String::new(),
            ratio: None,
            bar: format!("at most {CALLS_BAR}"),
            is_met: calls <= CALLS_BAR,
        },
    ])
}

fn calls_of(kurrent: &Kurrent) -> u64 {
    kurrent.server().calls().values().sum()
}

/// In milliseconds, and of how many turns.
async fn p50_ms(desk: &Desk, fixture: &Fixture, round: usize) -> Result<(f64, u32), Failure> {
    let name = format!("p50-{round}");
    let mut connection = Connection::arrive(&address(desk), &name).await?;
    let body = format!(r#"{{"user_id":"{name}","message":"电池充满要多久？"}}"#);
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < fixture.time {
        let asked = Instant::now();
        let answer = connection.post("/api/chat", "", &body).await?;
        if answer.status != 200 {
            return Err(format!("a question was answered {}", answer.status).into());
        }
        times.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    let turns = u32::try_from(times.len())?;
    Ok((percentile(times, 50), turns))
}

/// Events a second of `desk copy-log` from SQLite.
pub(super) async fn copy(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let source = fixture.copy_of(COPIED)?;
    let mut rates = Vec::new();
    for _ in 0..fixture.rounds {
        let folder = fixture.fresh()?;
        let kurrent = Kurrent::start_in(&folder.path().join("server"));
        let mut copy = without_settings(program("desk"));
        copy.args(["copy-log", "--from"]).arg(source.path().join("data")).args(["--to", &kurrent.url(), "--map"]);
        copy.arg(folder.path().join("map"));
        let began = Instant::now();
        let copied = tokio::task::spawn_blocking(move || copy.output()).await??;
        if !copied.status.success() {
            return Err(String::from_utf8_lossy(&copied.stderr).into_owned().into());
        }
        rates.push(f64::from(u32::try_from(COPIED)?) / began.elapsed().as_secs_f64());
    }
    let rate = median(rates);
    Ok(vec![Line {
        what: format!("desk copy-log of {COPIED} events from SQLite to KurrentDB's protocol, read back"),
        figure: format!("{rate:.0} events/s"),
        against: String::new(),
        ratio: None,
        bar: COPY_BAR.to_string(),
        is_met: rate >= COPY_BAR,
    }])
}
