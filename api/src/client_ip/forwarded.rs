//! The header `Forwarded` (RFC 7239): per hop some `name=value`, where a value may be quoted.
//!
//! Invariant: any text parses; what is not understood of a hop is absent.

use std::net::{IpAddr, SocketAddr};

/// What one proxy says of the peer that it received from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// `for`, where it is an address.
    pub(super) address: Option<IpAddr>,
    /// `proto`.
    pub(super) proto: Option<String>,
    /// `host`.
    pub(super) host: Option<String>,
}

/// The hops, from the first proxy to the nearest.
pub(super) fn parse(text: &str) -> Vec<Hop> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    split(text, ',').into_iter().map(hop).collect()
}

fn hop(text: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(text, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = parse_node(&value),
            "proto" => hop.proto = Some(value),
            "host" => hop.host = Some(value),
            _by_and_others => {}
        }
    }
    hop
}

/// `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
pub(super) fn parse_node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok().filter(IpAddr::is_ipv6);
    text.parse().ok().or_else(with_port).or_else(bare).map(|address: IpAddr| address.to_canonical())
}

/// The parts between separators that are not quoted.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if is_quoted && letter == '\\' {
            is_escaped = true;
        } else if letter == '"' {
            is_quoted = !is_quoted;
        } else if letter == separator && !is_quoted {
            parts.push(&text[start..at]);
            start = at + separator.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let (mut text, mut letters) = (String::new(), inner.chars());
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forwarded_headers_parse_as_in_rfc_7239() {
        let hops =
            parse("For=\"[2001:db8:cafe::17]:4711\"; proto=https ;by=10.0.0.1, for=192.0.2.60;host=\"a,b;\\\"c\"");
        let first = Hop { address: "2001:db8:cafe::17".parse().ok(), proto: Some("https".to_owned()), host: None };
        let second = Hop { address: "192.0.2.60".parse().ok(), proto: None, host: Some("a,b;\"c".to_owned()) };
        assert_eq!(hops, [first, second]);
        for none in ["for=unknown", "for=_hidden", "for=\"", "for", "=", ";;", "for=1.2.3", "for=\"1.2.3.4"] {
            assert_eq!(parse(none).last().and_then(|hop| hop.address), None, "{none}");
        }
        assert_eq!(parse(" "), []);
    }

    proptest! {
        #[test]
        fn arbitrary_text_parses_without_panic(text in "\\PC{0,80}|[for=\"\\[\\]:;,.0-9a-f\\\\ ]{0,60}") {
            let hops = parse(&text);
            prop_assert!(hops.len() <= text.matches(',').count() + 1);
        }
    }
}
