//! Outages: a full disk, a stopped database, the server's own stop, a data directory in use. Commands get 503, reads continue
//! where possible, nothing is half-written, and the service recovers by itself.

mod any_order;
mod causes;
mod damaged;
mod disk_full;
mod frozen;
mod kurrentdb_away;
mod postgres_away;
mod starting;
mod stopping;
mod two_nodes;

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tests::{
    desk::{Customer, Desk},
    test_scale::rng,
};
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use crate::crash::{
    customers::Chatter,
    followers::{Follower, follow_log, follow_session},
    until,
};

/// The longest that a refusal may take.
const SOON: Duration = Duration::from_secs(8);
/// The longest that a recovery may take.
const RESUMED: Duration = Duration::from_secs(15);

/// Customers who chat until they are stopped, and their followers.
struct Crowd {
    chatting: Vec<JoinHandle<Chatter>>,
    followers: Vec<Follower>,
    stop: watch::Sender<bool>,
}

impl Crowd {
    fn chats(desk: &Desk, customers: usize, seed: u64) -> Self {
        let chatters: Vec<Chatter> = (0..customers).map(|n| Chatter::new(desk, n)).collect();
        let mut followers = vec![follow_log(desk.staff())];
        followers.extend(chatters.iter().map(|chatter| follow_session(&chatter.customer, &chatter.session)));
        let (stop, stopping) = watch::channel(false);
        let chat =
            |(n, chatter): (usize, Chatter)| tokio::spawn(chatter.chat_until(stopping.clone(), rng(seed, n as u64)));
        Self { chatting: chatters.into_iter().enumerate().map(chat).collect(), followers, stop }
    }

    /// Waits until it has written more, so that the outage meets it at work.
    async fn goes_on(&self, desk: &Desk) {
        let staff = desk.staff();
        let before = staff.head().await.unwrap();
        until("the customers go on", RESUMED, async || staff.log_after(before).await.unwrap().len() > 30).await;
    }

    /// Stops; every message has its answer.
    async fn leaves_answered(self) -> (Vec<Chatter>, Vec<Follower>) {
        self.stop.send_replace(true);
        let chatters = join_all(self.chatting).await.into_iter().map(Result::unwrap).collect();
        (chatters, self.followers)
    }
}

/// Opens a session of this name, under a key.
async fn create(customer: &Customer, key: &str, name: &str) -> Response {
    customer.post_keyed("/api/conversation/create", key, &json!({"user_id": name})).await.unwrap()
}

/// Every command is refused soon with 503.
async fn commands_are_refused(customer: &Customer) {
    let message = json!({"user_id": "refused", "message": "多久发货？"});
    let session = json!({"session_id": "refused"});
    let commands = [
        ("/api/chat", &message),
        ("/api/chat/stream", &message),
        ("/api/conversation/create", &message),
        ("/api/conversation/new", &session),
        ("/api/conversation/clear", &session),
    ];
    join_all(commands.map(|(path, body)| is_refused_for_now(customer, path, body))).await;
}

async fn is_refused_for_now(customer: &Customer, path: &str, body: &Value) {
    let started = Instant::now();
    let response = customer.post_keyed(path, &Uuid::new_v4().to_string(), body).await.unwrap();
    let waited = started.elapsed();
    assert!(waited < SOON, "{path} was refused after {waited:?}");
    println!("{path} was refused after {waited:?}");
    says_later(response).await;
}

async fn says_later(response: Response) {
    says_later_with("STORE_UNAVAILABLE", response).await;
}

async fn says_later_with(code: &str, response: Response) {
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], code, "{problem}");
}

async fn status_of(desk: &Desk, path: &str) -> StatusCode {
    desk.customer().get(path).await.unwrap().status()
}

async fn is_ready(desk: &Desk) {
    until("the server is ready", RESUMED, async || status_of(desk, "/readyz").await == StatusCode::OK).await;
}
