//! Connections are bounded by address, with a reserve for staff that is signed in and for health; and files that may be open are as
//! many as the system lets this process have.

use std::net::SocketAddr;

use tests::desk::{Desk, Setup};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{LIMIT, from, say, status};
use crate::http::{eventually, problem};

const FLOOD: &str = "127.3.0.1";

/// A connection from this address.
async fn connect(desk: &Desk, address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    socket.connect(desk.url().strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap()
}

/// A stream that stays open, as far as its head.
async fn held(desk: &Desk) -> TcpStream {
    let mut stream = connect(desk, FLOOD).await;
    let head = format!("GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", desk.staff_token());
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    timeout(LIMIT, stream.read_exact(&mut begin)).await.unwrap().unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    stream
}

async fn get(desk: &Desk, path: &str, token: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n");
    say(connect(desk, FLOOD).await, head.as_bytes()).await
}

#[tokio::test]
async fn address_with_all_its_connections_gets_staff_and_health_and_nothing_else() {
    let limit = [("DESK_CONNECTIONS_PER_ADDRESS", "10".to_owned())];
    let desk = Desk::start(Setup { environment: limit.to_vec(), ..Setup::default() });
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(held(&desk).await);
    }
    // Answered and closed, though nobody asked for that.
    let refused = get(&desk, "/api/config", "").await;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(refused.contains("TOO_MANY_CONNECTIONS") && refused.contains("connection: close"), "{refused}");
    for path in ["/healthz", "/readyz", "/api/health"] {
        assert_eq!(status(&get(&desk, path, "Connection: close\r\n").await), 200, "{path}");
    }
    let token = format!("Connection: close\r\nAuthorization: Bearer {}\r\n", desk.staff_token());
    assert_eq!(status(&get(&desk, "/api/agent/profile", &token).await), 200);
    let elsewhere = from("127.3.0.2").get(format!("{}/api/config", desk.url())).send().await.unwrap();
    assert_eq!(elsewhere.status(), 200);
    streams.pop();
    eventually(async || get(&desk, "/api/config", "Connection: close\r\n").await, |answer| status(answer) == 200).await;
}

#[tokio::test]
async fn silent_connections_do_not_keep_the_reserve() {
    let limit = [("DESK_CONNECTIONS_PER_ADDRESS", "2".to_owned())];
    let desk = Desk::start(Setup { environment: limit.to_vec(), ..Setup::default() });
    let _streams = [held(&desk).await, held(&desk).await];
    let mut silent = Vec::new();
    for _ in 0..30 {
        silent.push(connect(&desk, FLOOD).await);
    }
    for mut stream in silent {
        let mut byte = [0];
        // Closed by the server, whether with a word or without.
        let read = timeout(LIMIT, stream.read(&mut byte)).await.expect("it does not stay");
        assert!(!matches!(read, Ok(1)) || byte[0] == b'H');
    }
    let token = format!("Connection: close\r\nAuthorization: Bearer {}\r\n", desk.staff_token());
    assert_eq!(status(&get(&desk, "/api/agent/profile", &token).await), 200);
}

#[tokio::test]
async fn open_files_are_raised_as_far_as_the_system_lets() {
    let wrapper = ["prlimit", "--nofile=300:5000"].map(str::to_owned).to_vec();
    let desk = Desk::start(Setup { wrapper, ..Setup::default() });
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", desk.process_id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["5000", "5000"], "{limits}");
}

#[tokio::test]
async fn streams_of_a_visitor_and_of_an_address_are_bounded_and_staffs_are_not() {
    let limits = [("DESK_STREAMS_PER_VISITOR", "3".to_owned()), ("DESK_STREAMS_PER_ADDRESS", "5".to_owned())];
    let desk = Desk::start(Setup { environment: limits.to_vec(), ..Setup::default() });
    let (anna, bo) = (desk.customer(), desk.customer());
    anna.arrive("a").await.unwrap();
    bo.arrive("b").await.unwrap();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(anna.follow("a", None).await.unwrap());
    }
    let refused = anna.get("/api/sessions/a/events").await.unwrap();
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 429, "TOO_MANY_STREAMS").await;
    for _ in 0..2 {
        open.push(bo.follow("b", None).await.unwrap());
    }
    problem(bo.get("/api/sessions/b/events").await.unwrap(), 429, "TOO_MANY_STREAMS").await;
    let said = serde_json::json!({"message": "hello", "user_id": "b"});
    problem(bo.post("/api/chat/stream", &said).await.unwrap(), 429, "TOO_MANY_STREAMS").await;
    let log = desk.staff().log().await.unwrap();
    assert!(log.iter().all(|event| event["type"] != "session.customer_message_sent"), "nothing was recorded: {log:?}");
    let _staff = desk.staff().follow(None).await.unwrap();
    open.remove(0);
    eventually(async || anna.follow("a", None).await.ok(), Option::is_some).await;
}
