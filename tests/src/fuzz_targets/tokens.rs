//! Tokens: of staff, of visitors, of the shop; and the shop's keys.

use std::sync::LazyLock;

use api::auth::{
    api_keys::{self, NewKey},
    identity::{IdentityKeys, IdentityTokens},
    staff_tokens::StaffTokens,
    visitor::VisitorTokens,
};
use domain::{AgentId, DeviceId, SignInId, VisitorId, agent::SignIn};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::text;
use crate::identity::{AUDIENCE, Key, key_set};

const SECRET: [u8; 32] = [7; 32];
const AGENT: AgentId = AgentId(Uuid::from_u128(1));
const SIGN_IN: SignInId = SignInId(Uuid::from_u128(2));
const VISITOR: VisitorId = VisitorId(Uuid::from_u128(3));
const CUSTOMER: &str = "4711";

static STAFF: LazyLock<StaffTokens> = LazyLock::new(|| StaffTokens::new(&[SECRET.to_vec(), vec![8; 32]]));
static KEY: LazyLock<NewKey> = LazyLock::new(NewKey::generate);
static VISITORS: LazyLock<VisitorTokens> = LazyLock::new(|| VisitorTokens::new(&[SECRET.to_vec(), vec![8; 32]]));
static SHOP: LazyLock<IdentityTokens> = LazyLock::new(|| {
    let keys = IdentityKeys::parse(key_set().to_string().as_bytes()).expect("the keys are good");
    IdentityTokens::new(AUDIENCE.to_owned(), keys)
});

/// Only what was signed here opens anything, whatever has become of its bytes.
pub(super) fn staff(bytes: &[u8]) -> bool {
    let Some(token) = text(bytes) else { return false };
    let (access, refresh) = (STAFF.check_access(token, signed_at()), STAFF.check_refresh(token, signed_at()));
    assert!(access.is_err() || refresh.is_err(), "one token is of one kind");
    if let Ok(said) = &access {
        assert_eq!((said.agent, said.sign_in), (AGENT, SIGN_IN));
    }
    if let Ok(said) = &refresh {
        assert_eq!((said.agent, said.sign_in, said.number), (AGENT, SIGN_IN, 4));
    }
    access.is_ok() || refresh.is_ok()
}

pub(super) fn staffs() -> Vec<Vec<u8>> {
    let now = signed_at();
    let expires_at = now + SignedDuration::from_hours(24);
    let device = Some(DeviceId(Uuid::from_u128(5)));
    let state = SignIn { device, since: now, number: 4, renewed_at: now, expires_at, exchanged: Vec::new() };
    let older = StaffTokens::new(&[vec![8; 32]]);
    [STAFF.access(AGENT, SIGN_IN, now), STAFF.refresh(AGENT, SIGN_IN, &state), older.access(AGENT, SIGN_IN, now)]
        .map(String::into_bytes)
        .to_vec()
}

/// A key names its program, and is that program's only with its very secret.
pub(super) fn api_key(bytes: &[u8]) -> bool {
    let Some((id, digest)) = text(bytes).and_then(api_keys::read) else { return false };
    let (own, secret) = (id == KEY.id, bytes == KEY.expose().as_bytes());
    assert_eq!(own && digest == KEY.digest, secret);
    true
}

pub(super) fn api_keys() -> Vec<Vec<u8>> {
    vec![KEY.expose().as_bytes().to_vec(), NewKey::generate().expose().as_bytes().to_vec()]
}

pub(super) fn visitor(bytes: &[u8]) -> bool {
    let Some(token) = text(bytes) else { return false };
    let found = VISITORS.check(token, signed_at());
    assert!(found.is_none_or(|token| token.visitor == VISITOR));
    found.is_some()
}

pub(super) fn visitors() -> Vec<Vec<u8>> {
    let older = VisitorTokens::new(&[vec![8; 32]]);
    [&*VISITORS, &older].map(|tokens| tokens.issue(VISITOR, false, signed_at()).token.into_bytes()).to_vec()
}

/// When all of them were signed, and are looked at.
fn signed_at() -> Timestamp {
    Timestamp::from_second(1_795_651_200).expect("it is a time")
}

pub(super) fn identity(bytes: &[u8]) -> bool {
    let Some(token) = text(bytes) else { return false };
    let found = SHOP.check(token, signed_at());
    if let Ok(good) = &found {
        assert_eq!((good.identity.profile.sub.as_str(), &*good.id.jti), (CUSTOMER, CUSTOMER));
    }
    found.is_ok()
}

pub(super) fn identities() -> Vec<Vec<u8>> {
    let now = signed_at().as_second();
    let least = json!({"aud": AUDIENCE, "sub": CUSTOMER, "exp": now + 300, "jti": CUSTOMER});
    let most = json!({
        "aud": [AUDIENCE, "other"], "sub": CUSTOMER, "iat": now, "nbf": now, "exp": f64::from(300) + 1_795_651_200.5,
        "jti": CUSTOMER, "name": "王小明", "email": "ming@example.com", "vip": true, "cart": {"items": [1, null]},
    });
    let both = |key: Key| [key.sign(&least), key.sign(&most)];
    Key::ALL.into_iter().flat_map(both).map(String::into_bytes).collect()
}

pub(super) fn identity_keys(bytes: &[u8]) -> bool {
    let parsed = IdentityKeys::parse(bytes);
    if let Err(error) = &parsed {
        assert!(!error.to_string().contains(&"5e".repeat(8)), "it tells nothing of a key");
    }
    parsed.is_ok()
}

pub(super) fn key_sets() -> Vec<Vec<u8>> {
    let one = Key::ALL.into_iter().map(|key| json!({"keys": [key.jwk()]}));
    one.chain([key_set(), json!({"keys": []})]).map(|set| set.to_string().into_bytes()).collect()
}
