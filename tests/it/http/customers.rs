//! Customers identified by the shop: identity tokens, sessions, sign-out.

mod cookies;
mod examples;
mod fixation;
mod leaving;
mod legacy;
mod nodes;
mod once;
mod replayed;
mod taking_over;
mod tokens;

use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    desk::{Customer, Desk, Setup},
    identity::{Key, claims, with, write_keys},
};

use super::{customer_with, desk, fresh, ok, problem};

/// A server of the test's own that accepts identity tokens.
struct Own {
    desk: Desk,
    _folder: TempDir,
}

impl Own {
    fn start(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("identity-keys");
        write_keys(&keys);
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let environment = settings.chain([("DESK_IDENTITY_KEYS_FILE", keys.display().to_string())]).collect();
        let data_dir = Some(folder.path().join("data"));
        Self { desk: Desk::start(Setup { data_dir, environment, ..Setup::default() }), _folder: folder }
    }
}

/// A fresh identity token of this customer.
fn token_for(sub: &str) -> String {
    let said = json!({"email": "ming@example.com", "name": "Wang Xiaoming", "vip": false});
    Key::Ed25519.sign(&with(claims(sub), &said))
}

async fn identify(customer: &Customer, token: &str) -> Response {
    customer.post("/api/customer/identify", &json!({ "identity_token": token })).await.unwrap()
}

async fn sign_out(customer: &Customer) -> Value {
    ok(customer.post("/api/customer/sign-out", &json!({})).await.unwrap()).await
}

async fn who(customer: &Customer) -> Value {
    ok(customer.get("/api/customer").await.unwrap()).await["data"].clone()
}

/// The status of reading a session by name at a position.
async fn looking(customer: &Customer, session: &str, position: u64) -> u16 {
    customer.get(&format!("/api/sessions/{session}?min_position={position}")).await.unwrap().status().as_u16()
}

/// The visitor's own events, as the log has them.
async fn history(visitor: &str) -> Vec<Value> {
    super::events_of(&format!("customer-{visitor}")).await
}

/// The visitor that a token names.
fn visitor_of(customer: &Customer) -> String {
    let token = customer.token().unwrap();
    let claims =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token.split('.').nth(1).unwrap());
    serde_json::from_slice::<Value>(&claims.unwrap()).unwrap()["sub"].as_str().unwrap().to_owned()
}

/// A copy of the customer that keeps the present token.
fn as_before(customer: &Customer) -> Customer {
    customer.at(desk().url())
}
