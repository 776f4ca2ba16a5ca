//! PostgreSQL crashes or is stopped under a running server, and is started again.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tests::{
    desk::{Customer, Desk, EventFrame, Frames},
    postgres::Postgres,
    test_scale::seed,
};

use super::{Crowd, RESUMED, SOON, commands_are_refused, create, is_ready, says_later_with, status_of};
use crate::crash::{is_whole, on, proves_itself, until};

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_postgres_refuses_commands_and_recovers() {
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let desk = tokio::task::block_in_place(|| Desk::start(on(&database).with_patient_rules()));
    let customer = desk.customer();
    customer.arrive("arrival").await.unwrap();
    let crowd = Crowd::chats(&desk, 8, seed("PostgreSQL away"));

    for crashes in [true, false] {
        crowd.goes_on(&desk).await;
        let mut watching = customer.follow("arrival", None).await.unwrap();
        watching.next_within(SOON).await.unwrap();
        if crashes {
            server.kill().await
        } else {
            server.stop().await
        }
        commands_are_refused(&customer).await;
        // The token is still accepted, but the views are unavailable.
        says_later_with("VIEWS_UNAVAILABLE", customer.get("/api/sessions/arrival").await.unwrap()).await;
        health_says_so(&desk).await;
        server.start().await;
        resumes(&customer).await;
        stream_has_waited(&customer, watching).await;
    }

    let (chatters, followers) = crowd.leaves_answered().await;
    is_whole(&desk, &chatters, followers).await;
    is_ready(&desk).await;
    proves_itself(&database.url());
}

async fn health_says_so(desk: &Desk) {
    let started = Instant::now();
    assert_eq!(status_of(desk, "/healthz").await, StatusCode::OK);
    assert_eq!(status_of(desk, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status_of(desk, "/api/health").await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

pub(super) async fn resumes(customer: &Customer) {
    let started = Instant::now();
    until("commands are taken again", RESUMED, async || {
        create(customer, "again", "again").await.status() == StatusCode::OK
    })
    .await;
    println!("service was back {:?} after the database", started.elapsed());
}

/// The stream opened before the outage continues.
pub(super) async fn stream_has_waited(customer: &Customer, mut watching: Frames) {
    let body = json!({"user_id": "arrival", "message": "多久发货？"});
    assert_eq!(customer.post("/api/chat", &body).await.unwrap().status(), StatusCode::OK);
    let is_reply = |frame: &EventFrame| frame.event.as_deref() == Some("session.assistant_replied");
    let frames =
        tokio::time::timeout(Duration::from_secs(10), watching.until(is_reply)).await.expect("the stream goes on");
    assert!(frames.last().is_some_and(is_reply), "the stream has ended: {frames:?}");
}
