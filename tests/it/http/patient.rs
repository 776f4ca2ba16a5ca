//! A second server that tests share, for customers who repeat themselves: its rules call a person only when asked for one.

use std::sync::OnceLock;

use serde_json::Value;
use tests::desk::{Customer, Desk, patient_rules};

use super::{Shared, start_shared};

pub(super) fn desk() -> &'static Desk {
    static PATIENT: OnceLock<Shared> = OnceLock::new();
    &PATIENT.get_or_init(|| start_shared(patient_rules().to_vec())).desk
}

/// A customer with a session of this name.
pub(super) async fn customer_with(session: &str) -> Customer {
    let customer = desk().customer();
    customer.arrive(session).await.unwrap();
    customer
}

/// The events of a session, by the id that an answer has.
pub(super) async fn events_of_session(session_id: &Value) -> Vec<Value> {
    let stream = format!("session-{}", session_id.as_str().unwrap());
    let log = desk().staff().log().await.unwrap();
    log.into_iter().filter(|event| event["stream"] == stream).collect()
}
