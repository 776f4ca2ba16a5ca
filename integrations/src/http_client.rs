//! The HTTP client that an assistant is asked with, and which addresses it may ask.
//!
//! TLS is rustls with ring, as everywhere in the program; it is given to each client, so nothing depends on what the process has
//! installed. Trusted are the system's certificates; where there are none (a bare container), Mozilla's.
//!
//! Invariants: no redirect is followed, for it would take credentials elsewhere; the environment names no proxy; nothing goes out
//! in the clear but to this machine.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Url, header::HeaderName, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Tells the other side the id of the request that a call came of, so that its logs can be searched for it (OpenAI's name for it).
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");

/// A client that gives up connecting after this time. How long an answer may take is up to its caller.
///
/// # Errors
/// The system cannot open sockets or resolve names.
pub fn http_client(connect_timeout: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls())
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("fiido-desk/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Whether credentials and customers' words may be sent there: by HTTPS, or to this machine.
#[must_use]
pub fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn tls() -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .with_root_certificates(trusted())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn trusted() -> RootCertStore {
    let mut trusted = RootCertStore::empty();
    // Files that cannot be read are passed over: what they hold is then not trusted.
    let (_added, _ignored) = trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted.is_empty() {
        trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    trusted
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_protected() {
        for url in ["https://api.coze.com", "http://localhost:8888/v1", "http://127.0.0.3", "http://[::1]:80"] {
            assert!(is_protected(&url.parse().expect("a URL")), "{url}");
        }
        for url in
            ["http://api.coze.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "ftp://localhost", "file:///x"]
        {
            assert!(!is_protected(&url.parse().expect("a URL")), "{url}");
        }
    }

    #[test]
    fn a_client_needs_no_provider_installed_in_the_process_and_trusts_somebody() {
        http_client(Duration::from_secs(1)).expect("it can be made");
        assert!(!trusted().is_empty());
    }
}
