//! KurrentDB fails under a running desk whose views, vault and policies are on PostgreSQL. Commands get 503, views are still
//! served, streams wait, and nothing is lost or repeated.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    desk::{Customer, Desk},
    test_scale::seed,
};
use tokio::{task::block_in_place, time::sleep};

use super::{
    Crowd, RESUMED, SOON, commands_are_refused, is_ready,
    postgres_away::{resumes, stream_has_waited},
    says_later, status_of,
};
use crate::crash::{Backend, is_whole, proves_itself, until};

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_log_refuses_commands_keeps_reads_and_recovers() {
    let backend = Backend::kurrent().await;
    let Backend::Kurrent { log, .. } = &backend else { unreachable!() };
    let desk = block_in_place(|| Desk::start(backend.setup().with_patient_rules()));
    let customer = desk.customer();
    customer.arrive("arrival").await.unwrap();
    customer.chat("arrival", "多久发货？").await.unwrap();
    let crowd = Crowd::chats(&desk, 6, seed("KurrentDB away"));

    for crashes in [true, false] {
        crowd.goes_on(&desk).await;
        let mut watching = customer.follow("arrival", None).await.unwrap();
        watching.next_within(SOON).await.unwrap();
        let shown = messages(&customer).await;
        log.go_away();
        commands_are_refused(&customer).await;
        goes_on_showing(&desk, &customer, &shown).await;
        if crashes {
            log.restart();
        } else {
            log.come_back();
        }
        resumes(&customer).await;
        stream_has_waited(&customer, watching).await;
    }

    let (chatters, followers) = crowd.leaves_answered().await;
    is_whole(&desk, &chatters, followers).await;
    is_ready(&desk).await;
    proves_itself(&backend.store(&desk));
}

async fn messages(customer: &Customer) -> Value {
    let answer = customer.get("/api/sessions/arrival").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<Value>().await.unwrap()["data"]["session"]["history"].take()
}

/// Known visitors keep reading. New visitors are refused, because a sign-out cannot be ruled out; staff are refused after some
/// seconds, because their rights may have changed.
async fn goes_on_showing(desk: &Desk, customer: &Customer, shown: &Value) {
    for _again in 0..3 {
        // Longer than the cached visitor status is valid.
        sleep(Duration::from_millis(700)).await;
        let began = Instant::now();
        assert_eq!(messages(customer).await, *shown);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
    let stranger = desk.customer();
    says_later(stranger.post("/api/conversation/create", &serde_json::json!({"user_id": "new"})).await.unwrap()).await;
    let staff = desk.staff();
    until("staff is not let in any more", Duration::from_secs(15), async || {
        staff.get("/api/sessions?limit=1").await.unwrap().status() == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    assert_eq!(status_of(desk, "/healthz").await, StatusCode::OK);
    until("readiness says so", RESUMED, async || status_of(desk, "/readyz").await == StatusCode::SERVICE_UNAVAILABLE)
        .await;
}
