//! What is signed for a token: every claim that the contract names, fresh for each request.

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::*;
use crate::coze::jwt::Signer;

const NOW: i64 = 1_720_000_000;

fn signer(key: &str) -> Signer {
    let app = app();
    Signer::new(app.client_id, app.public_key_id, key, "api.coze.cn".to_owned()).expect("the key can sign")
}

fn claims(session_name: &str) -> (jsonwebtoken::Header, Value) {
    let signer = signer(PRIVATE_KEY);
    let jwt = signer.sign(session_name, Timestamp::from_second(NOW).expect("a time")).expect("it can sign");
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).expect("it is a key");
    let mut validation = Validation::new(Algorithm::RS256);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let decoded = decode::<Value>(&jwt, &key, &validation).expect("the signature fits");
    (decoded.header, decoded.claims)
}

#[test]
fn the_claims_are_those_that_coze_asks_for() {
    let (header, claims) = claims("session-1");
    assert_eq!(
        (header.alg, header.typ.as_deref(), header.kid.as_deref()),
        (Algorithm::RS256, Some("JWT"), Some("kid-1"))
    );
    let names: BTreeSet<&str> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["iss", "aud", "iat", "exp", "jti", "session_name"]));
    assert_eq!((&claims["iss"], &claims["aud"]), (&"310000000002".into(), &"api.coze.cn".into()));
    assert_eq!(claims["session_name"], "session-1");
    let (iat, exp) = (claims["iat"].as_i64().expect("a number"), claims["exp"].as_i64().expect("a number"));
    assert!(NOW - 120 < iat && iat < NOW, "set back a little: {iat}");
    assert!(NOW < exp && exp <= iat + 3600, "{exp}");
}

#[test]
fn no_two_are_the_same() {
    let ids: BTreeSet<String> = (0..20).map(|_| claims("s").1["jti"].as_str().expect("a text").to_owned()).collect();
    assert_eq!(ids.len(), 20);
    assert!(ids.iter().all(|id| id.len() >= 32), "32 bytes at least");
}

#[test]
fn a_key_in_the_older_form_signs_as_well() {
    let key = include_str!("private_key_pkcs1.pem");
    let signer = signer(key);
    let one = signer.sign("s", Timestamp::UNIX_EPOCH).expect("it can sign");
    assert_ne!(one, signer.sign("s", Timestamp::UNIX_EPOCH).expect("it can sign"));
}
