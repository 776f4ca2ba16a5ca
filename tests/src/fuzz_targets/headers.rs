//! Queries, cursors, what proxies say of a client, and the settings' lists.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use api::{
    client_ip::TrustedProxies,
    middleware::{headers::FrameAncestors, origins::Origins},
    query::QueryFields,
    sse::parse_cursor,
};
use commands::IdempotencyKey;
use projections::AsOf;

use super::{lines, text};

/// Every parameter of every route; what is a number is one of 63 bits.
pub(super) fn query(bytes: &[u8]) -> bool {
    let Some(Ok(fields)) = text(bytes).map(QueryFields::parse) else { return false };
    for name in ["limit", "offset", "min_position", "before", "after"] {
        if let Ok(Some(number)) = fields.number::<u64>(name) {
            assert!(i64::try_from(number).is_ok(), "{number}");
        }
        let _ = fields.number::<u32>(name);
        let _ = fields.text(name);
    }
    let _ = fields.given("at").map(str::parse::<AsOf>);
    let _ = fields.given("from").map(str::parse::<jiff::Timestamp>);
    let _ = fields.given("status").map(domain::session::Status::parse);
    true
}

pub(super) fn queries() -> Vec<Vec<u8>> {
    [
        "limit=50&offset=0&min_position=7&status=closed",
        "at=2026-11-23T14:05:00%2B01:00&before=9",
        "at=2026-11-23%2014:05&from=2026-11-26T08:00:00Z",
        "after=1-42&x=%F0%9F%98%80",
        "",
    ]
    .map(|query| query.as_bytes().to_vec())
    .to_vec()
}

/// Cursors, and idempotency keys, which stand in headers as well.
pub(super) fn cursor(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    if let Some(key) = IdempotencyKey::parse(text) {
        assert!(HeaderValue::from_str(key.as_str()).is_ok(), "{text:?}");
    }
    let Some((generation, position)) = parse_cursor(text) else { return false };
    let written = generation.map_or_else(|| position.to_string(), |generation| format!("{generation}-{position}"));
    assert_eq!(parse_cursor(&written), Some((generation, position)), "{text:?}");
    true
}

pub(super) fn cursors() -> Vec<Vec<u8>> {
    ["0", "42", "1-42", "18446744073709551615-18446744073709551615"].map(|cursor| cursor.as_bytes().to_vec()).to_vec()
}

const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

/// Lines like `x-forwarded-for: 192.0.2.1`. Of a stranger nothing is believed; through a proxy a client is somewhere.
pub(super) fn client(bytes: &[u8]) -> bool {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let proxies: TrustedProxies = "10.0.0.0/8".parse().expect("it is a network");
    let stranger = proxies.seen_by(STRANGER, false, None, &headers);
    assert_eq!((stranger.address, stranger.is_secure, stranger.hosts.len()), (STRANGER, false, 0));
    let client = proxies.seen_by(PROXY, false, Some("desk.example".to_owned()), &headers);
    assert!(client.hosts.len() <= 3 && client.hosts[0] == "desk.example", "{:?}", client.hosts);
    client.address != PROXY
}

pub(super) fn clients() -> Vec<Vec<u8>> {
    [
        lines(&["x-forwarded-for: 192.0.2.1, 10.0.0.2", "x-forwarded-proto: https", "x-forwarded-host: shop.example"]),
        lines(&["forwarded: for=\"[2001:db8::7]:443\";proto=https;host=\"a,b;\\\"c\", for=10.0.0.3;by=10.0.0.1"]),
        lines(&["X-Forwarded-For: [2001:db8::7]:1", "x-forwarded-for: 198.51.100.7:4711"]),
        lines(&["Forwarded: for=192.0.2.60", "X-Forwarded-For: 192.0.2.60"]),
    ]
    .to_vec()
}

/// The settings' lists of origins, of who may show a frame, and of proxies. What is taken can stand in a header.
pub(super) fn lists(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let ancestors = text.parse::<FrameAncestors>();
    if let Ok(ancestors) = &ancestors {
        let policy = format!("{ancestors:?}");
        assert!(!policy.contains([';', '\r', '\n']) && !policy.contains(" * "), "{policy}");
    }
    let (origins, proxies) = (text.parse::<Origins>(), text.parse::<TrustedProxies>());
    assert!(origins.is_err() || !text.contains('*'), "{text:?}");
    ancestors.is_ok() || origins.is_ok() || proxies.is_ok()
}

pub(super) fn all_lists() -> Vec<Vec<u8>> {
    [
        "https://shop.example,https://www.shop.example:8443 http://localhost:3000",
        "self https://*.shop.example",
        "'none'",
        "10.0.0.0/8, 192.168.0.1 2001:db8::/32",
        "http://[::1]:8080",
    ]
    .map(|list| list.as_bytes().to_vec())
    .to_vec()
}
