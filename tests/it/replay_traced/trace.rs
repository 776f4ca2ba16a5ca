//! A program under `strace`: every system call that names a file, changes one or uses the network, and the forbidden ones.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Calls that change files and are in neither of the classes `%file` and `%network`, and calls that bypass them.
const MORE: &str =
    "ftruncate,fallocate,fchmod,fchown,fsetxattr,pwrite64,pwritev,pwritev2,copy_file_range,io_uring_setup";

/// Calls of `%file` that only read, and those that start the program.
const LOOKING: [&str; 18] = [
    "access",
    "faccessat",
    "faccessat2",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "readlink",
    "readlinkat",
    "getcwd",
    "chdir",
    "execve",
    "getxattr",
    "lgetxattr",
    "listxattr",
    "llistxattr",
    "inotify_add_watch",
];

/// What a program did.
pub(super) struct Traced {
    pub(super) output: Output,
    /// Calls, without the number of the thread.
    pub(super) calls: Vec<String>,
}

/// A forbidden call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wrong {
    /// It opens a connection or socket.
    Speaks(String),
    /// It changes a file, opens one for writing, or tries to.
    Writes(String),
}

/// Runs a program to its end.
pub(super) fn trace(program: &Path, arguments: &[&str], temporary: &Path) -> Traced {
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    assert!(found.is_ok_and(|status| status.success()), "this test needs strace: `apt-get install strace`");
    let trace = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-y", "-s", "4096", "-e", &format!("trace=%file,%network,{MORE}"), "-o"])
        .arg(trace.path())
        .arg(program)
        .args(arguments)
        .env("TMPDIR", temporary)
        .env("SQLITE_TMPDIR", temporary)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let calls: Vec<String> =
        text.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_owned())).collect();
    assert!(calls.iter().any(|call| call.starts_with("execve(")), "the trace is empty: {text}");
    assert!(calls.iter().any(|call| call.starts_with("+++ exited with")), "the trace has no end: {text}");
    Traced { output, calls }
}

impl Traced {
    /// The forbidden calls; these files, and unnamed files in the temporary folder, may be written.
    pub(super) fn wrongs(&self, may_write: &[PathBuf], temporary: &Path) -> Vec<Wrong> {
        let may_write: Vec<PathBuf> = may_write.iter().cloned().chain([temporary.join("etilqs_")]).collect();
        self.calls.iter().filter_map(|call| wrong(call, &may_write)).collect()
    }
}

fn wrong(call: &str, may_write: &[PathBuf]) -> Option<Wrong> {
    let (name, arguments) = call.split_once('(')?;
    let is_allowed = may_write.iter().any(|path| arguments.contains(&format!("{}", path.display())));
    match name {
        // The second half of a call that another thread interrupted.
        _ if call.starts_with("<...") || call.starts_with("+++") || call.starts_with("---") => None,
        // A call that a thread was about to make when the process ended: it was not made, so strace has no name for it.
        "???" if arguments.trim() == "<unfinished ...>" => None,
        name if LOOKING.contains(&name) => None,
        "open" | "openat" | "openat2" => {
            let is_writing =
                ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].iter().any(|f| arguments.contains(f));
            (is_writing && !is_allowed).then(|| Wrong::Writes(call.to_owned()))
        }
        // A socket pair within the process, by which the runtime handles signals.
        "socketpair" if arguments.starts_with("AF_UNIX") => None,
        "socketpair" | "socket" | "connect" | "bind" | "listen" | "accept" | "accept4" | "sendto" | "sendmsg"
        | "sendmmsg" | "recvfrom" | "recvmsg" | "recvmmsg" | "shutdown" | "getsockname" | "getpeername"
        | "setsockopt" | "getsockopt" => Some(Wrong::Speaks(call.to_owned())).filter(|_| !is_of_own_pair(arguments)),
        // Unknown calls count as changes.
        _ => (!is_allowed).then(|| Wrong::Writes(call.to_owned())),
    }
}

/// `-y` names a socket that was made by `socketpair` as a UNIX socket without a path or an address.
fn is_of_own_pair(arguments: &str) -> bool {
    arguments.split_once('<').is_some_and(|(_, rest)| rest.starts_with("UNIX-STREAM:[") || rest.starts_with("socket:["))
        && !arguments.contains("sa_family")
}
