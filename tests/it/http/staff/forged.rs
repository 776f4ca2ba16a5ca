//! Nearly valid tokens, signed with the real keys: another algorithm, audience or kind, too long, or in the wrong place. Each test
//! also uses a valid token, so that the others are rejected for their one flaw.

use domain::agent::Role;
use hkdf::Hkdf;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{
    desk::Staff,
    identity::{forged, sign, with as changed},
};

use super::{Member, desk, login, ok, token};
use crate::http::{customer_with, fresh, problem};

/// The content of `token-key`.
fn secret() -> Vec<u8> {
    hex::decode(std::fs::read_to_string(desk().data_dir().join("token-key")).unwrap().trim()).unwrap()
}

/// The signing key of staff tokens.
fn staffs_key() -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, &secret()).expand(b"fiido-desk/staff-token/1", &mut key).unwrap();
    key
}

/// Header and claims of a token.
fn parts(token: &str) -> (Value, Value) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = |place| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap());
    (part(0).unwrap(), part(1).unwrap())
}

async fn good() -> String {
    token(&ok(login(&Member::with_role(Role::Admin).await.credentials()).await).await)
}

async fn is_refused(token: &str, what: &str) {
    let staff = Staff::new(desk().url(), token.to_owned());
    for path in ["/api/agents", "/api/events", "/api/agent/profile"] {
        let refused = staff.get(path).await.unwrap();
        assert_eq!(refused.status(), 401, "{what} on {path}");
        problem(refused, 401, "UNAUTHORIZED").await;
    }
}

const ALGORITHMS: [&str; 14] = [
    "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "EdDSA", "hs256",
    "HS256 ",
];

#[tokio::test]
async fn staff_tokens_with_another_algorithm_get_401() {
    let good = good().await;
    let (header, claims) = parts(&good);
    let kid = header["kid"].as_str().unwrap().to_owned();
    let signed = |algorithm| {
        let header = Header { kid: Some(kid.clone()), ..Header::new(algorithm) };
        sign(&header, &claims, &EncodingKey::from_secret(&staffs_key()))
    };
    ok(Staff::new(desk().url(), signed(Algorithm::HS256)).get("/api/agents").await.unwrap()).await;
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        is_refused(&signed(algorithm), &format!("{algorithm:?} under the right key")).await;
    }
    let signature = good.rsplit('.').next().unwrap();
    for algorithm in ALGORITHMS {
        let named = forged(&changed(header.clone(), &json!({"alg": algorithm})), &claims, b"");
        is_refused(&named, &format!("{algorithm:?} without a signature")).await;
        is_refused(&format!("{named}{signature}"), &format!("{algorithm:?} with the signature of another")).await;
    }
    let key_of_its_own =
        json!({"jwk": {"kty": "oct", "k": "AAAA"}, "jku": "https://evil.example", "kid": "../token-key"});
    let (header, key) = (changed(header, &key_of_its_own), EncodingKey::from_secret(&[0; 3]));
    is_refused(&forged(&header, &claims, b""), "a key of its own").await;
    is_refused(
        &sign(&Header { kid: Some("../token-key".to_owned()), ..Header::default() }, &claims, &key),
        "another kid",
    )
    .await;
}

#[tokio::test]
async fn staff_tokens_with_another_audience_get_401() {
    let (header, claims) = parts(&good().await);
    let header = Header { kid: header["kid"].as_str().map(str::to_owned), ..Header::default() };
    let with =
        |changes: &Value| sign(&header, &changed(claims.clone(), changes), &EncodingKey::from_secret(&staffs_key()));
    let staff = Staff::new(desk().url(), with(&json!({"iat": 1})));
    ok(staff.get("/api/agents").await.unwrap()).await;
    for audience in
        ["desk-visitor", "desk-staff-refresh", "fiido-desk", "desk-staf", "desk-staff ", "DESK-STAFF", "*", ""]
    {
        is_refused(&with(&json!({"aud": audience})), audience).await;
    }
    for missing in ["aud", "sub", "sid", "exp"] {
        is_refused(&with(&json!({missing: null})), missing).await;
    }
    for (claim, value) in [("sub", json!("admin")), ("sid", json!(1)), ("exp", json!("9999999999")), ("exp", json!(-1))]
    {
        let staff = Staff::new(desk().url(), with(&json!({claim: value})));
        assert_eq!(staff.get("/api/agents").await.unwrap().status(), 401, "{claim} {value}");
    }
}

#[tokio::test]
async fn visitor_tokens_with_another_algorithm_or_audience_get_401() {
    let session = fresh("forged");
    let customer = customer_with(&session).await;
    let good = customer.token().unwrap();
    let (_, claims) = parts(&good);
    let path = format!("{}/api/sessions/{session}/events", desk().url());
    let ask = |token: String| tests::http_client::client().get(&path).bearer_auth(token).send();
    let signed = |algorithm, changes: &Value| {
        sign(&Header::new(algorithm), &changed(claims.clone(), changes), &EncodingKey::from_secret(&secret()))
    };
    assert_eq!(ask(signed(Algorithm::HS256, &json!({"x": 1}))).await.unwrap().status(), 200);
    let exp = Timestamp::now().as_second() - 1;
    for (what, token) in [
        ("HS384", signed(Algorithm::HS384, &json!({}))),
        ("HS512", signed(Algorithm::HS512, &json!({}))),
        ("staff's audience", signed(Algorithm::HS256, &json!({"aud": "desk-staff"}))),
        ("the shop's audience", signed(Algorithm::HS256, &json!({"aud": "fiido-desk"}))),
        ("no audience", signed(Algorithm::HS256, &json!({"aud": null}))),
        ("no subject", signed(Algorithm::HS256, &json!({"sub": null}))),
        ("expired", signed(Algorithm::HS256, &json!({"exp": exp}))),
        ("staff's key", sign(&Header::default(), &claims, &EncodingKey::from_secret(&staffs_key()))),
        ("alg=none", forged(&json!({"alg": "none"}), &claims, b"")),
    ] {
        let refused = ask(token).await.unwrap();
        assert_eq!(refused.status(), 401, "{what}");
        problem(refused, 401, "UNAUTHORIZED").await;
    }
}

#[tokio::test]
async fn invalid_tokens_of_any_length_get_401() {
    let good = good().await;
    let customer = customer_with(&fresh("long")).await;
    for bytes in [4_097, 8_192, 20_000, 30_000] {
        let long = format!("{good}{}", "A".repeat(bytes - good.len()));
        is_refused(&long, &format!("{bytes} bytes")).await;
        let visitor = format!("{}{}", customer.token().unwrap(), "A".repeat(bytes));
        let as_bearer =
            tests::http_client::client().get(format!("{}/api/customer", desk().url())).bearer_auth(&visitor);
        problem(as_bearer.send().await.unwrap(), 401, "UNAUTHORIZED").await;
        let as_cookie = tests::http_client::client().get(format!("{}/api/customer", desk().url()));
        let as_cookie = as_cookie.header("Cookie", format!("desk_visitor={visitor}")).send().await.unwrap();
        assert_eq!(ok(as_cookie).await["data"]["is_identified"], false, "a cookie that is no good is as none");
    }
    let too_long = Staff::new(desk().url(), "A".repeat(40_000)).get("/api/agents").await.unwrap();
    problem(too_long, 431, "HEAD_TOO_LARGE").await;
    ok(Staff::new(desk().url(), good).get("/api/agents").await.unwrap()).await;
}

#[tokio::test]
async fn tokens_are_accepted_only_in_their_own_header_or_cookie() {
    let good = good().await;
    let ask = |path: &str| tests::http_client::client().get(format!("{}{path}", desk().url()));
    let elsewhere: [(&str, RequestBuilder); 8] = [
        ("in the visitor's cookie", ask("/api/agents").header("Cookie", format!("desk_visitor={good}"))),
        ("in a cookie", ask("/api/agents").header("Cookie", format!("access_token={good}; token={good}"))),
        ("in the query", ask(&format!("/api/agents?access_token={good}&token={good}"))),
        ("in the visitor's header", ask("/api/agents").header("X-Visitor-Token", &good)),
        ("in a header of its own", ask("/api/agents").header("X-Access-Token", &good)),
        ("as a password", ask("/api/agents").basic_auth("admin", Some(&good))),
        ("without a scheme", ask("/api/agents").header("Authorization", &good)),
        ("after another", ask("/api/agents").header("Authorization", format!("Bearer x, Bearer {good}"))),
    ];
    for (what, request) in elsewhere {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 401, "{what}");
        problem(refused, 401, "UNAUTHORIZED").await;
    }
    assert_eq!(
        ask("/api/agents").header("Authorization", format!("bEARER {good}")).send().await.unwrap().status(),
        200
    );
}
