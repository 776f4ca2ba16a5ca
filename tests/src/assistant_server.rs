//! A server that stands for an assistant's, written from its documents: a process in Python that answers and fails as it is told
//! (`tests/assistants/`).
//!
//! Invariant: a server never outlives its test: dropping it kills it, and it ends with its standard input.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::http_client::client;

/// A running server.
pub struct AssistantServer {
    child: Child,
    address: String,
}

impl AssistantServer {
    /// Starts a script of `tests/assistants/` with these arguments.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assistants").join(script);
        let mut command = Command::new(in_environment("assistants", "python").unwrap_or_else(|| "python3".into()));
        command.arg(script).arg("--until-input-ends").args(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says something");
        let address = line.trim().strip_prefix("listening on ").expect("it says where it listens").to_owned();
        Self { child, address }
    }

    /// Where it listens, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Tells it what comes next; answers with what it has counted.
    ///
    /// # Panics
    /// It does not understand.
    pub async fn control(&self, told: &Value) -> Value {
        let request = client().post(format!("{}/_control", self.url())).json(told);
        let response = request.send().await.expect("the server answers");
        let status = response.status();
        let answer = response.json().await.expect("it answers in JSON");
        assert!(status.is_success(), "{told}: {answer}");
        answer
    }

    /// All that it has received and counted.
    ///
    /// # Panics
    /// It does not answer, or has failed by a fault of its own.
    pub async fn record(&self) -> Value {
        let response = client().get(format!("{}/_control", self.url())).send().await.expect("the server answers");
        let record: Value = response.json().await.expect("it answers in JSON");
        assert_eq!(record["internal_errors"].as_array().map(Vec::len), Some(0), "{}", record["internal_errors"]);
        record
    }
}

impl Drop for AssistantServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program of a virtual environment in the folder that everything is built into, which `make test` makes.
#[must_use]
pub fn in_environment(environment: &str, program: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().expect("a process knows its program");
    let inner = Path::new(environment).join("bin").join(program);
    own.ancestors().map(|folder| folder.join(&inner)).find(|path| path.exists())
}
