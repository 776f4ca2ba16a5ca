//! `host[:port]` of a Host header, an origin or a redirect.
//!
//! Invariant: every parsed host is safe in a header and in a URL; other text is refused.

use std::net::Ipv6Addr;

/// A host, and a port where one is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub(super) host: &'a str,
    /// The port.
    pub(super) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// The host and port of this text, if it is nothing else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let end_of_host =
            if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
        let (host, rest) = text.split_at(end_of_host);
        let is_host = match host.strip_prefix('[') {
            Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        if !is_host {
            return None;
        }
        let port = match rest.strip_prefix(':') {
            Some(digits) => Some(port(digits)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }
}

fn port(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten().filter(|port| *port != 0)
}

/// Names have labels of 1 to 63 letters; an IPv4 address is one by its letters. The underscore is for names inside clusters.
fn is_name(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn authorities_are_hosts_with_an_optional_port() {
        for (text, host, port) in [
            ("shop.example", "shop.example", None),
            ("shop.example:8443", "shop.example", Some(8443)),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "[::1]", None),
            ("[2001:db8::1]:443", "[2001:db8::1]", Some(443)),
            ("desk_1", "desk_1", None),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
        }
        for bad in [
            "",
            ":",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1:2",
            "a b",
            "a/b",
            "a@b",
            "a..b",
            ".",
            "a.",
            "-a",
            "a-",
            "[::1",
            "::1",
            "[x]",
            "[::1]x",
            "a\\b",
            "a?b",
            "a#b",
            "a%b",
            "é",
            "a\r\nb",
            "[::1%25eth0]",
        ] {
            assert_eq!(Authority::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Authority::parse(&"x".repeat(64)), None);
        assert_eq!(Authority::parse(&["x"; 200].join(".")), None);
    }

    proptest! {
        #[test]
        fn every_parsed_authority_is_safe_in_a_url(text in "\\PC{0,40}|[a-z0-9.:\\[\\]@/-]{0,20}") {
            if let Some(authority) = Authority::parse(&text) {
                let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
                prop_assert!(!authority.host.is_empty() && authority.host.bytes().all(is_safe));
            }
        }
    }
}
