//! Redirects from plain HTTP to the same host and path over https.

use tokio::net::TcpStream;

use super::{Secured, say, status};

/// A server with a second, plain port; returns its address and the TLS port.
fn start() -> (Secured, String, String) {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let secured = Secured::start_with(vec![("DESK_REDIRECT_LISTEN", plain.clone())]);
    let port = secured.desk.url().rsplit(':').next().unwrap().to_owned();
    (secured, plain, port)
}

async fn ask(plain: &str, head: &str) -> (u16, String, String) {
    let request = format!("{head}Connection: close\r\n\r\n");
    let answer = say(TcpStream::connect(plain).await.unwrap(), request.as_bytes()).await;
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned();
    (status(&answer), location, answer)
}

#[tokio::test]
async fn plain_http_redirects_to_https() {
    let (_secured, plain, port) = start();
    for (method, path, host) in [
        ("GET", "/", "localhost"),
        ("GET", "/workbench/a%20b?x=1&y=%2F", "localhost:80"),
        ("POST", "/docs", "desk.example"),
        ("GET", "//evil.example/x", "desk.example:8080"),
        ("GET", "/\\evil.example", "[::1]:80"),
        ("DELETE", "/x", "127.0.0.1"),
    ] {
        let (status, location, answer) = ask(&plain, &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n")).await;
        let name = if host.starts_with('[') { "[::1]" } else { host.split(':').next().unwrap() };
        assert_eq!(status, 308, "{answer}");
        assert_eq!(location, format!("https://{name}:{port}{path}"), "{answer}");
        assert!(!answer.contains("set-cookie") && !answer.contains("strict-transport-security"), "{answer}");
    }
}

#[tokio::test]
async fn api_is_refused_over_plain_http_and_not_redirected() {
    let (_secured, plain, _) = start();
    for (method, path) in [("GET", "/api/sessions/a%20b?x=1"), ("POST", "/api/chat"), ("GET", "/desk/api/v1/config")] {
        let (status, location, answer) = ask(&plain, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\n")).await;
        assert_eq!((status, location.as_str()), (403, ""), "{answer}");
        assert!(answer.contains("TLS_REQUIRED"), "{answer}");
    }
}

#[tokio::test]
async fn redirect_refuses_an_invalid_host() {
    let (_secured, plain, _) = start();
    for host in [
        "",
        "evil.example/",
        "evil.example\\@x",
        "user@evil.example",
        "a b",
        "evil.example#",
        "evil.example?x",
        "x%0d%0aX-Injected:y",
        "[::1",
        "[evil.example]",
        "evil.example:",
        "evil.example:x",
        "evil.example:99999",
        "..",
        "evil.example\u{7f}",
        "\u{e9}vil.example",
        "-x",
    ] {
        let (status, location, answer) = ask(&plain, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n")).await;
        assert_eq!((status, location.as_str()), (400, ""), "{host:?}: {answer}");
    }
    for head in [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nHost: evil.example\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: a.example\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: a.example\r\n",
    ] {
        let (status, location, answer) = ask(&plain, head).await;
        assert_eq!((status, location.as_str()), (400, ""), "{head:?}: {answer}");
    }
}
