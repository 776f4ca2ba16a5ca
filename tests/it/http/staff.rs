//! Staff: accounts, sign-in, rights, and attacks on them.

mod accounts;
mod api_keys;
mod audit;
mod forged;
mod outsiders;
mod presence;
mod reset_admin;
mod second_factor;
mod sign_in;
mod streams;

use std::net::Ipv4Addr;

use domain::agent::Role;
use reqwest::Response;
use serde_json::{Value, json};
use tests::desk::{Desk, Staff};

use super::{desk, fresh, ok};

const FIRST: &str = "set by the administrator";
const OWN: &str = "chosen by its owner";

/// A member of staff who has signed in and chosen a password.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) refresh_token: String,
    pub(super) staff: Staff,
}

impl Member {
    pub(super) async fn with_role(role: Role) -> Self {
        Self::at(desk(), role).await
    }

    /// At another server.
    pub(super) async fn at(desk: &Desk, role: Role) -> Self {
        let username = fresh("staff");
        let id = make_at(desk, &username, role).await;
        let credentials = json!({"username": username, "password": FIRST});
        let first = ok(post_to(desk, any_address(), "/api/agent/login", &credentials).await).await;
        assert_eq!(first["must_change_password"], true);
        let staff = Staff::new(desk.url(), token(&first));
        let change = json!({"old_password": FIRST, "new_password": OWN});
        ok(staff.post("/api/agent/change-password", &change).await.unwrap()).await;
        Self { id, username, password: OWN.to_owned(), refresh_token: refresh_token(&first), staff }
    }

    /// Signs in once more.
    async fn again(&self) -> (Staff, String) {
        let answer = ok(login(&self.credentials()).await).await;
        (Staff::new(desk().url(), token(&answer)), refresh_token(&answer))
    }

    /// Its own profile.
    async fn profile(&self) -> Value {
        ok(self.staff.get("/api/agent/profile").await.unwrap()).await
    }

    fn credentials(&self) -> Value {
        json!({"username": self.username, "password": self.password})
    }
}

/// Creates an account; returns its id.
async fn make(username: &str, role: Role) -> String {
    make_at(desk(), username, role).await
}

async fn make_at(desk: &Desk, username: &str, role: Role) -> String {
    let new = json!({"username": username, "password": FIRST, "name": "Anna Li", "role": role.as_str()});
    let made = ok(desk.staff().post("/api/agents", &new).await.unwrap()).await;
    made["data"]["id"].as_str().unwrap().to_owned()
}

async fn login(body: &Value) -> Response {
    post("/api/agent/login", body).await
}

async fn refresh(token: &str) -> Response {
    post("/api/agent/refresh", &json!({"refresh_token": token})).await
}

/// From a random address: failures are counted per address, and tests must not share them.
async fn post(path: &str, body: &Value) -> Response {
    post_from(any_address(), path, body).await
}

fn any_address() -> Ipv4Addr {
    let [second, third, fourth] = rand::random::<[u8; 3]>();
    Ipv4Addr::new(127, second.max(1), third, fourth.clamp(1, 254))
}

async fn post_from(address: Ipv4Addr, path: &str, body: &Value) -> Response {
    post_to(desk(), address, path, body).await
}

async fn post_to(desk: &Desk, address: Ipv4Addr, path: &str, body: &Value) -> Response {
    let client = tests::http_client::client_builder().local_address(Some(address.into())).build().unwrap();
    client.post(format!("{}{path}", desk.url())).json(body).send().await.unwrap()
}

fn token(answer: &Value) -> String {
    answer["access_token"].as_str().unwrap().to_owned()
}

fn refresh_token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap().to_owned()
}
