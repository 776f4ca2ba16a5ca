//! `desk health`: asks the desk that runs with the same settings whether it lives, for health checks in containers without a shell.
//!
//! Invariant: nothing secret is sent, so whoever answers need not prove who it is.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::settings::Settings;

pub(crate) const HELP: &str = "\
Asks /healthz of the desk that runs with the same settings (flags, environment, config file): the process lives. With TLS the
certificate is not checked, for the question goes to this machine. /readyz says whether it can serve.

  HEALTHCHECK CMD [\"/desk\", \"health\"]

Exit status: 0 it lives, 1 it does not answer within 3 seconds, or not so, 2 the settings are wrong.";

const LIMIT: Duration = Duration::from_secs(3);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// More than the answer has.
const MOST_BYTES: u64 = 16 * 1024;

/// It does not answer as one that lives.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unhealthy {
    #[error("{address} does not answer")]
    Unreachable {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("{address} has not answered in {LIMIT:?}")]
    TooLate { address: SocketAddr },
    #[error("{address} is something else than a desk that lives")]
    Other { address: SocketAddr },
}

/// One line about the desk that lives.
///
/// # Errors
/// It does not.
pub(crate) async fn check(settings: &Settings) -> Result<String, Unhealthy> {
    let (address, is_tls) = (own_address(settings.listen), settings.tls.is_some());
    let answer = timeout(LIMIT, ask(address, is_tls)).await.map_err(|_| Unhealthy::TooLate { address })?;
    let answer = answer.map_err(|source| Unhealthy::Unreachable { address, source })?;
    if !is_alive(&answer) {
        return Err(Unhealthy::Other { address });
    }
    let scheme = if is_tls { "https" } else { "http" };
    Ok(format!("the desk at {scheme}://{address} lives\n"))
}

fn is_alive(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#"{"status":"ok"}"#)
}

/// Where a desk that listens there is reached from this machine.
fn own_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr, is_tls: bool) -> std::io::Result<Vec<u8>> {
    let tcp = TcpStream::connect(address).await?;
    if !is_tls {
        return exchange(tcp).await;
    }
    exchange(TlsConnector::from(Arc::new(unverified())).connect(address.ip().into(), tcp).await?).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<Vec<u8>> {
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn unverified() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth()
}

/// Takes any certificate.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:8080", "[::1]:8080"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("192.0.2.7:443", "192.0.2.7:443"),
        ] {
            assert_eq!(own_address(listen.parse().expect("an address")).to_string(), asked);
        }
    }
}
