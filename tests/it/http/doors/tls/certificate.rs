//! A server with a fresh certificate, and a client that trusts only that one.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tempfile::TempDir;
use tests::desk::{Desk, Setup, write_private};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::LIMIT;

/// A self-signed certificate for localhost and its key.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) cert_pem: String,
    pub(super) key_pem: String,
    pub(super) certificate: CertificateDer<'static>,
}

impl Pair {
    pub(super) fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        Self {
            cert_pem: made.cert.pem(),
            key_pem: made.signing_key.serialize_pem(),
            certificate: made.cert.der().clone(),
        }
    }
}

/// A server with TLS.
pub(super) struct Secured {
    pub(super) desk: Desk,
    pub(super) pair: Pair,
    folder: TempDir,
}

impl Secured {
    pub(super) fn start() -> Self {
        Self::start_with(Vec::new())
    }

    pub(super) fn start_with(more: Vec<(&'static str, String)>) -> Self {
        let (folder, pair) = (tempfile::tempdir().unwrap(), Pair::make());
        let files =
            [("DESK_TLS_CERT_FILE", "cert.pem", &pair.cert_pem), ("DESK_TLS_KEY_FILE", "key.pem", &pair.key_pem)];
        let mut environment = more;
        for (setting, name, pem) in files {
            write_private(folder.path().join(name), pem);
            environment.push((setting, folder.path().join(name).display().to_string()));
        }
        Self { desk: Desk::start(Setup { environment, ..Setup::default() }), pair, folder }
    }

    pub(super) fn cert_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Replaces the files one after the other, as renewal programs do.
    pub(super) fn write(&mut self, pair: &Pair) {
        std::fs::write(self.cert_file(), &pair.cert_pem).unwrap();
        std::fs::write(self.key_file(), &pair.key_pem).unwrap();
        self.pair = pair.clone();
    }

    /// A connection to it; it must present the certificate of the pair.
    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        connect(&self.desk, &self.pair).await.unwrap()
    }

    pub(super) async fn until_presented(&mut self, pair: &Pair) {
        let started = Instant::now();
        while connect(&self.desk, pair).await.is_err() {
            assert!(started.elapsed() < LIMIT, "the new certificate is not in use:\n{}", self.desk.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.pair = pair.clone();
    }

    pub(super) async fn until_told(&self, what: &str) {
        let started = Instant::now();
        while !self.desk.log().contains(what) {
            assert!(started.elapsed() < LIMIT, "nothing was told:\n{}", self.desk.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// A connection of a client that trusts only this certificate.
pub(super) async fn connect(desk: &Desk, pair: &Pair) -> io::Result<TlsStream<TcpStream>> {
    secured(super::socket(desk).await, pair).await
}

/// The same on a connection to whoever has the certificate.
pub(super) async fn secured(tcp: TcpStream, pair: &Pair) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(pair.certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config =
        config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await
}
