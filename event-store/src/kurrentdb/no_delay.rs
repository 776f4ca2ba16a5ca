//! Switches Nagle's algorithm off on the client's connections.
//!
//! The client (1.2.0) leaves it on and sends a call in two writes; the second waits until the server's host has acknowledged the
//! first, which Linux does after 40 ms. The client's repository has mended that (issue 232, pull request 233): the first release
//! after 1.2.0 makes this module and the dependency on `nix` superfluous.
//!
//! The client hands out none of its sockets, and hyper-util sets the option to *off* after connecting, so it is set afterwards, on
//! every TCP socket of the process, by the number of its descriptor: after the first answer that a client gets, and whenever an
//! answer takes longer than [`PROMPT`], because discovery, redirects and lost connections make further sockets. Setting it sends
//! what the kernel still holds back. For sockets of others it changes nothing but the same delay.
//!
//! Invariant: a number that is no TCP socket, or no longer one, refuses the option, and that is all.

use std::{
    fs,
    os::fd::RawFd,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::sys::socket::{setsockopt, sockopt::TcpNoDelay};

/// An answer that takes longer may be waiting for an acknowledgement.
pub(super) const PROMPT: Duration = Duration::from_millis(5);
/// The process's sockets are not looked at more often, however slow the server is.
const BETWEEN: Duration = Duration::from_millis(50);
/// The process's descriptors, a file for each.
const DESCRIPTORS: &str = "/dev/fd";

/// When the sockets of the process were looked at last.
#[derive(Default)]
pub(super) struct NoDelay(Mutex<Option<Instant>>);

impl NoDelay {
    /// Sets the option on every TCP socket there is.
    pub(super) fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        set_on_all_sockets();
    }

    /// As [`Self::set`], unless that was done a moment ago.
    pub(super) fn set_again(&self) {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= BETWEEN) {
            self.set();
        }
    }
}

/// Where descriptors are not listed, calls are only slower.
fn set_on_all_sockets() {
    let Ok(descriptors) = fs::read_dir(DESCRIPTORS) else { return };
    let numbers = descriptors.flatten().filter_map(|one| one.file_name().to_str()?.parse::<RawFd>().ok());
    for number in numbers {
        let _no_tcp_socket = setsockopt(number, TcpNoDelay, &true);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn every_tcp_socket_of_the_process_gets_the_option() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let sockets = [(); 3].map(|()| TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens"));
        assert!(sockets.iter().all(|socket| !socket.nodelay().expect("it is open")), "the system's default");
        NoDelay::default().set();
        assert!(sockets.iter().all(|socket| socket.nodelay().expect("it is open")));
    }
}
