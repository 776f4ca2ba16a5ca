//! A full rebuild of all views by a running `desk`, as `desk-replay rebuild` asks for it: how fast, how long the switch, and
//! what readers notice meanwhile. Quiet times and rebuilds are measured in turns, with the same readers at the same pace.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tests::{
    desk::{Desk, Setup, program},
    postgres::Postgres,
};
use tokio::{process::Command, time::interval};

use super::{
    Line,
    connection::Connection,
    fixture::{Failure, Fixture, median, percentile},
    start::wait_for_views,
};

/// Connections that read, and reads a second of each.
const READERS: usize = 4;
const READS_A_SECOND: u32 = 25;

/// What one rebuild was like.
struct Round {
    events_a_second: f64,
    switch_ms: f64,
    quiet_p99_ms: f64,
    rebuilding_p99_ms: f64,
}

/// The rounds' medians.
struct Rebuilt {
    events: u64,
    events_a_second: f64,
    switch_ms: f64,
    quiet_p99_ms: f64,
    rebuilding_p99_ms: f64,
}

pub(super) async fn sqlite(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let mut rebuilt = Vec::new();
    for events in [fixture.events / 10, fixture.events] {
        let copy = fixture.copy_of(events)?;
        let data_dir = copy.path().join("data");
        let key = data_dir.join("master-key").display().to_string();
        let environment = vec![("DESK_MASTER_KEY_FILE", key.clone())];
        let desk = Desk::start(Setup { data_dir: Some(data_dir.clone()), environment, ..Setup::default() });
        rebuilt.push(rounds(fixture, &desk, &data_dir.display().to_string(), Path::new(&key), events).await?);
    }
    Ok(lines("SQLite", 20_000.0, &rebuilt))
}

pub(super) async fn postgres(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let server = Postgres::own().await;
    let mut rebuilt = Vec::new();
    for events in [fixture.events / 10, fixture.events] {
        let (database, folder) = (server.fresh_database().await, fixture.fresh()?);
        let generated = folder.path().join("generated");
        fixture.generate(events, &generated, Some(&database.url()))?;
        let key = generated.join("master-key");
        let environment = vec![("DESK_MASTER_KEY_FILE", key.display().to_string())];
        let data_dir = Some(folder.path().join("data"));
        let setup = Setup { database_url: Some(database.url()), data_dir, environment, ..Setup::default() };
        let desk = Desk::start(setup);
        rebuilt.push(rounds(fixture, &desk, &database.url(), &key, events).await?);
    }
    Ok(lines("PostgreSQL", 8_000.0, &rebuilt))
}

async fn rounds(fixture: &Fixture, desk: &Desk, store: &str, key: &Path, events: u64) -> Result<Rebuilt, Failure> {
    wait_for_views(desk, events).await?;
    let mut rounds = Vec::new();
    for _ in 0..fixture.rounds {
        rounds.push(round(fixture, desk, store, key).await?);
    }
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    Ok(Rebuilt {
        events,
        events_a_second: of(|round| round.events_a_second),
        switch_ms: of(|round| round.switch_ms),
        quiet_p99_ms: of(|round| round.quiet_p99_ms),
        rebuilding_p99_ms: of(|round| round.rebuilding_p99_ms),
    })
}

async fn round(fixture: &Fixture, desk: &Desk, store: &str, key: &Path) -> Result<Round, Failure> {
    let quiet = read_while(desk, tokio::time::sleep(fixture.time)).await?.1;
    let switches = switches(desk).len();
    let mut rebuild = Command::new(program("desk-replay"));
    rebuild.arg("--store").arg(store).arg("--master-key").arg(key).arg("rebuild");
    rebuild.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let (status, rebuilding) = read_while(desk, rebuild.status()).await?;
    if !status?.success() {
        return Err("desk-replay rebuild failed".into());
    }
    let switch = switches_after(desk, switches).await?;
    let number = |field: &str| switch[field].as_f64().ok_or_else(|| format!("a switch is logged without {field}"));
    Ok(Round {
        events_a_second: number("events")? / number("seconds")?,
        switch_ms: number("switch_ms")?,
        quiet_p99_ms: percentile(quiet, 99),
        rebuilding_p99_ms: percentile(rebuilding, 99),
    })
}

/// Reads at a steady pace until something has ended; milliseconds that each answer took, counted from when it was due.
async fn read_while<T>(desk: &Desk, until: impl Future<Output = T>) -> Result<(T, Vec<f64>), Failure> {
    let address = desk.url().trim_start_matches("http://").to_owned();
    let token = desk.staff_token();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let readers = (0..READERS).map(|_| tokio::spawn(read(address.clone(), token.clone(), stopped.clone())));
    let readers: Vec<_> = readers.collect();
    let outcome = until.await;
    stop.send_replace(true);
    let mut times_ms = Vec::new();
    for reader in readers {
        times_ms.extend(reader.await??);
    }
    Ok((outcome, times_ms))
}

/// The list and one session of it, in turns.
async fn read(
    address: String,
    token: String,
    stopped: tokio::sync::watch::Receiver<bool>,
) -> Result<Vec<f64>, Failure> {
    let mut connection = Connection::open(&address, &token).await?;
    let list = connection.get("/api/sessions?limit=50").await?;
    let session = list.text("session_id").ok_or("the list names no session")?;
    let paths = ["/api/sessions?limit=50".to_owned(), format!("/api/sessions/{session}")];
    let mut pace = interval(Duration::from_secs(1) / READS_A_SECOND);
    let mut times_ms = Vec::new();
    for path in paths.iter().cycle() {
        let due = pace.tick().await;
        if *stopped.borrow() {
            break;
        }
        let answer = connection.get(path).await?;
        if answer.status != 200 {
            return Err(format!("a reader was answered {}", answer.status).into());
        }
        times_ms.push(Instant::now().duration_since(due.into_std()).as_secs_f64() * 1000.0);
    }
    Ok(times_ms)
}

/// What `desk` has said of switches.
fn switches(desk: &Desk) -> Vec<Value> {
    let log = desk.log();
    let lines = log.lines().filter(|line| line.contains("\"views switched\""));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn switches_after(desk: &Desk, known: usize) -> Result<Value, Failure> {
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(10) {
        if let Some(switch) = switches(desk).into_iter().nth(known) {
            return Ok(switch);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("desk has not said that it switched".into())
}

fn lines(database: &str, bar: f64, rebuilt: &[Rebuilt]) -> Vec<Line> {
    let mut lines: Vec<Line> = rebuilt.iter().flat_map(|rebuilt| lines_of(database, bar, rebuilt)).collect();
    if let [small, large] = rebuilt {
        let ratio = large.events_a_second / small.events_a_second;
        lines.push(Line {
            what: format!("time of a rebuild is linear, {database}"),
            figure: format!("{:.0} events/s with {} events", large.events_a_second, large.events),
            against: format!("{:.0} events/s with {} events", small.events_a_second, small.events),
            ratio: Some(ratio),
            bar: "0.8".into(),
            is_met: ratio >= 0.8,
        });
    }
    lines
}

fn lines_of(database: &str, bar: f64, rebuilt: &Rebuilt) -> [Line; 3] {
    let Rebuilt { events, events_a_second, switch_ms, quiet_p99_ms, rebuilding_p99_ms } = rebuilt;
    let ratio = rebuilding_p99_ms / quiet_p99_ms;
    let line = |what: &str, figure: String, against: String, ratio: Option<f64>, bar: String, is_met: bool| Line {
        what: format!("{what}, {events} events, {database}"),
        figure,
        against,
        ratio,
        bar,
        is_met,
    };
    [
        line(
            "full rebuild of all views",
            format!("{events_a_second:.0} events/s"),
            String::new(),
            None,
            format!("{bar:.0} events/s"),
            *events_a_second >= bar,
        ),
        line(
            "reads while views are rebuilt",
            format!("p99 {rebuilding_p99_ms:.1} ms"),
            format!("p99 {quiet_p99_ms:.1} ms when nothing is rebuilt"),
            Some(ratio),
            "at most 1.2".into(),
            ratio <= 1.2,
        ),
        line("switch", format!("{switch_ms:.1} ms"), String::new(), None, "under 50 ms".into(), *switch_ms < 50.0),
    ]
}
