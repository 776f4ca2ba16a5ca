//! TLS in the server: certificates, their renewal, and the redirect from plain HTTP.

mod certificate;
mod nginx;
mod proxied;
mod redirect;

use std::time::{Duration, Instant};

use certificate::{Pair, Secured, connect};
use tests::desk::{ADMIN_PASSWORD, Desk, Setup, write_private};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{LIMIT, say, socket, status};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const CHAT: &[u8] =
    b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
                      Content-Length: 35\r\n\r\n{\"message\": \"hello\", \"user_id\":\"s\"}";

#[tokio::test]
async fn tls_responses_have_hsts() {
    let secured = Secured::start();
    let answer = say(secured.connect().await, HEALTH).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");
    let answer = say(secured.connect().await, CHAT).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: __Host-desk_visitor_")).unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
    let _ready = secured.desk.log_with("desk is ready: https://");
}

#[tokio::test]
async fn plain_http_origin_of_the_same_host_is_foreign_over_tls() {
    let secured = Secured::start();
    let request = |scheme: &str| {
        let text = String::from_utf8(CHAT.to_vec()).unwrap();
        text.replacen("Host: localhost", &format!("Host: localhost\r\nOrigin: {scheme}://localhost"), 1)
    };
    assert_eq!(status(&say(secured.connect().await, request("https").as_bytes()).await), 200);
    assert_eq!(status(&say(secured.connect().await, request("http").as_bytes()).await), 403);
}

#[tokio::test]
async fn plain_http_on_the_tls_port_gets_no_answer() {
    let secured = Secured::start();
    let answer = say(socket(&secured.desk).await, HEALTH).await;
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    assert_eq!(status(&say(secured.connect().await, HEALTH).await), 200);
}

#[tokio::test]
async fn client_without_a_tls_handshake_is_disconnected() {
    let secured = Secured::start();
    let started = Instant::now();
    assert_eq!(say(socket(&secured.desk).await, b"\x16\x03\x01").await, "");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

async fn staff_token(secured: &Secured) -> String {
    let body = serde_json::json!({"username": "admin", "password": ADMIN_PASSWORD}).to_string();
    let request = format!(
        "POST /api/agent/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = say(secured.connect().await, request.as_bytes()).await;
    let (_, rest) = answer.split_once("\"access_token\":\"").expect("a token");
    rest.split_once('"').expect("a token").0.to_owned()
}

#[tokio::test]
async fn renewed_certificate_is_used_without_restart_and_streams_stay_open() {
    let mut secured = Secured::start();
    let token = staff_token(&secured).await;
    let mut stream = secured.connect().await;
    let follow = format!(
        "GET /api/events?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        token.trim()
    );
    stream.write_all(follow.as_bytes()).await.unwrap();
    let (old, new) = (secured.pair.clone(), Pair::make());
    secured.write(&new);
    secured.until_presented(&new).await;
    assert!(connect(&secured.desk, &old).await.is_err(), "a new connection has the new certificate alone");
    assert_eq!(status(&say(secured.connect().await, CHAT).await), 200);
    let mut heard = String::new();
    while !heard.contains("event: session.opened") {
        let mut buffer = [0; 4096];
        let bytes = tokio::time::timeout(LIMIT, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(bytes > 0, "the stream ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..bytes]));
    }
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], old.certificate);
}

#[tokio::test]
async fn unusable_certificate_files_keep_the_old_pair_in_use() {
    let mut secured = Secured::start();
    let other = Pair::make();
    std::fs::write(secured.key_file(), &other.key_pem).unwrap();
    secured.until_told("cannot be used").await;
    assert_eq!(status(&say(secured.connect().await, HEALTH).await), 200, "with the pair that it had");
    std::fs::write(secured.cert_file(), &other.cert_pem).unwrap();
    secured.until_presented(&other).await;
    std::fs::write(secured.key_file(), "no key at all").unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(status(&say(secured.connect().await, HEALTH).await), 200);
    let log = secured.desk.log();
    for line in other.key_pem.lines().filter(|line| line.len() > 20) {
        assert!(!log.contains(line), "a key in the log");
    }
}

#[test]
fn start_with_unusable_certificate_files_is_refused_and_prints_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Pair::make(), Pair::make());
    let file = |name: &str, text: &str| {
        write_private(folder.path().join(name), text);
        folder.path().join(name).display().to_string()
    };
    let (cert, key) = (file("cert", &one.cert_pem), file("key", &one.key_pem));
    let (other_key, rubbish) = (file("other-key", &other.key_pem), file("rubbish", "rubbish-rubbish"));
    let nowhere = folder.path().join("nowhere").display().to_string();
    for (cert_file, key_file, expected) in [
        (&cert, &other_key, "the key in tls_key_file does not fit the certificate in tls_cert_file"),
        (&cert, &rubbish, "has no private key in PEM"),
        (&rubbish, &key, "has no certificate in PEM"),
        (&key, &cert, "has no certificate in PEM"),
        (&nowhere, &key, "No such file or directory"),
        (&cert, &nowhere, "No such file or directory"),
    ] {
        let environment = vec![("DESK_TLS_CERT_FILE", cert_file.clone()), ("DESK_TLS_KEY_FILE", key_file.clone())];
        let (code, said) = Desk::start_refused(Setup { environment, ..Setup::default() });
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
        let secrets = [&one, &other].map(|pair| pair.key_pem.lines().nth(1).unwrap().to_owned());
        assert!(secrets.iter().all(|secret| !said.contains(secret)) && !said.contains("rubbish-rubbish"), "{said}");
    }
}
