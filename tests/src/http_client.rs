//! The HTTP client of tests. The library's own TLS would want a provider installed in the process, and read the system's certificates
//! for each of hundreds of clients; tests ask servers without TLS, so theirs trusts nobody.

use std::sync::{Arc, LazyLock};

use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
});

/// A client with the library's own defaults.
///
/// # Panics
/// The system has no sockets.
#[must_use]
pub fn client() -> Client {
    client_builder().build().expect("a client can be made")
}

/// The same, to be changed.
pub fn client_builder() -> ClientBuilder {
    Client::builder().tls_backend_preconfigured(TLS.clone())
}
