//! Who may do what.

use protocol_server::{
    Options, User,
    proto::{
        gossip::gossip_client::GossipClient,
        streams::{append_req::ProposedMessage, delete_req::options::ExpectedStreamRevision as Wanted},
    },
};
use tonic::Code;
use uuid::Uuid;

use crate::{
    harness::{Started, client, event, start_with},
    raw::{Expected, Raw, channel, of_all, of_stream, proposed, raw},
};

fn guarded() -> Started {
    let users = vec![User::admin("admin", "changeit"), User::new("desk", "secret"), User::new("other", "secret")];
    start_with(Options { users, ..Options::default() })
}

struct Callers {
    nobody: Raw,
    admin: Raw,
    desk: Raw,
    other: Raw,
}

async fn callers(started: &Started) -> Callers {
    let nobody = raw(&started.server).await;
    Callers {
        admin: nobody.signed_in("admin:changeit"),
        desk: nobody.signed_in("desk:secret"),
        other: nobody.signed_in("other:secret"),
        nobody,
    }
}

fn new() -> Vec<ProposedMessage> {
    vec![proposed(Uuid::new_v4(), "x")]
}

#[tokio::test]
async fn wrong_password_and_missing_rights_give_different_errors() {
    let started = guarded();
    let callers = callers(&started).await;
    for wrong in ["desk:wrong", "nobody:secret", "desk"] {
        let refused = callers.nobody.signed_in(wrong).append("a", Expected::Any(()), new()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{wrong}");
    }
    let refused = callers.nobody.append("a", Expected::Any(()), new()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.metadata().get("exception").unwrap(), "access-denied");
    callers.desk.write("a", &["x"]).await;
    callers.other.texts("a").await.unwrap();
    let mut gossip = GossipClient::new(channel(started.server.address(0)).await);
    gossip.read(()).await.unwrap();
    let wrong = callers.nobody.signed_in("desk:wrong").request(());
    assert_eq!(gossip.read(wrong).await.unwrap_err().code(), Code::Unauthenticated, "whatever the call");
}

#[tokio::test]
async fn only_admins_read_all_by_default() {
    let started = guarded();
    let callers = callers(&started).await;
    callers.desk.write("a", &["x"]).await;
    assert_eq!(callers.desk.read(of_all()).await.unwrap_err().code(), Code::PermissionDenied);
    callers.admin.read(of_all()).await.unwrap();
    callers.admin.set_metadata("$all", r#"{"$acl":{"$r":["desk"]}}"#).await;
    callers.desk.read(of_all()).await.unwrap();
    assert_eq!(callers.other.read(of_all()).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn stream_acl_grants_read_write_and_delete() {
    let started = guarded();
    let callers = callers(&started).await;
    let acl = r#"{"$acl":{"$r":["$all"],"$w":"desk","$d":["$admins"],"$mr":["desk"],"$mw":["$admins"]}}"#;
    callers.admin.set_metadata("a", acl).await;
    callers.desk.write("a", &["x"]).await;
    assert_eq!(callers.other.texts("a").await.unwrap(), ["x"]);
    let denied = |status: tonic::Status| assert_eq!(status.code(), Code::PermissionDenied);
    denied(callers.other.append("a", Expected::Any(()), new()).await.unwrap_err());
    denied(callers.desk.delete("a", Wanted::Any(())).await.unwrap_err());
    denied(callers.desk.append("$$a", Expected::Any(()), new()).await.unwrap_err());
    denied(callers.other.read(of_stream("$$a")).await.unwrap_err());
    callers.desk.read(of_stream("$$a")).await.unwrap();
    callers.admin.delete("a", Wanted::Any(())).await.unwrap();
}

#[tokio::test]
async fn system_streams_are_for_admins() {
    let started = guarded();
    let callers = callers(&started).await;
    assert_eq!(callers.desk.read(of_stream("$users")).await.unwrap_err().code(), Code::PermissionDenied);
    callers.admin.read(of_stream("$users")).await.unwrap();
}

#[tokio::test]
async fn the_official_client_signs_in_by_its_connection_string() {
    let started = guarded();
    let signed_in = client(&started.server.url_with("desk:secret@"));
    signed_in.append_to_stream("a", &Default::default(), event(0)).await.unwrap();
    let wrong = client(&started.server.url_with("desk:wrong@"));
    let refused = wrong.append_to_stream("a", &Default::default(), event(0)).await;
    assert!(matches!(refused, Err(eventstore::Error::AccessDenied)), "{refused:?}");
}
