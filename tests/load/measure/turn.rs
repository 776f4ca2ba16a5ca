//! Our share of a turn: a hundred customers ask a model's server through `desk`, and through a bare proxy that copies bytes. Both are
//! processes of their own, and so is the model, which writes ten pieces at a steady pace.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use tests::desk::{Desk, Setup};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::sleep,
};

use super::{
    Line,
    chat::{TURNS, address, without_limits},
    connection::Connection,
    fixture::{Failure, Fixture, median, percentile},
};

/// Streams at once.
const STREAMS: usize = 100;
const PIECES: usize = 10;
/// Before each piece.
const PACE: Duration = Duration::from_millis(50);
const BAR: f64 = 1.5;

/// Milliseconds from a question to the first piece and to the end of its answer.
#[derive(Default)]
struct Times {
    first: Vec<f64>,
    last: Vec<f64>,
}

pub(super) async fn turn(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let model = Server::start(&["serve-model"]).await?;
    let proxy = Server::start(&["serve-proxy", &model.address]).await?;
    let folder = fixture.fresh()?;
    let mut environment = without_limits().to_vec();
    environment.push(("DESK_OPENAI_BASE_URL", format!("http://{}/v1", model.address)));
    environment.push(("DESK_OPENAI_MODEL", "measured".to_owned()));
    environment.push(("DESK_OPENAI_PASSAGES", "0".to_owned()));
    environment.push(("DESK_ASSISTANT_AT_ONCE", STREAMS.to_string()));
    let setup = Setup { data_dir: Some(folder.path().join("served")), environment, ..Setup::default() };
    let desk = Desk::start(setup.with_patient_rules());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..fixture.rounds {
        bare.push(round_of(|stream, end| through_proxy(proxy.address.clone(), stream, end), fixture.time).await?);
        ours.push(round_of(|stream, end| through_desk(address(&desk), round, stream, end), fixture.time).await?);
    }
    let p99 = |rounds: &[Times], of: fn(&Times) -> &Vec<f64>| {
        median(rounds.iter().map(|times| percentile(of(times).clone(), 99)).collect())
    };
    let line = |what: &str, of: fn(&Times) -> &Vec<f64>| {
        let (ours, bare) = (p99(&ours, of), p99(&bare, of));
        Line {
            what: format!("{what} of an answer, {STREAMS} streams at once"),
            figure: format!("p99 {ours:.1} ms"),
            against: format!("through a bare proxy, p99 {bare:.1} ms"),
            ratio: Some(ours / bare),
            bar: format!("at most {BAR}"),
            is_met: ours / bare <= BAR,
        }
    };
    Ok(vec![line("first piece", |times| &times.first), line("end", |times| &times.last)])
}

/// All streams, one question after the other, until the time is over.
async fn round_of<F>(ask: impl Fn(usize, Instant) -> F, time: Duration) -> Result<Times, Failure>
where
    F: Future<Output = Result<Times, Failure>> + Send + 'static,
{
    let end = Instant::now() + time;
    let streams: Vec<_> = (0..STREAMS).map(|stream| tokio::spawn(ask(stream, end))).collect();
    let mut all = Times::default();
    for stream in streams {
        let times = stream.await??;
        all.first.extend(times.first);
        all.last.extend(times.last);
    }
    Ok(all)
}

async fn through_proxy(address: String, _: usize, end: Instant) -> Result<Times, Failure> {
    const QUESTION: &str = r#"{"model":"measured","stream":true,"messages":[{"role":"user","content":"How long?"}]}"#;
    let (mut connection, mut times) = (Connection::open(&address, "").await?, Times::default());
    while Instant::now() < end {
        let took = connection.stream("/v1/chat/completions", QUESTION, ["\"content\"", "[DONE]"]).await?;
        times.add(took);
    }
    Ok(times)
}

async fn through_desk(address: String, round: usize, stream: usize, end: Instant) -> Result<Times, Failure> {
    let name = format!("r{round}s{stream}");
    let (mut connection, mut times) = (Connection::arrive(&address, &name).await?, Times::default());
    while Instant::now() < end {
        let session = times.first.len() / TURNS;
        let body = format!(r#"{{"user_id":"{name}-{session}","message":"How long?"}}"#);
        let took = connection.stream("/api/chat/stream", &body, ["\"type\":\"message\"", "\"type\":\"done\""]).await?;
        times.add(took);
    }
    Ok(times)
}

impl Times {
    fn add(&mut self, [first, last]: [Duration; 2]) {
        self.first.push(first.as_secs_f64() * 1000.0);
        self.last.push(last.as_secs_f64() * 1000.0);
    }
}

/// This program again, as a server.
struct Server {
    address: String,
    _process: Child,
}

impl Server {
    async fn start(arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.args(arguments).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let output = process.stdout.take().ok_or("the output is piped")?;
        let address = BufReader::new(output).lines().next_line().await?.ok_or("the server did not start")?;
        Ok(Self { address, _process: process })
    }
}

async fn listen() -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::say(&listener.local_addr()?.to_string());
    Ok(listener)
}

/// Copies bytes between whoever connects and the server at this address.
///
/// # Errors
/// It cannot listen.
pub(crate) async fn proxy(upstream: String) -> Result<(), Failure> {
    let listener = listen().await?;
    loop {
        let (mut customer, _) = listener.accept().await?;
        customer.set_nodelay(true)?;
        let upstream = upstream.clone();
        drop(tokio::spawn(async move {
            let mut server = TcpStream::connect(upstream).await?;
            server.set_nodelay(true)?;
            tokio::io::copy_bidirectional(&mut customer, &mut server).await
        }));
    }
}

/// Answers every chat completion alike.
///
/// # Errors
/// It cannot listen.
pub(crate) async fn model() -> Result<(), Failure> {
    let listener = listen().await?;
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        drop(tokio::spawn(answer_all(connection)));
    }
}

async fn answer_all(mut connection: TcpStream) -> Result<(), Failure> {
    let mut read = Vec::new();
    loop {
        take_request(&mut connection, &mut read).await?;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).await?;
        for piece in 0..PIECES {
            sleep(PACE).await;
            let delta = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"piece {piece} "}}}}]}}"#);
            connection.write_all(chunk(&delta).as_bytes()).await?;
        }
        let end =
            chunk(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#) + &chunk("[DONE]") + "0\r\n\r\n";
        connection.write_all(end.as_bytes()).await?;
    }
}

/// One server-sent event as one chunk of the body.
fn chunk(data: &str) -> String {
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len())
}

/// Reads one request with its body away.
async fn take_request(connection: &mut TcpStream, read: &mut Vec<u8>) -> Result<(), Failure> {
    loop {
        if let Some(head) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or(0);
            if read.len() >= whole {
                read.drain(..whole);
                return Ok(());
            }
        }
        if connection.read_buf(read).await? == 0 {
            return Err("the client has gone".into());
        }
    }
}
