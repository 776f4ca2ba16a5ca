//! Open streams of staff end when whoever opened them may not see them any more.

use std::time::Duration;

use domain::agent::Role;
use reqwest::Method;
use serde_json::json;
use tests::desk::EventFrame;

use super::{Member, desk, ok};

/// A second, and what a busy machine takes.
const SOON: Duration = Duration::from_secs(10);

pub(super) async fn ends_with_a_word(mut frames: tests::desk::Frames) {
    let until_the_word = frames.until(|frame: &EventFrame| frame.event.as_deref() == Some("reauthenticate"));
    let read = tokio::time::timeout(SOON, until_the_word).await.expect("it ends soon");
    let last = read.last().expect("it says why");
    assert_eq!((last.event.as_deref(), last.id.as_deref()), (Some("reauthenticate"), None));
    assert_eq!(tokio::time::timeout(SOON, frames.next()).await.expect("it ends"), None);
}

#[tokio::test]
async fn a_stream_ends_when_its_owner_signs_out() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    ok(member.staff.post("/api/agent/logout", &json!({})).await.unwrap()).await;
    ends_with_a_word(frames).await;
}

#[tokio::test]
async fn a_stream_ends_when_the_account_is_closed() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    ok(desk().staff().request(Method::DELETE, &format!("/api/agents/{}", member.id)).send().await.unwrap()).await;
    ends_with_a_word(frames).await;
}

#[tokio::test]
async fn a_stream_ends_when_the_role_does_not_allow_it_any_more() {
    let member = Member::with_role(Role::Auditor).await;
    let frames = member.staff.follow(None).await.unwrap();
    let path = format!("/api/agents/{}", member.id);
    ok(desk().staff().put(&path, &json!({"role": "agent"})).await.unwrap()).await;
    ends_with_a_word(frames).await;
}
