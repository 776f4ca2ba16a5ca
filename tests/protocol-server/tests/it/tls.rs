//! The same over TLS.

use protocol_server::{Options, Server, StartError, Tls};

use crate::harness::{Started, client, event, start_with, within};

fn pair() -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    Tls { certificates: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

fn secured() -> (Started, String) {
    let tls = pair();
    let certificates = tls.certificates.clone();
    let started = start_with(Options { tls: Some(tls), ..Options::default() });
    let authority = started.folder.path().join("authority.pem");
    std::fs::write(&authority, certificates).unwrap();
    (started, authority.display().to_string())
}

#[tokio::test]
async fn the_official_client_connects_when_it_knows_the_authority() {
    let (started, authority) = secured();
    assert!(started.server.url().contains("tls=true"));
    let known = client(&format!("{}&tlsCaFile={authority}", started.server.url()));
    within(known.append_to_stream("a", &Default::default(), event(0))).await.unwrap();
    let mut read = known.read_stream("a", &Default::default()).await.unwrap();
    assert!(read.next().await.unwrap().is_some());
}

#[tokio::test]
async fn client_with_another_authority_or_without_tls_is_refused() {
    let (started, _) = secured();
    let another = started.folder.path().join("another.pem");
    std::fs::write(&another, pair().certificates).unwrap();
    let url = format!("{}&maxDiscoverAttempts=2", started.server.url());
    for url in [format!("{url}&tlsCaFile={}", another.display()), url.replace("tls=true", "tls=false")] {
        within(client(&url).append_to_stream("a", &Default::default(), event(0))).await.unwrap_err();
    }
}

#[tokio::test]
async fn slow_handshake_delays_no_other_client() {
    let (started, authority) = secured();
    let _silent = tokio::net::TcpStream::connect(started.server.address(0)).await.unwrap();
    let known = client(&format!("{}&tlsCaFile={authority}", started.server.url()));
    within(known.append_to_stream("a", &Default::default(), event(0))).await.unwrap();
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls { key: pair().key, ..pair() };
    let refused = Server::start(folder.path(), Options { tls: Some(tls), ..Options::default() });
    assert!(matches!(refused, Err(StartError::Listen(_))));
}
