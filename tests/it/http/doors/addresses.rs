//! The address of a client: forwarded headers count from the trusted proxy only.

use super::{PROXY, chat, from, limited};

/// Sends as many messages as the burst allows; returns the status of the next one.
async fn eleventh(address: &str, header: &str, list: impl Fn(usize) -> String) -> u16 {
    let client = from(address);
    let mut status = 0;
    for message in 0..=10 {
        status = chat(limited(), &client).header(header, list(message)).send().await.unwrap().status().as_u16();
        assert!(message == 10 || status == 200, "message {message} was answered {status}");
    }
    status
}

#[tokio::test]
async fn forwarded_header_of_an_untrusted_client_is_ignored() {
    assert_eq!(eleventh("127.1.0.1", "X-Forwarded-For", |n| format!("198.51.100.{n}")).await, 429);
    assert_eq!(eleventh("127.1.0.2", "Forwarded", |n| format!("for=198.51.100.{n}")).await, 429);
    assert_eq!(
        limited().log_with("not in trusted_proxies").matches("not in trusted_proxies").count(),
        1,
        "who runs a proxy is told"
    );
    assert_eq!(eleventh("127.1.0.3", "X-Real-IP", |n| format!("198.51.100.{n}")).await, 429);
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_have_separate_limits() {
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |n| format!("198.51.101.{n}")).await, 200);
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |_| "198.51.102.1".to_owned()).await, 429);
    assert_eq!(eleventh(PROXY, "Forwarded", |n| format!("for=198.51.103.{n};proto=https")).await, 200);
    assert_eq!(eleventh(PROXY, "Forwarded", |_| "for=198.51.104.1".to_owned()).await, 429);
}

#[tokio::test]
async fn forwarded_header_sent_to_the_proxy_by_a_client_is_ignored() {
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |n| format!("192.0.2.{n}, 198.51.105.1")).await, 429);
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |n| format!("192.0.2.{n}, 198.51.106.1, {PROXY}")).await, 429);
}

#[tokio::test]
async fn ipv6_addresses_of_one_prefix_share_a_limit() {
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |n| format!("2001:db8:7:7::{n:x}")).await, 429);
    assert_eq!(eleventh(PROXY, "X-Forwarded-For", |n| format!("2001:db8:8:{n:x}::1")).await, 200);
}
