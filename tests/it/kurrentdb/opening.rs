//! Identity of the log, rights, and starts that are refused.

use std::collections::HashSet;

use event_store::{
    AppendError, EventReader as _, EventStore as _, Expected, Position, ReadError,
    import::ImportError,
    kurrentdb::{KurrentError, KurrentImport},
    private_file::create_private_file,
};
use futures::future::join_all;
use protocol_server::{AppendFault, Tls, User};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_first_starts_agree_on_one_log() {
    let fixture = Fixture::new();
    fixture.server().faults().on_appends("fiido.desk.identity", AppendFault::StoredConnectionCut, 1);
    fixture.server().faults().on_appends("fiido.desk.identity", AppendFault::LostTooBusy, 1);
    let settings = fixture.settings();
    let opened = join_all((0..8).map(|_| {
        let settings = settings.clone();
        tokio::spawn(async move { KurrentLog::open(settings).await.unwrap().identity().await.unwrap() })
    }));
    let ids: HashSet<Uuid> = opened.await.into_iter().map(|identity| identity.unwrap().log_id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let again = fixture.log().await.identity().await.unwrap();
    assert_eq!((again.generation, ids.contains(&again.log_id)), (1, true));
}

/// As a restore does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_identity_event_gives_the_generation() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let identity = log.identity().await.unwrap();
    let (stream, head) = (new_stream(), log.head().await.unwrap());
    assert_eq!(head, Position::START, "the identity is no event of the log");
    log.append(&stream, Expected::NoStream, events(2)).await.unwrap();
    let raised = serde_json::json!({"log_id": identity.log_id, "generation": 2});
    fixture.write("fiido.desk.identity", "log.identity", &raised).await;
    let log = fixture.log().await;
    assert_eq!(log.identity().await.unwrap(), event_store::Identity { generation: 2, ..identity });
    log.append(&stream, Expected::Any, events(1)).await.unwrap();
    let all = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!((all.len(), log.head().await.unwrap()), (3, all[2].position));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_creates_no_log() {
    let fixture = Fixture::new();
    let refused = KurrentLog::open_reader(fixture.settings()).await.err().unwrap();
    assert!(matches!(refused, KurrentError::NoLog), "{refused}");
    fixture.log().await.append(&new_stream(), Expected::Any, events(1)).await.unwrap();
    let reader = KurrentLog::open_reader(fixture.settings()).await.unwrap();
    assert_eq!(reader.read_all(Position::START, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_identity_event_is_refused() {
    for said in [serde_json::json!({"name": "shop"}), serde_json::json!({"log_id": Uuid::nil(), "generation": 0})] {
        let fixture = Fixture::new();
        fixture.write("fiido.desk.identity", "log.identity", &said).await;
        let refused = KurrentLog::open(fixture.settings()).await.err().unwrap();
        assert!(matches!(refused, KurrentError::Identity), "{refused}");
    }
}

/// The identity precedes every event of a log, so such events are not of this program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_without_an_identity_are_refused_as_a_log() {
    let fixture = Fixture::new();
    fixture.write(new_stream().as_str(), "session.noted", &serde_json::json!({})).await;
    let refused = KurrentLog::open(fixture.settings()).await.err().unwrap();
    assert!(matches!(refused, KurrentError::Nameless), "{refused}");
    let identity = event_store::Identity { log_id: Uuid::nil(), generation: 1 };
    let refused = KurrentImport::open(fixture.settings(), identity).await.err().unwrap();
    assert!(matches!(refused, ImportError::Nameless), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_old_kurrentdb_server_is_refused() {
    let fixture = Fixture::with(Options { version: "21.10.11".to_owned(), ..Options::default() });
    match KurrentLog::open(fixture.settings()).await.err().unwrap() {
        KurrentError::TooOld { found } => assert_eq!(found, "21.10.11"),
        other => panic!("{other}"),
    }
}

fn with_users() -> Fixture {
    let users = vec![User::admin("admin", "changeit"), User::new("desk", "p@ss:w%rd")];
    Fixture::with(Options { users, ..Options::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_rights_are_reported_at_start() {
    let fixture = with_users();
    let url = |credentials: &str| fixture.server().url_with(credentials);
    for credentials in ["", "admin:wrong@", "nobody:changeit@"] {
        let refused = KurrentLog::open(KurrentSettings::parse(&url(credentials)).unwrap()).await.err().unwrap();
        assert!(matches!(refused, KurrentError::AccessDenied), "{credentials}: {refused}");
        assert!(!format!("{refused} {refused:?}").contains("wrong"));
    }
    KurrentLog::open(KurrentSettings::parse(&url("admin:changeit@")).unwrap()).await.unwrap();
}

/// The setup of `docs/kurrentdb.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documented_rights_suffice() {
    let fixture = with_users();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    create_private_file(&file, b"desk\np@ss:w%rd").unwrap();
    let settings = fixture.settings().with_credentials_file(Some(file.clone()));
    let refused = KurrentLog::open(settings.clone()).await.err().unwrap();
    assert!(matches!(refused, KurrentError::AccessDenied), "who may not read $all is told: {refused}");

    let of_all = serde_json::json!({"$acl": {"$r": ["$admins", "desk"]}});
    fixture.write_as("admin:changeit@", "$$$all", "$metadata", &of_all).await;
    let ours = serde_json::json!({
        "$userStreamAcl": {
            "$r": ["$admins", "desk"], "$w": ["$admins", "desk"], "$d": "$admins", "$mr": "$admins", "$mw": "$admins"
        },
        "$systemStreamAcl": {"$r": "$admins", "$w": "$admins", "$d": "$admins", "$mr": "$admins", "$mw": "$admins"},
    });
    fixture.write_as("admin:changeit@", "$settings", "settings", &ours).await;
    let log = KurrentLog::open(settings).await.unwrap();
    let stream = new_stream();
    log.append(&stream, Expected::NoStream, events(2)).await.unwrap();
    log.reserve(Uuid::new_v4(), &stream).await.unwrap();
    assert_eq!(log.read_all(Position::START, 10).await.unwrap().len(), 2);
    assert_eq!(event_store::verify::verify(&log, |_| ()).await.unwrap().first_flaw, None);
}

/// A password changed on the server and in the file takes effect without a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_changed_at_runtime_is_an_outage_until_the_file_follows() {
    let fixture = with_users();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let is_now = |text: &str| {
        std::fs::remove_file(&file).ok();
        create_private_file(&file, text.as_bytes()).unwrap();
    };
    is_now("admin:changeit");
    let log = KurrentLog::open(fixture.settings().with_credentials_file(Some(file.clone()))).await.unwrap();
    let stream = new_stream();
    log.append(&stream, Expected::Any, events(1)).await.unwrap();
    is_now("admin:wrong");
    fixture.server().restart().unwrap();
    let fails = async {
        loop {
            match log.append(&stream, Expected::Any, events(1)).await {
                Ok(_) => fixture.server().cut_connections(),
                Err(AppendError::Unavailable(_)) => break,
                Err(error) => panic!("{error}"),
            }
        }
    };
    // A working client keeps its credentials; a new one reads them again.
    tokio::time::timeout(Duration::from_millis(300), fails).await.ok();
    is_now("admin:changeit");
    let works = async { while log.append(&stream, Expected::Any, events(1)).await.is_err() {} };
    tokio::time::timeout(PATIENCE, works).await.unwrap();
    let read = log.read_all(Position::START, 10_000).await;
    assert!(!matches!(read, Err(ReadError::Damaged { .. })));
}

fn pair() -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    Tls { certificates: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

/// Also if the process has no TLS provider yet, or another one than the client installs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_server_certificate_is_verified() {
    let (own, another) = (pair(), pair());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (known, unknown) = (file("known.pem", &own.certificates), file("unknown.pem", &another.certificates));
    let fixture = Fixture::with(Options { tls: Some(own), ..Options::default() });
    let url = fixture.server().url();
    let open = |url: String| async move { KurrentLog::open(KurrentSettings::parse(&url).unwrap()).await };
    let log = open(format!("{url}&tlsCaFile={known}")).await.unwrap();
    let stream = new_stream();
    log.append(&stream, Expected::Any, events(2)).await.unwrap();
    assert_eq!(log.read_all(Position::START, 10).await.unwrap().len(), 2);
    for (url, words) in [
        (format!("{url}&tlsCaFile={unknown}"), "its certificate is not trusted"),
        (url.clone(), "its certificate is not trusted"),
        (url.replace("tls=true", "tls=false"), "it speaks TLS alone, and the URL asks for none"),
    ] {
        let refused = open(url.clone()).await.err().unwrap();
        assert!(!refused.may_pass() && refused.to_string().contains(words), "{url}: {refused}");
    }
    let unproved = open(format!("{url}&tlsVerifyCert=false")).await.unwrap();
    assert_eq!(unproved.read_all(Position::START, 10).await.unwrap().len(), 2);
    let malformed = file("malformed.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n");
    for file in ["/nowhere/ca.pem", &malformed] {
        let refused = open(format!("{url}&tlsCaFile={file}")).await.err().unwrap();
        let named = format!("the file {file} that tlsCaFile names cannot be used: ");
        assert!(matches!(&refused, KurrentError::NoClient(what) if what.starts_with(&named)), "{refused}");
    }
}
