//! The sockets of the client, whose kernel holds back what it is given while Nagle's algorithm is on.

use std::os::fd::RawFd;

use event_store::{EventStore as _, Expected};
use nix::sys::socket::{SockaddrStorage, getpeername, getsockopt, sockopt::TcpNoDelay};
use tokio::time::timeout;

use super::*;

/// Whether the option is set, for each connection of this process to one of these ports.
fn no_delay(ports: &[u16]) -> Vec<bool> {
    let numbers = std::fs::read_dir("/dev/fd").unwrap().flatten();
    let numbers = numbers.filter_map(|one| one.file_name().to_str()?.parse::<RawFd>().ok());
    let leads_there = |number: &RawFd| {
        let peer = getpeername::<SockaddrStorage>(*number).ok();
        peer.and_then(|peer| Some(peer.as_sockaddr_in()?.port())).is_some_and(|port| ports.contains(&port))
    };
    numbers.filter(leads_there).filter_map(|number| getsockopt(number, TcpNoDelay).ok()).collect()
}

/// Each leader is reached by another socket than the one before, and each cut makes a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_waits_for_acknowledgements() {
    let fixture = Fixture::with(Options { nodes: 3, ..Options::default() });
    let ports: Vec<u16> = (0..3).map(|node| fixture.server().address(node).port()).collect();
    let (log, stream) = (fixture.log().await, new_stream());
    // An answer within a few milliseconds gives no reason to look at the sockets.
    fixture.server().faults().delay(Duration::from_millis(10));
    for leader in [0, 1, 2] {
        fixture.server().lead(Some(leader));
        fixture.server().cut_connections();
        let all_are_prompt = async {
            loop {
                let is_appended = log.append(&stream, Expected::Any, events(1)).await.is_ok();
                let set = no_delay(&ports);
                if is_appended && !set.is_empty() && set.iter().all(|is_set| *is_set) {
                    break;
                }
            }
        };
        timeout(PATIENCE, all_are_prompt).await.expect("a socket has waited for acknowledgements all the time");
    }
}
