//! Signing in without an async runtime, for tests that have none.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// The access token of an account.
pub(super) fn sign_in(port: u16, username: &str, password: &str) -> String {
    let body = serde_json::json!({"username": username, "password": password}).to_string();
    let request = format!(
        "POST /api/agent/login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    connection.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("the server answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    assert!(head.starts_with("HTTP/1.1 200"), "signing in was answered {answer}");
    let answer: serde_json::Value = serde_json::from_str(body).expect("the answer is JSON");
    answer["access_token"].as_str().expect("the answer has a token").to_owned()
}
