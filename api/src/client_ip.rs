//! The client of a request: its IP address, whether the request came over TLS, and the host that it named. Forwarding headers
//! count only if a trusted proxy sent them.
//!
//! Invariant: no header of an untrusted peer changes the address that rate limits are counted by.

mod forwarded;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Once,
};

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderMap, HeaderName},
};
use ipnet::IpNet;

/// The client of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its IP address.
    pub address: IpAddr,
    /// Whether its request came over TLS: ours, or a trusted proxy's.
    pub is_secure: bool,
    /// Names of this server in the request: the Host header, and the original host and port as told by a trusted proxy.
    pub hosts: Vec<String>,
}

/// Addresses and networks of proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The text is not a list of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNetworks;

/// Where the subscriber is who has this address: limits count by it. IPv6 addresses are cut to their /64, which is what one has.
#[must_use]
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

impl FromStr for TrustedProxies {
    type Err = NoNetworks;

    fn from_str(text: &str) -> Result<Self, NoNetworks> {
        let all = text.split([',', ' ']).filter(|network| !network.is_empty());
        all.map(|network| parse_network(network).ok_or(NoNetworks)).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| address.to_canonical().into()))
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

impl TrustedProxies {
    /// The client of this request, on a connection with TLS or without.
    pub(crate) fn client(&self, request: &ServiceRequest, is_tls: bool) -> Client {
        // Every listener of ours is TCP, and knows its peers.
        let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip()).to_canonical();
        let authority = request.uri().authority().map(ToString::to_string);
        let host = authority.or_else(|| text(request.headers(), &header::HOST).map(str::to_owned));
        self.seen_by(peer, is_tls, host, request.headers())
    }

    /// The client of a request from this peer with these headers.
    #[must_use]
    pub fn seen_by(&self, peer: IpAddr, is_tls: bool, host: Option<String>, headers: &HeaderMap) -> Client {
        let mut client = Client { address: peer, is_secure: is_tls, hosts: host.into_iter().collect() };
        if !self.trusts(peer) {
            warn_of_unknown_proxy(peer, headers);
            return client;
        }
        let forwarded = forwarded::parse(&lines(headers, &header::FORWARDED));
        client.address = self.origin_of(peer, headers, &forwarded);
        let nearest = forwarded.last();
        let protos = [last(headers, &FORWARDED_PROTO), nearest.and_then(|hop| hop.proto.clone())];
        client.is_secure |= protos.iter().flatten().any(|proto| proto.eq_ignore_ascii_case("https"));
        client.hosts.extend(last(headers, &FORWARDED_HOST));
        client.hosts.extend(nearest.and_then(|hop| hop.host.clone()));
        if let Some(port) = last(headers, &FORWARDED_PORT).and_then(|port| port.parse::<u16>().ok()) {
            let at_port: Vec<String> =
                client.hosts.iter().map(|host| format!("{}:{port}", without_port(host))).collect();
            client.hosts.extend(at_port);
        }
        client
    }

    /// A proxy writes one of the two headers and may pass the other on unchecked. If they differ, neither is trusted and the
    /// address is the proxy's own.
    fn origin_of(&self, peer: IpAddr, headers: &HeaderMap, forwarded: &[forwarded::Hop]) -> IpAddr {
        let by_list = lines(headers, &FORWARDED_FOR);
        let by_list = (!by_list.is_empty())
            .then(|| self.right_most_untrusted(peer, by_list.split(',').map(forwarded::parse_node)));
        let by_standard =
            (!forwarded.is_empty()).then(|| self.right_most_untrusted(peer, forwarded.iter().map(|hop| hop.address)));
        match (by_list, by_standard) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(address), _) | (None, Some(address)) => address,
            (None, None) => peer,
        }
    }

    /// Each proxy appends the address that it received from, so everything left of the right-most untrusted address may be
    /// forged. A malformed hop ends the search at the last valid one.
    fn right_most_untrusted(&self, peer: IpAddr, hops: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut address = peer;
        for hop in hops.rev() {
            let Some(hop) = hop else { return address };
            address = hop;
            if !self.trusts(hop) {
                return address;
            }
        }
        address
    }

    /// Whether its word on the client counts.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Behind a proxy that is not configured, all customers have one address and share its limits: warn once.
fn warn_of_unknown_proxy(peer: IpAddr, headers: &HeaderMap) {
    static TOLD: Once = Once::new();
    let is_near = match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    };
    if is_near && (headers.contains_key(FORWARDED_FOR) || headers.contains_key(header::FORWARDED)) {
        TOLD.call_once(|| {
            tracing::warn!(
                "requests come through a proxy on this network that is not in trusted_proxies: all its clients share the \
                 limits of one"
            );
        });
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A header that may occur several times, joined into one list. A value that is not ASCII counts as an unknown hop.
fn lines(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines: Vec<&str> = headers.get_all(name).map(|value| value.to_str().unwrap_or("unknown")).collect();
    lines.join(",")
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        // `[::1]` has colons and no port.
        Some(_) | None => host,
    }
}

/// The last entry of a list, which the nearest proxy wrote.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = lines(headers, name);
    lines.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";
    const STRANGER: &str = "203.0.113.9";

    fn address(peer: &str, headers: &[(&'static str, &str)]) -> String {
        client(peer, headers).address.to_string()
    }

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> Client {
        let proxies: TrustedProxies = "10.0.0.0/8, 2001:db8::1".parse().expect("networks");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        proxies.seen_by(peer.parse().expect("an address"), false, Some("desk.example".to_owned()), &map)
    }

    #[test]
    fn ipv6_addresses_of_one_64_prefix_share_a_limit() {
        let of = |text: &str| subscriber(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn headers_of_an_untrusted_peer_are_ignored() {
        let said =
            [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4;proto=https"), ("x-forwarded-proto", "https")];
        let client = client(STRANGER, &said);
        assert_eq!(client.address.to_string(), STRANGER);
        assert!(!client.is_secure);
        assert_eq!(client.hosts, ["desk.example"]);
    }

    #[test]
    fn the_right_most_untrusted_address_is_the_client() {
        for (list, expected) in [
            ("198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("10.2.2.2, 10.3.3.3", "10.2.2.2"),
            ("1.2.3.4, unknown", PROXY),
            ("1.2.3.4, unknown, 10.9.9.9", "10.9.9.9"),
            ("1.2.3.4,", PROXY),
            ("", PROXY),
        ] {
            assert_eq!(address(PROXY, &[("x-forwarded-for", list)]), expected, "{list}");
        }
        let twice = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(address(PROXY, &twice), "198.51.100.7");
        let forwarded = [("forwarded", "for=1.2.3.4, for=\"[2001:db8::7]:1\";proto=https;host=shop.example")];
        let client = client(PROXY, &forwarded);
        assert_eq!((client.address.to_string(), client.is_secure), ("2001:db8::7".to_owned(), true));
        assert_eq!(client.hosts, ["desk.example", "shop.example"]);
    }

    #[test]
    fn a_trusted_proxys_port_belongs_to_each_host() {
        let hosts = |headers: &[(&'static str, &str)]| client(PROXY, headers).hosts;
        assert_eq!(hosts(&[("x-forwarded-port", "9000")]), ["desk.example", "desk.example:9000"]);
        let named = [("x-forwarded-host", "[2001:db8::1]:80"), ("x-forwarded-port", "8443")];
        assert_eq!(hosts(&named), ["desk.example", "[2001:db8::1]:80", "desk.example:8443", "[2001:db8::1]:8443"]);
        for none in ["", "x", "70000", "-1"] {
            assert_eq!(hosts(&[("x-forwarded-port", none)]), ["desk.example"], "{none}");
        }
        assert_eq!(client(STRANGER, &[("x-forwarded-port", "9000")]).hosts, ["desk.example"]);
    }

    #[test]
    fn where_the_two_headers_differ_neither_is_believed() {
        let both = |list, standard| address(PROXY, &[("x-forwarded-for", list), ("forwarded", standard)]);
        assert_eq!(both("198.51.100.7", "for=198.51.100.7"), "198.51.100.7");
        assert_eq!(both("198.51.100.7", "for=1.2.3.4"), PROXY);
        assert_eq!(both("1.2.3.4", "for=198.51.100.7"), PROXY);
    }

    #[test]
    fn a_list_of_proxies_has_addresses_and_networks() {
        assert!("10.0.0.1,192.168.0.0/16 ::1".parse::<TrustedProxies>().is_ok());
        assert_eq!("".parse(), Ok(TrustedProxies::default()));
        for bad in ["10.0.0.1/33", "x", "10.0.0", "10.0.0.1:80", "*", "proxy.example", "10.0.0.1/-1"] {
            assert_eq!(bad.parse::<TrustedProxies>(), Err(NoNetworks), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_a_list_or_none(text in "\\PC{0,60}|[0-9a-f:./, ]{0,40}") {
            let _ = text.parse::<TrustedProxies>();
        }

        #[test]
        fn arbitrary_headers_never_change_an_untrusted_peer(list in header_bytes(), standard in header_bytes()) {
            let mut map = HeaderMap::new();
            for (name, bytes) in [("x-forwarded-for", list), ("forwarded", standard)] {
                if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                    map.append(HeaderName::from_static(name), value);
                }
            }
            let proxies: TrustedProxies = PROXY.parse().expect("an address");
            let seen = |peer: &str| proxies.seen_by(peer.parse().expect("an address"), false, None, &map);
            prop_assert_eq!(seen(STRANGER).address.to_string(), STRANGER);
            seen(PROXY);
        }
    }

    fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "[for=\"\\[\\]:;,.0-9a-f\\\\ ]{0,60}".prop_map(String::into_bytes)
        ]
    }
}
