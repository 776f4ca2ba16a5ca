//! A real mail server: a process with `aiosmtpd` that takes mails or fails as it is told (`tests/mail_server/server.py`).
//!
//! Invariant: a server never outlives its test: dropping it kills it.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tempfile::TempDir;

/// How long a mail may take to arrive on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mail that the server has taken.
#[derive(Debug, Clone, Deserialize)]
pub struct Taken {
    /// From whom, in the envelope.
    pub from: String,
    /// To whom, in the envelope.
    pub to: Vec<String>,
    /// Whether it came over TLS.
    pub is_encrypted: bool,
    /// Who had signed in.
    pub login: Option<String>,
    /// As it came, in Base64.
    raw: String,
    /// Names and decoded values, in their order.
    pub headers: Vec<(String, String)>,
    /// The content type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// The part in text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
}

impl Taken {
    /// As it came over the wire.
    ///
    /// # Panics
    /// Never: the server writes Base64.
    #[must_use]
    pub fn raw(&self) -> String {
        String::from_utf8(STANDARD.decode(&self.raw).expect("it is Base64")).expect("it is ASCII")
    }

    /// The value of a header that is there once.
    ///
    /// # Panics
    /// It is there more than once, or not at all.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => value,
            other => panic!("{name} is not there once: {other:?}"),
        }
    }
}

/// A running mail server.
pub struct MailServer {
    child: Child,
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl MailServer {
    /// Starts one with these arguments.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mail_server/server.py");
        let mut command = Command::new(python());
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the mail server can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let port = first_line(&mut lines);
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        keep(lines, taken.clone());
        Self { child, port, taken }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has taken.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("nobody panics with it").clone()
    }

    /// What it has taken, once that are so many.
    ///
    /// # Panics
    /// They do not come in time.
    #[must_use]
    pub fn wait_for(&self, count: usize) -> Vec<Taken> {
        let started = Instant::now();
        loop {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            assert!(started.elapsed() < PATIENCE, "{} of {count} mails arrived", taken.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Deserialize)]
struct Listening {
    port: u16,
}

fn first_line(lines: &mut BufReader<ChildStdout>) -> u16 {
    let mut line = String::new();
    lines.read_line(&mut line).expect("the mail server says something");
    let listening: Listening = serde_json::from_str(&line).expect("the mail server says where it listens");
    listening.port
}

fn keep(lines: BufReader<ChildStdout>, taken: Arc<Mutex<Vec<Taken>>>) {
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            let mail = serde_json::from_str(&line).expect("a line is a mail");
            taken.lock().expect("nobody panics with it").push(mail);
        }
    });
}

/// Python with `aiosmtpd`, in the folder that everything is built into.
fn python() -> PathBuf {
    let own = std::env::current_exe().expect("a process knows its program");
    let python = own.ancestors().map(|folder| folder.join("mail-server/bin/python")).find(|path| path.exists());
    python.unwrap_or_else(|| {
        panic!(
            "the mail server is not installed: `make test` does it, or\n\
             python3 -m venv target/mail-server && target/mail-server/bin/pip install -r tests/mail_server/requirements.txt"
        )
    })
}

/// A fresh certificate for localhost, which is its own root, in files.
pub struct Certificate(TempDir);

impl Certificate {
    /// Makes one.
    ///
    /// # Panics
    /// The folder for temporary files cannot be written.
    #[must_use]
    pub fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("it can be made");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("it can be written");
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).expect("it can be written");
        Self(folder)
    }

    /// The certificate's file.
    #[must_use]
    pub fn file(&self) -> String {
        self.0.path().join("cert.pem").display().to_string()
    }

    /// The key's file.
    #[must_use]
    pub fn key_file(&self) -> String {
        self.0.path().join("key.pem").display().to_string()
    }
}
