//! Servers that others wrote, which `make test` installs into folders of their own (`tests/<folder>/requirements.txt`).
//!
//! Invariant: a server never outlives its test: dropping it kills it.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A running server.
pub struct InstalledServer {
    child: Child,
    url: String,
}

impl InstalledServer {
    /// Starts `name` of a folder on a port of its own, with whatever else `add` tells it. It may not listen yet.
    ///
    /// # Panics
    /// It is not installed, or cannot be started.
    #[must_use]
    pub fn start(folder: &str, name: &str, add: impl FnOnce(&mut Command)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let port = listener.local_addr().expect("it listens").port();
        drop(listener);
        let mut command = Command::new(program(folder, name));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        add(&mut command);
        let child = command.spawn().expect("it can be started");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for InstalledServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program, in the folder that everything is built into.
///
/// # Panics
/// It is not installed.
#[must_use]
pub fn program(folder: &str, name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test has a path");
    let mut places = own.ancestors().map(|parent| parent.join(folder).join("bin").join(name));
    places.find(|path| path.exists()).unwrap_or_else(|| {
        panic!(
            "{name} is not installed: `make test` does it, or\n\
             python3 -m venv target/{folder} && target/{folder}/bin/pip install -r tests/{folder}/requirements.txt"
        )
    })
}
