//! Each cause for which a server cannot be used has its own sentence, the same from `desk`, `desk-replay` and `desk copy-log`.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Output,
};

use futures::future::join_all;
use protocol_server::{Options, Server, Tls};
use tests::{
    desk::{free_port, program, without_settings, write_private},
    postgres::Postgres,
    shop::{Order, bulk},
};
use tokio::process::Command;

/// Something that listens on a port of its own, and what it does with each connection.
fn listening(deal: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It goes with the test's process.
    std::thread::spawn(move || listener.incoming().flatten().for_each(deal));
    port
}

/// What EventStoreDB's older protocol sends of itself on port 1113: a heartbeat.
fn another_protocol(mut connection: TcpStream) {
    let _ = connection.write_all(&[18, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    let _ = connection.read(&mut [0; 4096]);
}

fn a_web_server(mut connection: TcpStream) {
    let _ = connection.read(&mut [0; 4096]);
    let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
}

/// Reads first, so that closing is no reset by what was not read.
fn goes_away(mut connection: TcpStream) {
    let _ = connection.read(&mut [0; 4096]);
}

/// What each program says of a log in this place. URLs with a password are no arguments.
async fn said_of(url: &str) -> Vec<(&'static str, Output)> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, source) = (path("key"), folder.path().join("source"));
    write_private(&key, &"11".repeat(32));
    let order = Order::stress(50, 1, "2026-11-25T12:00:00Z".parse().unwrap());
    bulk::write(order, &source, None, &mut |_| {}).await.unwrap();
    let command = |name| Command::from(without_settings(program(name)));

    let mut desk = command("desk");
    desk.args(["--listen", &format!("127.0.0.1:{}", free_port()), "--data-dir", &path("desk")]);
    desk.env("DESK_SERVER_WAIT_SECONDS", "0").env("DESK_METRICS_LISTEN", "off");
    desk.env("DESK_MASTER_KEY_FILE", &key).env("DESK_TOKEN_KEY_FILE", &key);
    desk.env(if url.starts_with("postgres") { "DESK_DATABASE_URL" } else { "DESK_EVENT_STORE_URL" }, url);
    let mut replay = command("desk-replay");
    replay.arg("verify").env("DESK_STORE", url);
    let mut from = command("desk");
    from.args(["copy-log", "--to", &path("copy")]).env("DESK_COPY_FROM", url);
    let mut to = command("desk");
    to.args(["copy-log", "--from", &source.display().to_string()]).env("DESK_COPY_TO", url);

    let programs = [("desk", desk), ("desk-replay", replay), ("copy-log --from", from), ("copy-log --to", to)];
    let running = programs.into_iter().map(async |(name, mut command)| {
        (name, command.current_dir(folder.path()).kill_on_drop(true).output().await.unwrap())
    });
    join_all(running).await
}

async fn each_says(url: &str, sentence: &str) {
    for (program, output) in said_of(url).await {
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{program} on {url}: {said}");
        assert!(said.contains(sentence), "{program} on {url} does not say “{sentence}”: {said}");
        for noise in ["client error", "gRPC", "panicked", "pool timed out", "s3cret"] {
            assert!(!said.contains(noise), "{program} on {url}: {said}");
        }
    }
}

fn self_signed() -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    Tls { certificates: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_has_its_own_sentence_on_kurrentdb() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Server::start(&folder.path().join("plain"), Options::default()).unwrap();
    let secured = Options { tls: Some(self_signed()), ..Options::default() };
    let secured = Server::start(&folder.path().join("secured"), secured).unwrap();
    let at = |port: u16, tls: bool| format!("kurrentdb://desk:s3cret@127.0.0.1:{port}?tls={tls}&discoveryInterval=20");
    let (plain, secured) = (plain.address(0).port(), secured.address(0).port());
    let cases = [
        (at(free_port(), false), "cannot be reached: nothing listens there"),
        ("kurrentdb://desk:s3cret@nobody.invalid:2113?tls=false".to_owned(), "its name is not known"),
        (at(plain, true), "it does not speak TLS, which the URL asks for"),
        (at(secured, false), "it speaks TLS alone, and the URL asks for none"),
        (at(secured, true), "its certificate is not trusted ("),
        (at(listening(another_protocol), false), "something else than KurrentDB answers there"),
        (at(listening(another_protocol), true), "something else than KurrentDB answers there"),
        (at(listening(a_web_server), false), "something else than KurrentDB answers there"),
        (at(listening(goes_away), false), "it closes the connection without an answer"),
        (
            at(plain, false) + "&tlsCaFile=/nowhere/ca.pem",
            "the file /nowhere/ca.pem that tlsCaFile names cannot be used",
        ),
        (at(plain, false) + "&tlsCa=x", "nobody knows the parameter tlsCa"),
    ];
    for (url, sentence) in cases {
        each_says(&url, sentence).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_has_its_own_sentence_on_postgres() {
    let there = Postgres::shared().await;
    let database = there.fresh_database().await.url();
    let at = |port: u16| format!("postgres://desk_app:s3cret@127.0.0.1:{port}/desk");
    let there = there.port();
    let cases = [
        (at(free_port()), "desk as desk_app cannot be reached: nothing listens there"),
        ("postgres://desk_app:s3cret@nobody.invalid/desk".to_owned(), "its name is not known"),
        (database.clone() + "?sslmode=require", "it does not speak TLS, which the URL asks for"),
        (at(listening(a_web_server)), "something else than PostgreSQL answers there"),
        (at(listening(goes_away)), "it closes the connection without an answer"),
        (format!("postgres://desk_owner@127.0.0.1:{there}/nowhere"), "database \"nowhere\" does not exist"),
        (database.clone() + "?sslmod=require", "nobody knows the parameter sslmod "),
        (
            database + "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
            "the file /nowhere/ca.pem that sslrootcert names",
        ),
    ];
    for (url, sentence) in cases {
        each_says(&url, sentence).await;
    }
}
