//! Customers who write and read, and staff who read, during a rebuild.
//!
//! Promises to each of them, whichever generation answers: no error but a 503 after the whole allowed wait; positions never go
//! back; what was seen once is seen again; no message is missing between two others.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tests::desk::{Customer, Desk, Staff};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, sleep_until},
};

/// Writers, and the time in which each writes once: a message is three events, so together 200 events a second.
const WRITERS: usize = 16;
const PERIOD: Duration = Duration::from_millis(240);
/// Readers of the lists.
const LOOKERS: usize = 2;
/// Delay between two reads of the lists.
const GLANCE: Duration = Duration::from_millis(10);
/// How long a read waits for its position before 503, minus a tolerance.
const PATIENCE: Duration = Duration::from_millis(1_900);

/// Counters.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) written: AtomicU64,
    pub(crate) read: AtomicU64,
    pub(crate) behind: AtomicU64,
    /// The newest acknowledged position.
    pub(crate) newest: AtomicU64,
}

/// All readers and writers.
pub(crate) struct Traffic {
    pub(crate) tally: Arc<Tally>,
    stop: watch::Sender<bool>,
    everybody: Vec<JoinHandle<()>>,
    began: Instant,
}

impl Traffic {
    /// Starts them, spread over the nodes.
    pub(crate) fn begin(nodes: &[&Desk]) -> Self {
        let (stop, stopping) = watch::channel(false);
        let tally = Arc::new(Tally::default());
        let mut everybody = Vec::new();
        for n in 0..WRITERS {
            let (at, other) = (nodes[n % nodes.len()], nodes[(n + 1) % nodes.len()]);
            let (customer, elsewhere) = (at.customer(), other.url());
            let (stopping, tally) = (stopping.clone(), tally.clone());
            everybody.push(tokio::spawn(write(customer, elsewhere, format!("live-{n}"), stopping, tally)));
        }
        for n in 0..LOOKERS * nodes.len() {
            let staff = nodes[n % nodes.len()].staff();
            everybody.push(tokio::spawn(look(staff, stopping.clone(), tally.clone())));
        }
        Self { tally, stop, everybody, began: Instant::now() }
    }

    /// Events a second, so far.
    pub(crate) fn rate(&self) -> f64 {
        self.tally.written.load(Ordering::Relaxed) as f64 * 3.0 / self.began.elapsed().as_secs_f64()
    }

    /// Stops; fails if a promise was broken.
    pub(crate) async fn end(self, test: &str) {
        self.stop.send_replace(true);
        let (rate, tally) = (self.rate(), self.tally.clone());
        for one in self.everybody {
            one.await.unwrap();
        }
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        println!("{test}: {rate:.0} events/s, {} reads, {} of them 503", of(&tally.read), of(&tally.behind));
        assert!(of(&tally.read) > 20, "nobody has read");
    }
}

/// What one reader has seen.
struct Seen {
    tally: Arc<Tally>,
    position: u64,
}

impl Seen {
    fn new(tally: Arc<Tally>) -> Self {
        Self { tally, position: 0 }
    }

    /// A successful answer, checked against what was seen before; `None` for a permitted 503.
    async fn take(&mut self, what: &str, asked: Instant, wanted: u64, response: Response) -> Option<Value> {
        let (status, retry) = (response.status(), response.headers().contains_key("retry-after"));
        let body: Value = response.json().await.unwrap();
        self.tally.read.fetch_add(1, Ordering::Relaxed);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let is_honest = body["code"] == "VIEWS_BEHIND" && retry && asked.elapsed() >= PATIENCE;
            assert!(is_honest, "{what} after {:?}: {body}", asked.elapsed());
            self.tally.behind.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        assert_eq!(status, StatusCode::OK, "{what}: {body}");
        let position = body["position"].as_u64().unwrap();
        assert!(position >= self.position, "{what}: position {position} after {}", self.position);
        assert!(position >= wanted, "{what}: position {position}, and {wanted} was wanted");
        self.position = position;
        self.tally.newest.fetch_max(position, Ordering::Relaxed);
        Some(body["data"].clone())
    }
}

/// Writes 1, 2, 3, … and reads them, at its own node and, from the position it was told, at the other.
async fn write(customer: Customer, elsewhere: String, name: String, stop: watch::Receiver<bool>, tally: Arc<Tally>) {
    let (mut here, mut there) = (Seen::new(tally.clone()), Seen::new(tally.clone()));
    customer.arrive(&name).await.unwrap();
    let visitor_elsewhere = customer.at(elsewhere);
    let mut next = tokio::time::Instant::now();
    for number in 1.. {
        if *stop.borrow() {
            return;
        }
        let (key, body) = (number.to_string(), json!({"user_id": name, "message": number.to_string()}));
        let chat = customer.request(Method::POST, "/api/chat").header("Idempotency-Key", key).json(&body);
        let answer: Value = sent(chat).await.json().await.unwrap();
        let written = answer["position"].as_u64().unwrap_or_else(|| panic!("{answer}"));
        tally.written.fetch_add(1, Ordering::Relaxed);
        let path = format!("/api/sessions/{name}?min_position={written}");
        for (at, seen) in [(&customer, &mut here), (&visitor_elsewhere, &mut there)] {
            let asked = Instant::now();
            let response = sent(at.request(Method::GET, &path)).await;
            if let Some(data) = seen.take(&name, asked, written, response).await {
                has_no_gap(&data["session"]["history"], number);
            }
        }
        next += PERIOD;
        sleep_until(next).await;
    }
}

/// Repeats a request that met an idle connection which the server was closing.
async fn sent(request: RequestBuilder) -> Response {
    let again = request.try_clone().unwrap();
    match request.send().await {
        Ok(response) => response,
        Err(_closed) => again.send().await.unwrap(),
    }
}

/// The customer's messages end with the newest, without a gap before it.
fn has_no_gap(history: &Value, newest: u64) {
    let messages = history.as_array().unwrap();
    let of_customer = messages.iter().filter(|message| message["role"] == "user");
    let numbers: Vec<u64> = of_customer.map(|message| message["content"].as_str().unwrap().parse().unwrap()).collect();
    let first = newest + 1 - numbers.len() as u64;
    assert_eq!(numbers, (first..=newest).collect::<Vec<_>>(), "{history}");
    let all = usize::try_from(newest * 2).unwrap().min(50);
    assert_eq!(messages.len(), all, "each is answered: {history}");
}

/// Reads lists and figures repeatedly.
async fn look(staff: Staff, stop: watch::Receiver<bool>, tally: Arc<Tally>) {
    let (mut seen, mut totals, mut known) = (Seen::new(tally), [0, 0], BTreeSet::new());
    let mut escalations = 0;
    while !*stop.borrow() {
        let list = get(&staff, &mut seen, "/api/sessions?limit=200").await;
        let ids: BTreeSet<String> =
            list["sessions"].as_array().unwrap().iter().map(|row| row["session_id"].as_str().unwrap().into()).collect();
        let total = list["total"].as_u64().unwrap();
        assert!(total > 200 || ids.len() as u64 == total, "{} rows of {total}", ids.len());
        if total <= 200 {
            assert!(ids.is_superset(&known), "a session is gone: {known:?} then {ids:?}");
            known = ids;
        }
        never_less(&mut totals[0], total, "sessions");
        let stats = get(&staff, &mut seen, "/api/sessions/stats").await;
        never_less(&mut totals[1], stats["total_sessions"].as_u64().unwrap(), "counted sessions");
        never_less(&mut escalations, stats["today"]["total_escalations"].as_u64().unwrap(), "escalations of today");
        assert!(totals[1] >= totals[0], "a later figure is older: {totals:?}");
        totals[0] = totals[1];
        sleep(GLANCE).await;
    }
}

async fn get(staff: &Staff, seen: &mut Seen, path: &str) -> Value {
    let asked = Instant::now();
    let response = sent(staff.request(Method::GET, path)).await;
    seen.take(path, asked, 0, response).await.expect("only who wants a position is told to come back")
}

fn never_less(before: &mut u64, now: u64, what: &str) {
    assert!(now >= *before, "{what}: {now} after {before}");
    *before = now;
}
