//! A started nginx, which listens where a test says and knows what the test's lines say.
//!
//! Invariant: it never outlives its test.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::LIMIT;

const PROGRAM: &str = "/usr/sbin/nginx";

/// A running nginx.
pub(super) struct Nginx {
    child: Child,
    pub(super) port: u16,
    _folder: TempDir,
}

impl Nginx {
    /// With this `server`, made for its port and a folder of its own, in which there are these files.
    pub(super) fn start(files: &[(&str, &str)], server: impl FnOnce(u16, &Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = server(port, folder.path());
        let kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {}/{what};", folder.path().display()))
            .join(" ");
        let config = format!(
            "user root; daemon off; worker_processes 1; pid {}/pid; error_log stderr;\n\
             events {{}}\nhttp {{ access_log off; {kept}\n{server}\n}}\n",
            folder.path().display()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(if Path::new(PROGRAM).exists() { PROGRAM } else { "nginx" });
        command.args(["-e", "stderr", "-c"]).arg(&file).arg("-p").arg(folder.path()).stdin(Stdio::null());
        let child = command.spawn().expect("nginx is installed (Debian: apt-get install nginx)");
        let mut nginx = Self { child, port, _folder: folder };
        nginx.until_it_listens();
        nginx
    }

    fn until_it_listens(&mut self) {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "nginx ended at its start");
            assert!(started.elapsed() < LIMIT, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A killed master leaves its worker; told to stop it takes the worker along.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
