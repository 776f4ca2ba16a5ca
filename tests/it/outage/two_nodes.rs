//! Two nodes on one PostgreSQL, with the log there or on KurrentDB: neither decides from a state that the other has changed.

use std::{collections::HashSet, path::Path};

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    desk::{Customer, Desk, Setup, write_private},
    test_scale::{rng, seed},
};

use crate::crash::{
    Backend,
    customers::{Chatter, Exchange},
    proof::Recorded,
    proves_itself,
};

struct Nodes {
    here: Desk,
    there: Desk,
    backend: Backend,
    _keys: tempfile::TempDir,
}

impl Nodes {
    async fn start(backend: Backend) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let token_key = keys.path().join("token-key");
        write_private(&token_key, &"22".repeat(32));
        let start = || tokio::task::block_in_place(|| Desk::start(sharing(&backend, &token_key)));
        Self { here: start(), there: start(), backend: backend.clone(), _keys: keys }
    }

    async fn recorded(&self) -> Recorded {
        Recorded::new(self.here.staff().log().await.unwrap())
    }
}

fn sharing(backend: &Backend, token_key: &Path) -> Setup {
    let environment = vec![("DESK_TOKEN_KEY_FILE", token_key.display().to_string())];
    Setup { environment, ..backend.setup() }.with_patient_rules()
}

/// The same customer, at the other node.
fn at(chatter: &Chatter, desk: &Desk) -> Chatter {
    let customer = chatter.customer.at(desk.url());
    Chatter { customer: customer.into(), session: chatter.session.clone(), exchanges: Vec::new() }
}

async fn post(customer: &Customer, path: &str, body: Value) -> Value {
    let response = customer.post(path, &body).await.unwrap();
    let (status, answer) = (response.status(), response.json().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_to_one_session_over_two_nodes_are_each_stored_and_answered_once() {
    all_are_stored_and_answered_once(Nodes::start(Backend::postgres().await).await, 32).await;
}

/// Fewer writers: each append is read back, and the test server is slow.
#[tokio::test(flavor = "multi_thread")]
async fn writers_to_one_session_over_two_nodes_are_each_stored_and_answered_once_on_kurrentdb() {
    all_are_stored_and_answered_once(Nodes::start(Backend::kurrent().await).await, 8).await;
}

async fn all_are_stored_and_answered_once(nodes: Nodes, writers: usize) {
    let mut random = rng(seed("32 writers over two nodes"), 0);
    let here = Chatter::new(&nodes.here, 0);
    here.arrive().await;
    let there = at(&here, &nodes.there);
    for _round in 0..3 {
        let requests: Vec<_> = (0..writers).map(|_| here.request(&mut random)).collect();
        let asks = requests.iter().enumerate().map(|(n, request)| if n % 2 == 0 { &here } else { &there }.ask(request));
        let exchanges: Vec<Exchange> = join_all(asks).await;
        for exchange in &exchanges {
            // While the log does not answer a request may be refused; because others write at the same time it may not.
            assert!(exchange.refusals.iter().all(|code| code == "STORE_UNAVAILABLE"), "refused: {exchange:?}");
        }
        let recorded = nodes.recorded().await;
        let so_far: Vec<&Exchange> = exchanges.iter().collect();
        recorded.holds_these_once(&so_far);
    }
    proves_itself(&nodes.backend.store(&nodes.here));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_never_decide_from_a_stale_state() {
    no_state_is_stale(Nodes::start(Backend::postgres().await).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_never_decide_from_a_stale_state_on_kurrentdb() {
    no_state_is_stale(Nodes::start(Backend::kurrent().await).await).await;
}

async fn no_state_is_stale(nodes: Nodes) {
    let here = nodes.here.customer();
    here.arrive("s").await.unwrap();
    let there = here.at(nodes.there.url());
    let mut contexts = HashSet::new();
    for round in 0..12 {
        let (one, other) = if round % 2 == 0 { (&here, &there) } else { (&there, &here) };
        post(one, "/api/chat", json!({"user_id": "s", "message": "多久发货？"})).await;
        let begun = post(other, "/api/conversation/new", json!({"session_id": "s"})).await["conversation_id"].clone();
        assert!(contexts.insert(begun.to_string()), "round {round}: the message was not seen");
        let kept = post(one, "/api/conversation/new", json!({"session_id": "s"})).await["conversation_id"].clone();
        assert_eq!(kept, begun, "round {round}: the new context was not seen");
    }
    let recorded = nodes.recorded().await;
    assert_eq!(recorded.of_type("session.context_started").count(), contexts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_cleared_on_one_node_are_hidden_on_the_other() {
    let nodes = Nodes::start(Backend::postgres().await).await;
    let here = nodes.here.customer();
    here.arrive("s").await.unwrap();
    let there = here.at(nodes.there.url());
    for round in 0..6 {
        let (one, other) = if round % 2 == 0 { (&here, &there) } else { (&there, &here) };
        let said = post(one, "/api/chat", json!({"user_id": "s", "message": "多久发货？"})).await;
        assert_eq!(history_from(other, &said).await, 2, "round {round}");
        let cleared = post(one, "/api/conversation/clear", json!({"session_id": "s"})).await;
        assert_eq!(history_from(other, &cleared).await, 0, "round {round}");
    }
}

/// How many messages the session shows at the position of an answer.
async fn history_from(customer: &Customer, answer: &Value) -> usize {
    let path = format!("/api/sessions/s?min_position={}", answer["position"]);
    let shown: Value = customer.get(&path).await.unwrap().json().await.unwrap();
    shown["data"]["session"]["history"].as_array().unwrap_or_else(|| panic!("{shown}")).len()
}
