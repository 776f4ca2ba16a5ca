//! One look of our own at a server that the client cannot use: the client has one message for all causes.
//!
//! Each node is asked as the client would: by its name, with TLS or without, for the first frame of HTTP/2. Where that fails, the
//! other way is tried to tell what is there instead. Nothing is sent that a server would act on.

use std::{io, sync::Arc};

use eventstore::ClientSettings;
use futures::future::join_all;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use crate::reach::{Cause, LOOK, Unreachable, connect};

/// The beginning of a connection of HTTP/2 with empty settings (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
/// Bytes of a frame's head, whose fourth is its type.
const FRAME_HEAD: usize = 9;
const SETTINGS_FRAME: u8 = 4;

/// Why the nodes cannot be used; `fault` is what the client said, for a node at which nothing is wrong to be seen.
pub(super) async fn look(settings: &ClientSettings, fault: &Fault) -> Unreachable {
    let places = settings.hosts().iter().map(|node| async move {
        let port = u16::try_from(node.port).unwrap_or_default();
        // An address of IPv6 stands in brackets in a URL.
        let host = node.host.trim_start_matches('[').trim_end_matches(']');
        let seen = look_at(host, port, settings).await;
        (format!("{}:{port}", node.host), seen.err().unwrap_or_else(|| Cause::NotReady(fault.to_string())))
    });
    Unreachable { product: "KurrentDB", places: join_all(places).await }
}

async fn look_at(host: &str, port: u16, settings: &ClientSettings) -> Result<(), Cause> {
    let connection = connect(host, port).await?;
    match settings.is_secure_mode_enabled() {
        true => with_tls(connection, host, port, settings).await,
        false => without_tls(connection, host, port).await,
    }
}

async fn without_tls(mut connection: TcpStream, host: &str, port: u16) -> Result<(), Cause> {
    let Err(cause) = speaks_http2(&mut connection).await else { return Ok(()) };
    // A server with TLS closes such a connection, or sends an alert.
    let Ok(again) = connect(host, port).await else { return Err(cause) };
    match shake_hands(again, host, trusting_anybody()).await {
        Ok(_) => Err(Cause::OnlyTls),
        Err(_) => Err(cause),
    }
}

async fn with_tls(connection: TcpStream, host: &str, port: u16, settings: &ClientSettings) -> Result<(), Cause> {
    let config = match settings.is_tls_certificate_verification_enabled() {
        true => trusting(settings.tls_ca_file().map(String::as_str)),
        false => trusting_anybody(),
    };
    let failed = match shake_hands(connection, host, config).await {
        Ok(mut secured) => return speaks_http2(&mut secured).await,
        Err(failed) => failed,
    };
    if let Some(TlsError::InvalidCertificate(why)) = tls_error(&failed) {
        return Err(Cause::Untrusted(why.to_string()));
    }
    let cause = match failed.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Cause::OtherProtocol,
        _other => Cause::of_connecting(&failed),
    };
    let Ok(mut again) = connect(host, port).await else { return Err(cause) };
    match speaks_http2(&mut again).await {
        Ok(()) => Err(Cause::NoTls),
        Err(Cause::OtherProtocol) => Err(Cause::OtherProtocol),
        Err(_) => Err(cause),
    }
}

/// Whether the first frame is one of settings, which a server of HTTP/2 sends at once.
async fn speaks_http2(connection: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Cause> {
    let mut head = [0; FRAME_HEAD];
    let asked = async {
        connection.write_all(PREFACE).await?;
        connection.flush().await?;
        connection.read_exact(&mut head).await
    };
    match timeout(LOOK, asked).await {
        Ok(Ok(_)) if head[3] == SETTINGS_FRAME && head[5..] == [0; 4] => Ok(()),
        Ok(Ok(_)) => Err(Cause::OtherProtocol),
        // What is shorter than a frame's head is no HTTP/2 either.
        Ok(Err(_)) if head != [0; FRAME_HEAD] => Err(Cause::OtherProtocol),
        Ok(Err(error)) => Err(Cause::of_connecting(&error)),
        Err(_elapsed) => Err(Cause::Silent(LOOK)),
    }
}

type Secured = tokio_rustls::client::TlsStream<TcpStream>;

async fn shake_hands(connection: TcpStream, host: &str, config: ClientConfig) -> io::Result<Secured> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, connection);
    timeout(LOOK, shaking).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// The authorities of the file, or those of the system, as for the client.
fn trusting(file: Option<&str>) -> ClientConfig {
    let certificates: Vec<CertificateDer<'static>> = match file {
        Some(file) => CertificateDer::pem_file_iter(file).into_iter().flatten().filter_map(Result::ok).collect(),
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let _counts = roots.add_parsable_certificates(certificates);
    for_http2(builder().with_root_certificates(roots).with_no_client_auth())
}

fn trusting_anybody() -> ClientConfig {
    let anybody = Arc::new(Anybody(Arc::new(ring::default_provider())));
    for_http2(builder().dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth())
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().expect("ring knows the default versions")
}

fn for_http2(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Takes any certificate: only whether TLS is spoken matters, and nothing secret is sent.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
