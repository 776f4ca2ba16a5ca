//! The processes: finding the binaries, making the data folder, starting, stopping, and the guard.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{APP, OWNER};

/// Starting includes recovery after a kill.
const START: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Reads until the test process is gone, then stops the server and removes its folder. `$1` is the folder.
const GUARD: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
fi
rm -rf "$1"
"#;

pub(super) struct Server {
    binaries: PathBuf,
    folder: PathBuf,
    user: Option<User>,
    port: u16,
    settings: &'static [(&'static str, &'static str)],
    postmaster: Mutex<Option<Child>>,
    guard: Mutex<Child>,
}

/// Whom the server runs as when we are root.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Server {
    pub(super) fn start_new(settings: &'static [(&'static str, &'static str)]) -> Self {
        let (binaries, user) = (find_binaries(), unprivileged_user());
        let folder = new_folder(user);
        let guard = Mutex::new(start_guard(&folder));
        init(&binaries, &folder, user);
        let port = free_port();
        let server = Self { binaries, folder, user, port, settings, postmaster: Mutex::default(), guard };
        server.start();
        server.create_roles();
        server
    }

    pub(super) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn start(&self) {
        let mut postmaster = self.postmaster();
        assert!(postmaster.is_none(), "the server runs already");
        let log = fs::File::options().create(true).append(true).open(self.log()).expect("the folder is ours");
        let mut command = as_user(Command::new(self.binaries.join("postgres")), self.user);
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        for setting in self.all_settings() {
            command.arg("-c").arg(setting);
        }
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        *postmaster = Some(command.spawn().expect("postgres can be started"));
        drop(postmaster);
        self.wait_until_ready();
    }

    /// Sends the signal and waits for the end.
    pub(super) fn stop(&self, signal: &str) {
        let Some(mut child) = self.postmaster().take() else { return };
        send(signal, child.id());
        child.wait().expect("the server is our child");
    }

    /// Stops every process of the server; each of its sessions is one.
    pub(super) fn freeze(&self) {
        let postmaster = self.id();
        send("STOP", postmaster);
        send_to_children("STOP", postmaster);
    }

    pub(super) fn thaw(&self) {
        let postmaster = self.id();
        send_to_children("CONT", postmaster);
        send("CONT", postmaster);
    }

    fn id(&self) -> u32 {
        self.postmaster().as_ref().expect("the server runs").id()
    }

    fn all_settings(&self) -> Vec<String> {
        let ours = [
            ("listen_addresses", "127.0.0.1"),
            ("max_connections", "400"),
            ("shared_buffers", "32MB"),
            ("fsync", "on"),
            ("restart_after_crash", "off"),
        ];
        let port = format!("port={}", self.port);
        let given = ours.iter().chain(self.settings).map(|(name, value)| format!("{name}={value}"));
        std::iter::once(port).chain(given).collect()
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + START;
        while !self.answers() {
            let gone = self.postmaster().as_mut().is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some()));
            let said = || fs::read_to_string(self.log()).unwrap_or_default();
            assert!(!gone, "PostgreSQL stopped while it was starting:\n{}", said());
            assert!(Instant::now() < deadline, "PostgreSQL does not accept connections:\n{}", said());
            sleep(LOOK_AGAIN);
        }
    }

    fn answers(&self) -> bool {
        self.psql("select 1").is_ok_and(|status| status.success())
    }

    fn create_roles(&self) {
        let made = self.psql(&format!("create role {OWNER} login; create role {APP} login"));
        assert!(made.is_ok_and(|status| status.success()), "roles can be made");
    }

    fn psql(&self, sql: &str) -> std::io::Result<std::process::ExitStatus> {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.args(["-X", "-q", "-d", &self.url("postgres", "postgres"), "-c", sql]);
        psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn postmaster(&self) -> MutexGuard<'_, Option<Child>> {
        self.postmaster.lock().expect("a failed start was reported")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(Some(mut child)) = self.postmaster.lock().map(|mut child| child.take()) {
            // A frozen one takes no other signal.
            send_to_children("CONT", child.id());
            send("CONT", child.id());
            send("QUIT", child.id());
            drop(child.wait());
        }
        if let Ok(mut guard) = self.guard.lock() {
            drop(guard.stdin.take());
            drop(guard.wait());
        }
    }
}

/// The processes that this one has started and that still run.
fn children(of: u32) -> Vec<u32> {
    let ids = fs::read_dir("/proc").expect("processes are listed").flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // The fourth field is the parent; the second is a name in parentheses.
    let parent = |id: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    ids.filter(|id| parent(id) == Some(of)).collect()
}

/// A session may end before the signal comes.
fn send_to_children(signal: &str, of: u32) {
    for child in children(of) {
        let kill = Command::new("sh").args(["-c", &format!("kill -{signal} {child} 2>/dev/null")]).status();
        kill.expect("a shell can be run");
    }
}

fn send(signal: &str, pid: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status();
    assert!(status.is_ok_and(|status| status.success()), "process {pid} takes signal {signal}");
}

/// A program that comes with the server, like `pgbench`.
///
/// # Panics
/// No server is installed.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    find_binaries().join(name)
}

/// The newest version that has everything we start.
fn find_binaries() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = packaged("/usr/lib/postgresql");
    candidates.extend(std::env::split_paths(&path));
    let complete = |folder: &&PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    candidates.iter().find(complete).cloned().expect(
        "these tests need PostgreSQL 15 or newer, and no server is installed: `apt-get install postgresql` (it need not run)",
    )
}

/// Debian keeps each version's binaries in `<folder>/<version>/bin`; the newest first.
fn packaged(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, binaries)| binaries).collect()
}

/// `None` unless the tests run as root; then the package's user, or `nobody`.
fn unprivileged_user() -> Option<User> {
    use std::os::unix::fs::MetadataExt as _;
    let we_are_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = |name: &str| {
        let mut fields = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').skip(2);
        Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    };
    we_are_root.then(|| named("postgres").or_else(|| named("nobody")).expect("a system has the user nobody"))
}

fn as_user(mut command: Command, user: Option<User>) -> Command {
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
    command.current_dir("/");
    command
}

/// Under the temporary directory: its path must be short enough for a socket's name.
fn new_folder(user: Option<User>) -> PathBuf {
    let folder = tempfile::Builder::new().prefix("desk-postgres-").tempdir().expect("a temporary folder").keep();
    if let Some(User { uid, gid }) = user {
        chown(&folder, Some(uid), Some(gid)).expect("root may give a folder away");
    }
    folder
}

fn start_guard(folder: &Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", GUARD, "guard"]).arg(folder).current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a shell can be started")
}

fn init(binaries: &Path, folder: &Path, user: Option<User>) {
    let mut initdb = as_user(Command::new(binaries.join("initdb")), user);
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    let output =
        initdb.arg("-D").arg(folder.join("data")).stdin(Stdio::null()).output().expect("initdb can be started");
    assert!(output.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Below the range from which systems take ports for outgoing connections, so that it is still free after a restart.
fn free_port() -> u16 {
    let mut candidates = std::iter::repeat_with(|| rand::random_range(20_000..32_000));
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("some port is free")
}
