//! Customers who repeat every unanswered request under its idempotency key.
//!
//! Invariant: whatever a server acknowledged, in any attempt, is compared with its later answers.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use rand::{RngExt as _, rngs::StdRng};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tests::desk::{Customer, Desk, Frames};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Timeout of one attempt.
const ATTEMPT: Duration = Duration::from_secs(30);
/// Timeout of all attempts: a restart, and the time until an open run is retaken.
const ANSWERED: Duration = Duration::from_secs(120);
/// Delay before the next attempt.
const BACKOFF: Duration = Duration::from_millis(50);

const QUESTIONS: [&str; 8] = [
    "How long does shipping take?",
    "How far can I ride on one charge?",
    "I want to return my bike",
    "My brakes are squeaking",
    "多久发货？",
    "续航多少公里？",
    "刹车有异响怎么办？",
    "我想退货",
];

/// One message to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) key: String,
    pub(crate) session: String,
    pub(crate) text: String,
    pub(crate) is_stream: bool,
}

/// The final answer to a customer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// Of `/api/chat`: the whole body.
    Chat(Value),
    /// Of `/api/chat/stream`: the message's position, and the whole text.
    Stream { accepted: u64, session: String, text: String },
}

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) answer: Answer,
    pub(crate) attempts: usize,
    /// The codes of the attempts that were refused for the moment.
    pub(crate) refusals: Vec<String>,
}

/// What attempts brought before the answer.
#[derive(Default)]
struct Before {
    /// Where a stream said that the message is.
    accepted: Option<u64>,
    refusals: Vec<String>,
}

/// A customer with one session.
pub(crate) struct Chatter {
    pub(crate) customer: Arc<Customer>,
    pub(crate) session: String,
    pub(crate) exchanges: Vec<Exchange>,
}

impl Chatter {
    pub(crate) fn new(desk: &Desk, n: usize) -> Self {
        Self { customer: Arc::new(desk.customer()), session: format!("chat-{n}"), exchanges: Vec::new() }
    }

    /// Writes one or several messages at a time, and waits for their answers.
    pub(crate) async fn chat_until(mut self, stop: watch::Receiver<bool>, mut random: StdRng) -> Self {
        self.arrive().await;
        while !*stop.borrow() {
            let requests: Vec<Request> = (0..random.random_range(1..=3)).map(|_| self.request(&mut random)).collect();
            let exchanges = join_all(requests.iter().map(|request| self.ask(request))).await;
            self.exchanges.extend(exchanges);
            // Time to read the answer.
            sleep(Duration::from_millis(random.random_range(0..1000))).await;
        }
        self
    }

    /// Gets a visitor token; the session itself begins with its first message.
    pub(crate) async fn arrive(&self) {
        let trying = async {
            while self.customer.token().is_none() {
                let _ = self.customer.arrive("arrival").await;
                sleep(BACKOFF).await;
            }
        };
        timeout(ANSWERED, trying).await.expect("the server comes back");
    }

    pub(crate) fn request(&self, random: &mut StdRng) -> Request {
        Request {
            key: Uuid::from_u128(random.random()).to_string(),
            session: self.session.clone(),
            text: QUESTIONS[random.random_range(0..QUESTIONS.len())].to_owned(),
            is_stream: random.random_bool(0.5),
        }
    }

    /// Repeats a request until it is answered.
    pub(crate) async fn ask(&self, request: &Request) -> Exchange {
        let mut before = Before::default();
        let mut attempts = 0;
        let trying = async {
            loop {
                attempts += 1;
                let attempt = timeout(ATTEMPT, self.attempt(request, &mut before)).await;
                if let Some(answer) = attempt.unwrap_or_else(|_| panic!("no answer for {ATTEMPT:?}: {request:?}")) {
                    return answer;
                }
                sleep(BACKOFF).await;
            }
        };
        let answer = timeout(ANSWERED, trying).await.unwrap_or_else(|_| panic!("never answered: {request:?}"));
        Exchange { request: request.clone(), answer, attempts, refusals: before.refusals }
    }

    /// Sends it once. The key is also a parameter of the message, so that it can be found in the log.
    pub(crate) async fn post(&self, request: &Request) -> Result<Response, reqwest::Error> {
        let path = if request.is_stream { "/api/chat/stream" } else { "/api/chat" };
        let parameters = json!({"request": request.key});
        let body = json!({"user_id": request.session, "message": request.text, "parameters": parameters});
        self.customer.post_keyed(path, &request.key, &body).await
    }

    async fn attempt(&self, request: &Request, before: &mut Before) -> Option<Answer> {
        let response = self.post(request).await.ok()?;
        match response.status() {
            StatusCode::OK if request.is_stream => read_stream(response, &mut before.accepted).await,
            StatusCode::OK => response.json().await.ok().map(Answer::Chat),
            StatusCode::SERVICE_UNAVAILABLE => {
                assert!(response.headers().contains_key("retry-after"), "503 without Retry-After");
                let problem: Value = response.json().await.ok()?;
                before.refusals.push(problem["code"].as_str().expect("a problem has a code").to_owned());
                None
            }
            status => panic!("{status} for {request:?}: {}", response.text().await.unwrap_or_default()),
        }
    }
}

/// The answer, if the stream reaches its end. Every `accepted` of one request has the same position.
async fn read_stream(response: Response, accepted: &mut Option<u64>) -> Option<Answer> {
    let mut frames = Frames::of(response);
    let first = frames.next().await?.data;
    assert_eq!(first["type"], "accepted", "{first}");
    let position = first["position"].as_u64().unwrap();
    assert_eq!(*accepted.get_or_insert(position), position, "the message has moved");
    let mut text = String::new();
    loop {
        let frame = frames.next().await?.data;
        match frame["type"].as_str().unwrap() {
            "message" => text.push_str(frame["content"].as_str().unwrap()),
            "restart" => text.clear(),
            "done" => {
                let session = first["session_id"].as_str().unwrap().to_owned();
                return Some(Answer::Stream { accepted: position, session, text });
            }
            _ => panic!("a frame that does not belong here: {frame}"),
        }
    }
}
