//! The program `protocol-server`: the protocol test server for tests that kill it. Prints its connection string when it is
//! ready, and obeys what it is told on standard input.

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use protocol_server::{
    Options, Server, SlowSubscribers, Tls, User,
    control::{HELP, Then, obey},
};

/// A server for tests that speaks KurrentDB's gRPC protocol. It is not KurrentDB.
#[derive(Parser)]
#[command(version, after_long_help = HELP, after_help = HELP)]
struct Arguments {
    /// The folder that holds the events.
    #[arg(long)]
    dir: PathBuf,
    /// Where to listen, 127.0.0.1:PORT with 0 for any free port; once for each node.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: Vec<std::net::SocketAddrV4>,
    /// How many nodes there are; those without `--listen` get any free port.
    #[arg(long, default_value_t = 1)]
    nodes: usize,
    /// Somebody who may sign in, as name:password, or name:password:group,group with $admins for who may do everything.
    #[arg(long)]
    user: Vec<String>,
    /// How many bytes an append may have.
    #[arg(long, default_value_t = 1024 * 1024)]
    max_append_bytes: usize,
    /// End subscriptions that are too slow, as EventStoreDB did up to 23.10.0.
    #[arg(long)]
    drop_slow: bool,
    /// Tell subscriptions that they fell behind.
    #[arg(long)]
    tell_fell_behind: bool,
    /// After how many writes the server writes an event of its own; 0: never.
    #[arg(long, default_value_t = 20)]
    stats_every: u32,
    /// How many milliseconds later readers see what was written.
    #[arg(long, default_value_t = 0)]
    visible_after: u64,
    /// The certificate chain in PEM to speak TLS with.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key in PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause| (*cause).source());
            let whole = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
            // Where nobody reads the complaint there is nobody to tell.
            let _ = writeln!(io::stderr(), "protocol-server: {whole}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let folder = arguments.dir.clone();
    let mut server = Server::start(&folder, options(arguments)?)?;
    answer(&server.url())?;
    for line in io::stdin().lock().lines() {
        match obey(&mut server, &line?) {
            Then::Answer(text) => answer(&text)?,
            Then::Stop => {
                server.stop();
                return Ok(());
            }
        }
    }
    loop {
        std::thread::park();
    }
}

fn options(arguments: Arguments) -> Result<Options, Box<dyn std::error::Error>> {
    if let Some(elsewhere) = arguments.listen.iter().find(|address| !address.ip().is_loopback()) {
        return Err(format!("a test server listens on 127.0.0.1, not on {elsewhere}").into());
    }
    let tls = match (arguments.tls_cert, arguments.tls_key) {
        (Some(cert), Some(key)) => {
            Some(Tls { certificates: std::fs::read_to_string(cert)?, key: std::fs::read_to_string(key)? })
        }
        _ => None,
    };
    Ok(Options {
        nodes: arguments.nodes.max(arguments.listen.len()),
        ports: arguments.listen.iter().map(std::net::SocketAddrV4::port).collect(),
        users: arguments.user.iter().map(|said| user(said)).collect::<Result<_, _>>()?,
        max_append_bytes: arguments.max_append_bytes,
        slow_subscribers: if arguments.drop_slow { SlowSubscribers::Drop } else { SlowSubscribers::CatchUp },
        tell_fell_behind: arguments.tell_fell_behind,
        stats_every: arguments.stats_every,
        visible_after: std::time::Duration::from_millis(arguments.visible_after),
        tls,
        ..Options::default()
    })
}

fn user(said: &str) -> Result<User, String> {
    let mut parts = said.splitn(3, ':');
    let (Some(name), Some(password)) = (parts.next(), parts.next()) else {
        return Err("a user is name:password or name:password:groups".to_owned());
    };
    let groups = parts.next().map(|groups| groups.split(',').map(str::to_owned).collect());
    Ok(User { groups: groups.unwrap_or_default(), ..User::new(name, password) })
}

fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
