//! Open streams: 4,900 customers with a session each and 100 agents who see everything, while about 500 events a second are
//! recorded. Measured from the event's own time (before its commit) to the byte at the client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tests::desk::{Desk, Setup};
use tokio::{io::AsyncReadExt as _, net::TcpStream, task::JoinHandle};

use super::{
    Line,
    connection::Connection,
    fixture::{Failure, Fixture, percentile},
    process::resident_mb,
};

const CUSTOMERS: usize = 4_900;
const AGENTS: usize = 100;
/// Agents whose frames are all timed; the others' are only read.
const TIMED_AGENTS: usize = 10;
/// A message, the run that it starts and the reply: three events.
const MESSAGES_A_SECOND: u32 = 167;

pub(super) async fn followers(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let setup = Setup { data_dir: Some(folder.path().join("data")), ..Setup::default() };
    let desk = Desk::start(setup.with_patient_rules());
    let address = desk.url().trim_start_matches("http://").to_owned();
    let staff = desk.staff_token();
    let (customers, mut readers) = arrive(&address).await?;
    for agent in 0..AGENTS {
        let stream = Connection::open(&address, &staff).await?.follow("/api/events?after=0").await?;
        readers.push(tokio::spawn(read(stream, agent < TIMED_AGENTS)));
    }
    let recorded = write(&customers, fixture.time * 4).await?;
    let memory = resident_mb(desk.process_id())?;
    drop(desk);
    let mut times_ms = Vec::new();
    for reader in readers {
        times_ms.extend(reader.await??);
    }
    let (p50, p99) = (percentile(times_ms.clone(), 50), percentile(times_ms, 99));
    let what = format!("{CUSTOMERS} customers' and {AGENTS} agents' streams, {recorded:.0} events/s");
    Ok(vec![
        Line {
            what: what.clone(),
            figure: format!("p99 {p99:.1} ms, median {p50:.1} ms from the event's time to its receipt"),
            against: String::new(),
            ratio: None,
            bar: "under 100 ms".into(),
            is_met: p99 < 100.0,
        },
        Line {
            what,
            figure: format!("{memory:.0} MB"),
            against: String::new(),
            ratio: None,
            bar: "under 200 MB".into(),
            is_met: memory < 200.0,
        },
    ])
}

type Customers = Vec<Arc<tokio::sync::Mutex<Connection>>>;
type Reader = JoinHandle<Result<Vec<f64>, Failure>>;

/// Every customer opens a session and follows it; the connections that write stay for those few who do.
async fn arrive(address: &str) -> Result<(Customers, Vec<Reader>), Failure> {
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for customer in 0..CUSTOMERS {
        let name = format!("follower-{customer}");
        let connection = Connection::arrive(address, &name).await?;
        let stream = connection.again().await?.follow(&format!("/api/sessions/{name}/events")).await?;
        readers.push(tokio::spawn(read(stream, true)));
        writers.push(Arc::new(tokio::sync::Mutex::new(connection)));
    }
    Ok((writers, readers))
}

/// Writes at a steady pace, each message by the next customer; answers how many events a second that made.
async fn write(customers: &Customers, time: Duration) -> Result<f64, Failure> {
    let (started, newest) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut pace = tokio::time::interval(Duration::from_secs(1) / MESSAGES_A_SECOND);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let first = newest_of(customers, "first", &newest).await?;
    let mut next = 0;
    while started.elapsed() < time {
        pace.tick().await;
        let (customer, newest) = (customers[next % customers.len()].clone(), newest.clone());
        let name = format!("follower-{}", next % customers.len());
        next += 1;
        drop(tokio::spawn(async move { say(&customer, &name, &newest).await }));
    }
    let seconds = started.elapsed().as_secs_f64();
    let last = newest_of(customers, "last", &newest).await?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok((last - first) as f64 / seconds)
}

async fn newest_of(customers: &Customers, name: &str, newest: &AtomicU64) -> Result<u64, Failure> {
    say(&customers[0], name, newest).await?;
    Ok(newest.load(Ordering::Relaxed))
}

async fn say(customer: &tokio::sync::Mutex<Connection>, name: &str, newest: &AtomicU64) -> Result<(), Failure> {
    let body = format!(r#"{{"user_id":"{name}","message":"电池多久充满？"}}"#);
    let answer = customer.lock().await.post_again("/api/chat", "Prefer: respond-async\r\n", &body).await?;
    newest.fetch_max(answer.number("position").ok_or("a message was not taken")?, Ordering::Relaxed);
    Ok(())
}

/// Reads to the end; milliseconds from each event's time to its receipt, for those that came while somebody followed.
async fn read(mut stream: TcpStream, is_timed: bool) -> Result<Vec<f64>, Failure> {
    let (mut times_ms, mut buffer, since) = (Vec::new(), Vec::with_capacity(8192), Timestamp::now());
    while let Ok(bytes) = stream.read_buf(&mut buffer).await {
        if bytes == 0 {
            break;
        }
        if is_timed {
            let now = Timestamp::now();
            let whole = buffer.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            times_ms.extend(
                recorded_times(&buffer[..whole])
                    .filter(|at| *at > since)
                    .map(|at| now.duration_since(at).as_secs_f64() * 1000.0),
            );
            buffer.drain(..whole);
        } else {
            buffer.clear();
        }
    }
    Ok(times_ms)
}

/// The times of the envelopes in whole lines.
fn recorded_times(lines: &[u8]) -> impl Iterator<Item = Timestamp> {
    const FIELD: &str = "\"recorded_at\":\"";
    let text = String::from_utf8_lossy(lines).into_owned();
    let times: Vec<Timestamp> =
        text.split(FIELD).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
    times.into_iter()
}
