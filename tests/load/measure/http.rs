//! Customers' messages acknowledged over HTTP, on SQLite: 64 connections, each message recorded and answered before the next,
//! views following. The server is the real one in a process of its own, only that no assistant begins to answer.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use api::{
    server,
    settings::{Layers, Settings},
};
use event_store::{EventReader as _, Log, sqlite::SqliteStore};
use journal::{Journal, Tail};
use projections::{Views, ViewsLocation};
use tests::app_without_processes;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
};

use super::{
    Line, append,
    connection::Connection,
    fixture::{Failure, Fixture, median, percentile},
};

/// Customers' connections at once.
const CONNECTIONS: usize = 64;
/// Messages in one session: without an assistant they all wait in it.
const MESSAGES: usize = 10;

/// What one round gave.
struct Round {
    messages_a_second: f64,
    p99_ms: f64,
    views_behind_s: f64,
}

pub(super) async fn http(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let store = SqliteStore::open(&folder.path().join("events.db")).await?;
    let log = append::log_over(Arc::new(store), &append::vault_on_sqlite(folder.path()).await?);
    let server = QuietServer::start(&folder.path().join("served")).await?;
    let (mut appended, mut rounds) = (Vec::new(), Vec::new());
    for round in 0..fixture.rounds {
        appended.push(append::appends_a_second(&log, fixture.time).await?);
        rounds.push(server.round(round, fixture.time).await?);
    }
    let appended = median(appended);
    let of = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    let messages = median(of(|round| round.messages_a_second));
    let (p99, behind) = (median(of(|round| round.p99_ms)), percentile(of(|round| round.views_behind_s), 100));
    let what = format!("customer message acknowledged over HTTP, {CONNECTIONS} connections, SQLite");
    let line = |figure: String, against: String, ratio: Option<f64>, bar: &str, is_met: bool| Line {
        what: what.clone(),
        figure,
        against,
        ratio,
        bar: bar.to_owned(),
        is_met,
    };
    let ratio = messages / appended;
    Ok(vec![
        line(
            format!("{messages:.0} messages/s"),
            format!("durable append, {appended:.0} events/s"),
            Some(ratio),
            "0.5",
            ratio >= 0.5,
        ),
        line(format!("p99 {p99:.1} ms"), String::new(), None, "under 50 ms", p99 < 50.0),
        line(format!("views at most {behind:.2} s behind the head"), String::new(), None, "within 1 s", behind <= 1.0),
    ])
}

/// The process, and where it listens.
struct QuietServer {
    address: String,
    _process: Child,
}

impl QuietServer {
    async fn start(data_dir: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(data_dir)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve-quietly").arg(data_dir).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let output = process.stdout.take().ok_or("the output is piped")?;
        let address = BufReader::new(output).lines().next_line().await?.ok_or("the server did not start")?;
        Ok(Self { address, _process: process })
    }

    async fn round(&self, round: usize, time: Duration) -> Result<Round, Failure> {
        let newest = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let customers = (0..CONNECTIONS).map(|customer| {
            let (address, newest) = (self.address.clone(), newest.clone());
            tokio::spawn(write_until(address, format!("r{round}c{customer}"), started + time, newest))
        });
        let customers: Vec<_> = customers.collect();
        let views_behind_s = self.watch_views(&newest, started + time).await?;
        let mut times_ms = Vec::new();
        for customer in customers {
            times_ms.extend(customer.await??);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let messages_a_second = times_ms.len() as f64 / started.elapsed().as_secs_f64();
        Ok(Round { messages_a_second, p99_ms: percentile(times_ms, 99), views_behind_s })
    }

    /// The longest that views took to reach what had just been acknowledged, asked again and again.
    async fn watch_views(&self, newest: &AtomicU64, end: Instant) -> Result<f64, Failure> {
        let mut connection = Connection::open(&self.address, &app_without_processes::staff_token()).await?;
        let mut longest: f64 = 0.0;
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let (wanted, asked) = (newest.load(Ordering::Relaxed), Instant::now());
            let path = format!("/api/sessions?limit=1&min_position={wanted}");
            while connection.get(&path).await?.status == 503 {}
            longest = longest.max(asked.elapsed().as_secs_f64());
        }
        Ok(longest)
    }
}

/// Milliseconds that each message took.
async fn write_until(address: String, name: String, end: Instant, newest: Arc<AtomicU64>) -> Result<Vec<f64>, Failure> {
    let mut connection = Connection::arrive(&address, &name).await?;
    let mut times_ms = Vec::new();
    while Instant::now() < end {
        let (number, session) = (times_ms.len(), times_ms.len() / MESSAGES);
        // Who asks the same again and again is given to a person.
        let body = format!(r#"{{"user_id":"{name}-{session}","message":"{} {number}"}}"#, append::TEXT);
        let asked = Instant::now();
        let answer = connection.post("/api/chat", "Prefer: respond-async\r\n", &body).await?;
        times_ms.push(asked.elapsed().as_secs_f64() * 1000.0);
        let position = answer.number("position").filter(|_| answer.status == 202);
        newest
            .fetch_max(position.ok_or_else(|| format!("a message was answered {}", answer.status))?, Ordering::Relaxed);
    }
    Ok(times_ms)
}

/// Serves a data directory as `desk` does, without the policies that have messages answered. Prints its address.
///
/// # Errors
/// Something could not be opened.
pub(crate) async fn quiet_server(data_dir: PathBuf) -> Result<(), Failure> {
    let mut layers = Layers::default();
    layers.flag("listen", Some("127.0.0.1:0".into()));
    layers.flag("data_dir", Some(data_dir.display().to_string()));
    for limit in ["chat_rate_per_minute", "rate_per_second"] {
        layers.flag(limit, Some("0".into()));
    }
    let settings = Settings::parse(&layers)?;
    let store = Arc::new(SqliteStore::open(&data_dir.join("events.db")).await?);
    let vault = append::vault_on_sqlite(&data_dir).await?;
    let log = Log::new(store.clone(), vault.clone());
    let tail = Tail::start(store.clone(), store.head().await?);
    let views = Views::open(ViewsLocation::Folder(data_dir), Journal::new(store.clone(), vault), tail).await?;
    drop(tokio::spawn(views.clone().run()));
    let (_stop, stopping) = watch::channel(false);
    let app = app_without_processes::app(store, log, views, settings, stopping).await;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    super::say(&listener.local_addr()?.to_string());
    server::http(listener, Arc::new(app))?.await?;
    Ok(())
}
