//! A started `desk`: the program that `cargo build` made, on its own port and data directory.
//!
//! Invariant: a server never outlives its test: dropping it kills it.

mod customer;
mod frames;
mod setup;
mod sign_in;

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

pub use customer::{Customer, LOOK, Staff};
pub use frames::{EventFrame, Frames};
pub use setup::{Setup, patient_rules};

/// A running server. It may be killed and started again on the same data and port.
pub struct Desk {
    setup: Setup,
    data_dir: PathBuf,
    port: u16,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
    /// The threads that read what the server prints.
    readers: Vec<JoinHandle<()>>,
    staff_token: Mutex<Option<(String, Instant)>>,
    _own_folder: Option<tempfile::TempDir>,
}

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(60);
/// How long a line may be on its way from the server to its reader on a busy machine.
const LINE: Duration = Duration::from_secs(20);
/// The password of the account `admin` on every server.
pub const ADMIN_PASSWORD: &str = "correct horse battery";
/// How long an access token is reused: less than its lifetime of 15 min.
const SIGNED_IN: Duration = Duration::from_secs(10 * 60);

impl Desk {
    /// Starts a server on a fresh data directory.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let mut desk = Self::prepared(setup);
        desk.start_again();
        desk
    }

    /// A server that is not started yet.
    #[must_use]
    pub fn prepared(setup: Setup) -> Self {
        let own_folder = setup.data_dir.is_none().then(|| tempfile::tempdir().expect("a temporary folder can be made"));
        let folder = own_folder.as_ref().map(|folder| folder.path().join("data"));
        let data_dir = setup.data_dir.clone().or(folder).expect("one of both is there");
        let (port, log, readers) = (free_port(), Arc::default(), Vec::new());
        let staff_token = Mutex::default();
        Self { setup, data_dir, port, child: None, log, readers, staff_token, _own_folder: own_folder }
    }

    /// Starts the server again on the same data and port; waits until it says that it is ready.
    pub fn start_again(&mut self) {
        self.begin_start();
        self.wait_until_ready();
    }

    /// Waits until a server whose start has begun says that it is ready.
    ///
    /// # Panics
    /// It ends, or takes too long.
    pub fn wait_until_ready(&mut self) {
        let started = Instant::now();
        while !self.said_ready() {
            assert!(started.elapsed() < START, "desk did not become ready:\n{}", self.log());
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("the child can be asked"));
            assert!(ended.is_none(), "desk ended at its start ({ended:?}):\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts a server that refuses to start, and waits for its end. Returns its exit code and output.
    #[must_use]
    pub fn start_refused(setup: Setup) -> (Option<i32>, String) {
        let mut desk = Self::prepared(setup);
        desk.begin_start();
        let status = desk.wait_for_end();
        desk.read_to_the_end();
        (status.code(), desk.log())
    }

    fn wait_for_end(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            let child = self.child.as_mut().expect("it was started");
            if let Some(status) = child.try_wait().expect("the child can be asked") {
                return status;
            }
            assert!(started.elapsed() < START, "desk goes on:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts the server and does not wait for it.
    pub fn begin_start(&mut self) {
        self.log.lock().expect("nobody panics with the log").clear();
        let (program, arguments) = self.command_line();
        let mut command = self.with_settings(program);
        command.args(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be started");
        let (stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
        self.readers = vec![self.keep_log(stdout), self.keep_log(stderr)];
        self.child = Some(child);
    }

    /// Another command of the program, with the settings of the server.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_settings(self::program("desk"));
        command.arg("--data-dir").arg(&self.data_dir).args(arguments);
        command
    }

    fn with_settings(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = without_settings(program);
        command
            .env("DESK_MASTER_KEY_FILE", self.master_key())
            .env("DESK_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .stdin(Stdio::null());
        for (name, url) in [
            ("DESK_DATABASE_URL", &self.setup.database_url),
            ("DESK_DATABASE_OWNER_URL", &self.setup.database_owner_url),
            ("DESK_EVENT_STORE_URL", &self.setup.event_store_url),
        ] {
            if let Some(url) = url {
                command.env(name, url);
            }
        }
        if self.setup.database_url.is_some() {
            command.env("DESK_TOKEN_KEY_FILE", self.token_key());
        }
        // One port is not for all servers of all tests.
        command.env("DESK_METRICS_LISTEN", "off");
        // All callers of a test have one address, so the limits are off.
        for limit in [
            "DESK_CHAT_RATE_PER_MINUTE",
            "DESK_RATE_PER_SECOND",
            "DESK_STREAMS_PER_VISITOR",
            "DESK_STREAMS_PER_ADDRESS",
            "DESK_CONNECTIONS_PER_ADDRESS",
        ] {
            command.env(limit, "0");
        }
        command.envs(self.setup.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    fn command_line(&self) -> (PathBuf, Vec<String>) {
        let desk = program("desk");
        let own = ["--listen".to_owned(), format!("127.0.0.1:{}", self.port)]
            .into_iter()
            .chain(["--data-dir".to_owned(), self.data_dir.display().to_string()]);
        match self.setup.wrapper.split_first() {
            None => (desk, own.collect()),
            Some((wrapper, arguments)) => {
                let arguments = arguments.iter().cloned().chain([desk.display().to_string()]).chain(own);
                (wrapper.into(), arguments.collect())
            }
        }
    }

    /// One key for all nodes of a test.
    fn master_key(&self) -> PathBuf {
        let folder = self.data_dir.parent().expect("a data directory has a parent");
        let path = folder.join("test-master-key");
        if !path.exists() {
            write_private(&path, &"11".repeat(32));
        }
        path
    }

    /// PostgreSQL wants one that is named: what the test has put into the data directory, else one for all nodes of a test.
    fn token_key(&self) -> PathBuf {
        let own = self.data_dir.join("token-key");
        if own.exists() {
            return own;
        }
        let path = self.data_dir.parent().expect("a data directory has a parent").join("test-token-key");
        if !path.exists() {
            write_private(&path, &"33".repeat(32));
        }
        path
    }

    fn keep_log(&self, output: impl std::io::Read + Send + 'static) -> JoinHandle<()> {
        let log = self.log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut log = log.lock().expect("nobody panics with the log");
                log.push_str(&line);
                log.push('\n');
            }
        })
    }

    /// Waits for what an ended server has printed; what it started may still hold its output open.
    fn read_to_the_end(&self) {
        let ended = Instant::now();
        while ended.elapsed() < LINE && !self.readers.iter().all(JoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn said_ready(&self) -> bool {
        self.log().lines().any(|line| line.starts_with("desk is ready: "))
    }

    /// The same once it has a text: a line is read a moment after what it tells of.
    ///
    /// # Panics
    /// It does not come.
    #[must_use]
    pub fn log_with(&self, text: &str) -> String {
        let asked = Instant::now();
        loop {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            assert!(asked.elapsed() < LINE, "the log does not tell of \"{text}\":\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// All that the server has printed since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().expect("nobody panics with the log").clone()
    }

    /// Prints the last lines of the log beside a failed test.
    #[expect(clippy::print_stderr, reason = "shown beside a test that failed")]
    fn print_log(&self) {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        for line in &lines[lines.len().saturating_sub(100)..] {
            eprintln!("desk: {line}");
        }
    }

    /// SIGKILL, at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A wrapper has the server as its child, which survives it unless the wrapper was told to kill it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM; returns the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill can be run");
        assert!(status.success(), "SIGTERM could not be sent");
        let code = child.wait().expect("the child can be waited for").code();
        self.read_to_the_end();
        code
    }

    /// The server's process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The file with the master key.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.master_key()
    }

    /// A new customer without a token.
    #[must_use]
    pub fn customer(&self) -> Customer {
        Customer::new(self.url())
    }

    /// The administrator, signed in.
    #[must_use]
    pub fn staff(&self) -> Staff {
        let staff = Staff::new(self.url(), self.staff_token());
        if self.setup.event_store_url.is_none() { staff.where_positions_are_dense() } else { staff }
    }

    /// The administrator's access token, which is fetched once and reused while it is valid.
    ///
    /// # Panics
    /// Sign-in fails.
    #[must_use]
    pub fn staff_token(&self) -> String {
        let mut kept = self.staff_token.lock().expect("nobody panics with the token");
        match &*kept {
            Some((token, since)) if since.elapsed() < SIGNED_IN => token.clone(),
            _none_or_old => {
                let token = sign_in::sign_in(self.port, "admin", ADMIN_PASSWORD);
                *kept = Some((token.clone(), Instant::now()));
                token
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.print_log();
        }
    }
}

/// Writes a file that nobody else can read, as files with keys have to be.
///
/// # Panics
/// It cannot be written.
pub fn write_private(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    std::fs::write(path, text).expect("the folder can be written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("it is ours");
}

/// A program of this workspace, built beside this one, or beside the folder of this test.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a process knows its program");
    // Tests are built into target/<profile>/deps, programs into target/<profile>.
    let path = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("{name} is missing: `make test` builds it, or `cargo build -p api -p replay-tool`"))
}

/// A command without any `DESK_…` variable of the test process.
pub fn without_settings(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"DESK_")) {
        command.env_remove(name);
    }
    command
}

/// A free port below the ephemeral range: while a server is down, a reconnecting client must not be given its port.
#[must_use]
pub fn free_port() -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(10_000..32_000)).find(is_free).expect("some port is free")
}
