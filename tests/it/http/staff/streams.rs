//! Open staff streams end when their reader loses the right to them.

use std::time::Duration;

use domain::agent::Role;
use reqwest::Method;
use serde_json::json;
use tests::desk::{Desk, EventFrame, Setup};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Member, desk, fresh, ok};
use crate::http::{LIMIT, customer_with};

/// A second, with tolerance for a busy machine.
const SOON: Duration = Duration::from_secs(10);

pub(super) async fn ends_with_a_word(mut frames: tests::desk::Frames) {
    let until_the_word = frames.until(|frame: &EventFrame| frame.event.as_deref() == Some("reauthenticate"));
    let read = tokio::time::timeout(SOON, until_the_word).await.expect("it ends soon");
    let last = read.last().expect("it says why");
    assert_eq!((last.event.as_deref(), last.id.as_deref()), (Some("reauthenticate"), None));
    assert_eq!(tokio::time::timeout(SOON, frames.next()).await.expect("it ends"), None);
}

#[tokio::test]
async fn staff_stream_ends_at_sign_out() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    ok(member.staff.post("/api/agent/logout", &json!({})).await.unwrap()).await;
    ends_with_a_word(frames).await;
}

#[tokio::test]
async fn staff_stream_ends_when_the_account_is_deactivated() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    ok(desk().staff().request(Method::DELETE, &format!("/api/agents/{}", member.id)).send().await.unwrap()).await;
    ends_with_a_word(frames).await;
}

#[tokio::test]
async fn staff_stream_ends_when_the_role_loses_the_permission() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    let path = format!("/api/agents/{}", member.id);
    ok(desk().staff().put(&path, &json!({"role": "agent"})).await.unwrap()).await;
    ends_with_a_word(frames).await;
}

/// Both kinds of stream that staff may open.
async fn both(member: &Member) -> [tests::desk::Frames; 2] {
    let session = fresh("watched");
    let customer = customer_with(&session).await;
    let position = customer.chat(&session, "hello").await.unwrap()["position"].as_u64().unwrap();
    ok(member.staff.get(&format!("/api/sessions?min_position={position}")).await.unwrap()).await;
    let of_session = member.staff.get(&format!("/api/sessions/{session}/events")).await.unwrap();
    assert_eq!(of_session.status(), 200);
    [member.staff.follow(None).await.unwrap(), tests::desk::Frames::of(of_session)]
}

#[tokio::test]
async fn staff_streams_end_when_the_sign_in_is_revoked() {
    let member = Member::with_role(Role::Auditor).await;
    let streams = both(&member).await;
    let (elsewhere, _) = member.again().await;
    let listed = crate::http::eventually(
        || async { ok(elsewhere.get("/api/agent/sign-ins").await.unwrap()).await },
        |listed| listed["data"].as_array().unwrap().len() == 2,
    )
    .await;
    let rows = listed["data"].as_array().unwrap();
    let its = rows.iter().find(|row| row["is_this"] == false).unwrap()["id"].as_str().unwrap();
    ok(elsewhere.request(Method::DELETE, &format!("/api/agent/sign-ins/{its}")).send().await.unwrap()).await;
    for frames in streams {
        ends_with_a_word(frames).await;
    }
    ok(elsewhere.get("/api/sessions").await.unwrap()).await;
}

#[tokio::test]
async fn staff_streams_end_when_the_password_is_changed_or_reset() {
    for is_reset in [false, true] {
        let member = Member::with_role(Role::Auditor).await;
        let streams = both(&member).await;
        if is_reset {
            let path = format!("/api/agents/{}/reset-password", member.id);
            ok(desk().staff().post(&path, &json!({})).await.unwrap()).await;
        } else {
            let (elsewhere, _) = member.again().await;
            let change = json!({"old_password": member.password, "new_password": "yet another four"});
            ok(elsewhere.post("/api/agent/change-password", &change).await.unwrap()).await;
        }
        for frames in streams {
            ends_with_a_word(frames).await;
        }
    }
}

/// An export is larger than what the network holds, so that most of it is still to be sent.
#[tokio::test]
async fn export_breaks_off_when_the_sign_in_ends() {
    let own = Desk::start(Setup::default().with_patient_rules());
    let (customer, mut last) = (own.customer(), 0);
    let said = json!({"message": "hello", "user_id": "s", "parameters": {"a": "x".repeat(16_000)}});
    for _ in 0..600 {
        let request = customer.request(Method::POST, "/api/chat").header("Prefer", "respond-async").json(&said);
        last = ok(customer.send(request).await.unwrap()).await["position"].as_u64().unwrap();
    }
    let member = Member::at(&own, Role::Auditor).await;
    let mut export = TcpStream::connect(own.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head = "GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/x-ndjson\r\n";
    let head = format!("{head}Authorization: Bearer {}\r\n\r\n", member.staff.token());
    export.write_all(head.as_bytes()).await.unwrap();
    let (mut begun, mut some) = (Vec::new(), vec![0; 16_000]);
    while !String::from_utf8_lossy(&begun).contains("\"position\":1,") {
        let read = timeout(LIMIT, export.read(&mut some)).await.unwrap().unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&begun));
        begun.extend_from_slice(&some[..read]);
    }
    ok(member.staff.post("/api/agent/logout", &json!({})).await.unwrap()).await;
    let mut rest = Vec::new();
    // Broken off, which the library may tell by a reset.
    let _ = timeout(LIMIT, export.read_to_end(&mut rest)).await.unwrap();
    let rest = String::from_utf8_lossy(&rest);
    assert!(!rest.contains(&format!("\"position\":{last},")), "{} bytes came", rest.len());
}
