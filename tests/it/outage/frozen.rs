//! A server that is frozen, and not gone: it keeps its connections and says nothing. Every request has an end, and what was sent
//! again is recorded once.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tests::{
    desk::{Customer, Desk, Setup},
    kurrent::Kurrent,
    postgres::Postgres,
};
use tokio::{task::block_in_place, time::timeout};
use uuid::Uuid;

use super::{is_ready, says_later, status_of};
use crate::crash::{on, proves_itself, until};

/// Far below the two minutes that an answer may take, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(45);
const ROUNDS: usize = 2;

/// A message that is sent under its own key until it is taken.
struct Message {
    session: String,
    key: String,
    text: String,
}

impl Message {
    fn new(number: usize) -> Self {
        let id = Uuid::new_v4().simple().to_string();
        Self { session: format!("frozen-{number}"), key: id.clone(), text: format!("多久发货？{id}") }
    }

    async fn send(&self, customer: &Customer) -> Response {
        let body = json!({"user_id": self.session, "message": self.text});
        let sent = timeout(AT_ONCE, customer.post_keyed("/api/chat", &self.key, &body)).await;
        sent.unwrap_or_else(|_| panic!("a message has no answer")).unwrap()
    }
}

/// Each of these needs a store, and is told that it is silent.
async fn requests_have_an_end(customer: &Customer, messages: &[Message]) {
    let chats = join_all(messages.iter().map(async |message| says_later(message.send(customer).await).await));
    let another = json!({"user_id": "another"});
    let opened = timeout(AT_ONCE, customer.post("/api/conversation/create", &another));
    let (_, opened) = futures::join!(chats, opened);
    says_later(opened.unwrap().unwrap()).await;
}

async fn is_recorded_once(desk: &Desk, messages: &[Message]) {
    let recorded = desk.staff().log().await.unwrap();
    for message in messages {
        let count = recorded.iter().filter(|event| event.to_string().contains(&message.text)).count();
        // The message, and nothing else that holds its words.
        let sent = recorded.iter().filter(|event| {
            event["type"] == "session.customer_message_sent" && event.to_string().contains(&message.text)
        });
        assert_eq!(sent.count(), 1, "{} of {count} events are the message", message.text);
    }
}

async fn survives(desk: &Desk, freeze: impl AsyncFn(), thaw: impl AsyncFn()) {
    let customer = desk.customer();
    customer.arrive("arrival").await.unwrap();
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let messages: Vec<Message> = (0..6).map(|number| Message::new(10 * round + number)).collect();
        freeze().await;
        requests_have_an_end(&customer, &messages).await;
        assert_eq!(status_of(desk, "/healthz").await, StatusCode::OK);
        assert_eq!(status_of(desk, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        thaw().await;
        is_ready(desk).await;
        for message in &messages {
            until("the message is taken", AT_ONCE, async || message.send(&customer).await.status() == StatusCode::OK)
                .await;
            let again: Value = message.send(&customer).await.json().await.unwrap();
            assert_eq!(again["success"], true, "{again}");
        }
        all.extend(messages);
    }
    is_recorded_once(desk, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_an_end_while_postgres_is_frozen() {
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let desk = block_in_place(|| Desk::start(on(&database).with_patient_rules()));
    survives(&desk, async || server.freeze().await, async || server.thaw().await).await;
    proves_itself(&database.url());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_an_end_while_kurrentdb_is_frozen() {
    let kurrent = Kurrent::start();
    let setup = Setup { event_store_url: Some(kurrent.url()), ..Setup::default() };
    let desk = block_in_place(|| Desk::start(setup.with_patient_rules()));
    let delay = |time: Duration| kurrent.server().faults().delay(time);
    survives(&desk, async || delay(Duration::from_secs(3600)), async || delay(Duration::ZERO)).await;
    proves_itself(&kurrent.url());
}
