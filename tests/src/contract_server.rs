//! Servers that stand in for the services assistants call (`tests/assistants`): real processes, written from the services' contracts.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use reqwest::Client;
use serde_json::Value;

use crate::http_client::client;

/// A running server. It ends when it is dropped, or with this process.
pub struct ContractServer {
    child: Child,
    url: String,
    client: Client,
}

impl ContractServer {
    /// Starts `script` of `tests/assistants`.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assistants").join(script);
        let mut command = Command::new(python());
        command.arg(script).arg("--until-input-ends").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server can be started");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        output.read_line(&mut line).expect("the server says something");
        let address = line.trim().strip_prefix("listening on ").expect("it says where it listens");
        Self { child, url: format!("http://{address}"), client: client() }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Tells it what comes next (`tests/assistants/README.md`).
    ///
    /// # Panics
    /// It does not know that.
    pub async fn tell(&self, told: Value) {
        let response = self.client.post(format!("{}/_control", self.url)).json(&told).send().await;
        let response = response.expect("the server answers");
        let status = response.status();
        assert!(status.is_success(), "{told}: {}", response.text().await.unwrap_or_default());
    }

    /// All that it received, with faults of its own ruled out.
    ///
    /// # Panics
    /// It failed itself.
    pub async fn state(&self) -> Value {
        let response = self.client.get(format!("{}/_control", self.url)).send().await.expect("the server answers");
        let state: Value = response.json().await.expect("it is JSON");
        assert_eq!(state["internal_errors"], Value::Array(Vec::new()));
        state
    }
}

impl Drop for ContractServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Python with `cryptography`: as told, or from the folder that everything is built into.
fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("DESK_TEST_ASSISTANTS_PYTHON") {
        return python.into();
    }
    let own = std::env::current_exe().expect("a process knows its program");
    let python = own.ancestors().map(|folder| folder.join("assistants/bin/python")).find(|path| path.exists());
    python.unwrap_or_else(|| {
        panic!(
            "the contract servers are not installed: `make test` does it, or\n\
             python3 -m venv target/assistants && target/assistants/bin/pip install -r tests/assistants/requirements.txt"
        )
    })
}
