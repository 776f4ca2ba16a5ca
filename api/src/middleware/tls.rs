//! TLS by rustls: a certificate and its key out of two PEM files. Files that are renewed are taken up while it runs; open
//! connections keep what they began with.
//!
//! Invariant: there is always a valid pair: if renewed files cannot be used, that is logged and the old pair stays in use. The
//! key is in no error, log or `Debug`.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use event_store::private_file::read_private_file;
use jiff::Timestamp;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the certificate, then those between it and the root.
    pub cert: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
}

/// Why they cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no certificate in it.
    #[error("tls_cert_file {path} has no certificate in PEM")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no private key in it.
    #[error("tls_key_file {path} has no private key in PEM")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// One of them cannot be read.
    #[error("{path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The key is not the certificate's, or of a kind that is not known.
    #[error("the key in tls_key_file does not fit the certificate in tls_cert_file")]
    NoPair,
    /// rustls cannot be set up.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// The newest pair that could be used.
pub struct Certificates {
    files: TlsFiles,
    newest: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.newest.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What a server needs to speak TLS with these files, for as long as it runs.
///
/// # Errors
/// The files cannot be used.
pub fn open(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let stamp = stamp(files);
    let pair = RwLock::new(Arc::new(load(files)?));
    let certificates = Arc::new(Certificates { files: files.clone(), newest: pair });
    drop(tokio::spawn(follow(certificates.clone(), stamp)));
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let mut config = builder.map_err(TlsError::Setup)?.with_no_client_auth().with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whether a server could be opened with these files.
///
/// # Errors
/// They cannot be used.
pub fn check(files: &TlsFiles) -> Result<(), TlsError> {
    load(files).map(drop)
}

/// When the certificate in these files ends; `None` if it cannot be read.
pub(crate) fn certificate_ends(files: &TlsFiles) -> Option<Timestamp> {
    let pem = read(&files.cert).ok()?;
    let certificate = CertificateDer::pem_slice_iter(&pem).next()?.ok()?;
    let (_, certificate) = parse_x509_certificate(&certificate).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn load(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let no_certificate = || TlsError::NoCertificate { path: files.cert.clone() };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(&files.cert)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(no_certificate)?;
    let key = PrivateKeyDer::from_pem_slice(read_key(&files.key)?.as_bytes());
    let key = key.map_err(|_| TlsError::NoKey { path: files.key.clone() })?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|_| TlsError::NoPair)
}

fn read_key(path: &Path) -> Result<Zeroizing<String>, TlsError> {
    read_private_file(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

/// What a file that was written anew or put in another's place does not share with it.
type Stamp = [Option<(SystemTime, u64)>; 2];

fn stamp(files: &TlsFiles) -> Stamp {
    [&files.cert, &files.key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

/// Two files are not renewed in one moment: a pair that does not fit is looked at again when one of them changes.
async fn follow(certificates: Arc<Certificates>, mut seen: Stamp) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let files = certificates.files.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let stamp = stamp(&files);
            (stamp != seen).then(|| (stamp, load(&files)))
        });
        let Ok(Some((stamp, loaded))) = looked.await else { continue };
        seen = stamp;
        match loaded {
            Ok(pair) => {
                *certificates.newest.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                tracing::info!("the renewed certificate is in use");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the certificate's files have changed and cannot be used; the old pair goes on");
            }
        }
    }
}
