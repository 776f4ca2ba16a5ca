//! The checker of identity tokens. The routes that use it are tested in `http::customers`.

use api::auth::identity::{IdentityKeys, IdentityTokenError as Error, IdentityTokens, MAX_TOKEN_BYTES};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::identity::{AUDIENCE, Key, claims, forged, key_set, sign, with};

fn checker() -> IdentityTokens {
    IdentityTokens::new(AUDIENCE.to_owned(), IdentityKeys::parse(key_set().to_string().as_bytes()).unwrap())
}

fn now() -> Timestamp {
    Timestamp::now()
}

#[track_caller]
fn refused(token: &str, expected: Error) {
    let error = checker().check(token, now()).expect_err("it is not good");
    assert_eq!(error, expected);
}

#[track_caller]
fn refused_with(changes: &Value, expected: Error) {
    refused(&Key::Secret.sign(&with(claims("4711"), changes)), expected);
}

#[test]
fn identity_token_of_each_key_type_is_accepted() {
    for key in Key::ALL {
        let said = json!({"email": "ming@example.com", "name": "王小明", "vip": true, "iss": "shop", "cart": [1, 2]});
        let good = checker().check(&key.sign(&with(claims("4711"), &said)), now()).unwrap();
        let profile = good.identity.profile;
        assert_eq!(profile.sub.as_str(), "4711");
        assert_eq!(profile.email.unwrap().as_str(), "ming@example.com");
        assert_eq!(profile.name.unwrap().as_str(), "王小明");
        assert!(good.identity.vip);
    }
}

#[test]
fn missing_null_and_empty_claims_are_the_same() {
    let empty = with(claims("4711"), &json!({"email": "", "name": " "}));
    let mut null = claims("4711");
    for name in ["email", "name", "vip", "nbf"] {
        null[name] = Value::Null;
    }
    for said in [claims("4711"), empty, null] {
        let identity = checker().check(&Key::Ed25519.sign(&said), now()).unwrap().identity;
        assert_eq!((identity.profile.email, identity.profile.name, identity.vip), (None, None, false), "{said}");
    }
}

#[test]
fn unsigned_identity_token_is_rejected() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for kid in ["shop-secret", "shop-rsa"] {
            let header = json!({"alg": alg, "typ": "JWT", "kid": kid});
            refused(&forged(&header, &claims("4711"), b""), Error::Malformed);
        }
    }
    let unsigned = forged(&json!({"alg": "HS256", "kid": "shop-secret"}), &claims("4711"), b"");
    refused(&unsigned, Error::WrongSignature);
    refused(unsigned.trim_end_matches('.'), Error::Malformed);
}

#[test]
fn public_key_used_as_hmac_secret_is_rejected() {
    let jwk = Key::Rsa.jwk();
    let modulus = jwk["n"].as_str().unwrap();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, modulus).unwrap();
    for secret in [modulus.as_bytes(), &decoded, jwk.to_string().as_bytes()] {
        for kid in ["shop-rsa", "shop-ed25519"] {
            let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
            refused(&sign(&header, &claims("4711"), &EncodingKey::from_secret(secret)), Error::WrongAlgorithm);
        }
    }
}

#[test]
fn key_is_used_with_its_own_algorithm_only() {
    let others = [
        (Key::Secret, vec![Algorithm::HS384, Algorithm::HS512]),
        (Key::Rsa, vec![Algorithm::RS384, Algorithm::RS512, Algorithm::PS256]),
    ];
    for (key, algorithms) in others {
        for algorithm in algorithms {
            let header = Header { kid: Some(key.kid().to_owned()), ..Header::new(algorithm) };
            refused(&sign(&header, &claims("4711"), &key.encoding()), Error::WrongAlgorithm);
        }
    }
    for (named, signing) in [(Key::Secret, Key::Rsa), (Key::Rsa, Key::Ed25519), (Key::Ed25519, Key::Rsa)] {
        let header = Header { kid: Some(named.kid().to_owned()), ..Header::new(signing.algorithm()) };
        refused(&sign(&header, &claims("4711"), &signing.encoding()), Error::WrongAlgorithm);
    }
}

#[test]
fn keys_embedded_in_a_token_are_ignored() {
    let other = EncodingKey::from_secret(&[1; 32]);
    refused(&sign(&Key::Secret.header(), &claims("4711"), &other), Error::WrongSignature);
    for kid in ["shop-secret-2", "", "SHOP-SECRET", "shop-secret "] {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        refused(&sign(&header, &claims("4711"), &Key::Secret.encoding()), Error::UnknownKey);
    }
    refused(&sign(&Header::new(Algorithm::HS256), &claims("4711"), &Key::Secret.encoding()), Error::NoKey);
    let none = IdentityTokens::new(AUDIENCE.to_owned(), IdentityKeys::default());
    assert_eq!(none.check(&Key::Secret.sign(&claims("4711")), now()), Err(Error::UnknownKey));
}

#[test]
fn unknown_critical_header_is_rejected() {
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..Key::Secret.header() };
    refused(&sign(&header, &claims("4711"), &Key::Secret.encoding()), Error::Critical);
}

#[test]
fn signature_of_other_claims_is_rejected() {
    for key in Key::ALL {
        let (mine, theirs) = (key.sign(&claims("4711")), key.sign(&with(claims("4712"), &json!({"vip": true}))));
        let parts: Vec<&str> = mine.split('.').collect();
        let swapped = format!("{}.{}.{}", parts[0], theirs.split('.').nth(1).unwrap(), parts[2]);
        refused(&swapped, Error::WrongSignature);
    }
}

#[test]
fn identity_token_lifetime_is_ten_minutes_with_one_minute_of_skew() {
    let checker = checker();
    let at = |exp: i64| Key::Secret.sign(&with(claims("4711"), &json!({"exp": exp, "iat": null})));
    let now = now();
    let second = now.as_second();
    for (exp, expected) in [
        (second - 61, Some(Error::Expired)),
        (second - 59, None),
        (second + 659, None),
        (second + 662, Some(Error::ExpiresTooLate)),
        (second + 86_400, Some(Error::ExpiresTooLate)),
        (0, Some(Error::Expired)),
        (-1, Some(Error::Expired)),
        (i64::MAX, Some(Error::ExpiresTooLate)),
    ] {
        assert_eq!(checker.check(&at(exp), now).err(), expected, "{}", exp - second);
    }
    let token = at(second + 300);
    assert!(checker.check(&token, now).is_ok());
    assert_eq!(checker.check(&token, now + SignedDuration::from_secs(361)), Err(Error::Expired));
    let fractional = with(claims("4711"), &json!({"exp": second as f64 + 300.5}));
    assert!(checker.check(&Key::Secret.sign(&fractional), now).is_ok());
}

#[test]
fn identity_token_from_the_future_is_rejected() {
    let second = now().as_second();
    for claim in ["nbf", "iat"] {
        refused_with(&json!({ claim: second + 90 }), Error::InTheFuture(claim));
        let soon = Key::Secret.sign(&with(claims("4711"), &json!({ claim: second + 50 })));
        assert!(checker().check(&soon, now()).is_ok());
        refused_with(&json!({ claim: "now" }), Error::Type(claim, "a number of seconds"));
    }
}

#[test]
fn identity_token_for_another_audience_is_rejected() {
    for aud in [json!("another-desk"), json!(""), json!([]), json!(["a", "b"]), json!(7), json!({"fiido-desk": 1})] {
        refused_with(&json!({ "aud": aud }), Error::WrongAudience);
    }
    let for_several = with(claims("4711"), &json!({"aud": ["mail", AUDIENCE]}));
    assert!(checker().check(&Key::Rsa.sign(&for_several), now()).is_ok());
}

#[test]
fn missing_required_claim_is_named() {
    for claim in ["aud", "exp", "jti", "sub"] {
        refused_with(&json!({ claim: null }), Error::Missing(claim));
    }
    refused_with(&json!({"exp": "2030"}), Error::Type("exp", "a number of seconds"));
    let jti = Error::Type("jti", "a text of 1 to 255 characters");
    for wrong in [json!(""), json!(7), json!("j".repeat(256))] {
        refused_with(&json!({ "jti": wrong }), jti);
    }
    let sub = Error::Type("sub", "a text of 1 to 255 characters without white space around it");
    for wrong in [json!(47.11), json!(" 4711"), json!("4711\n")] {
        refused_with(&json!({ "sub": wrong }), sub);
    }
    for wrong in [json!(true), json!(["4711"]), json!({"id": 4711})] {
        let token = Key::Secret.sign(&with(claims("4711"), &json!({ "sub": wrong })));
        assert!(checker().check(&token, now()).is_err(), "{wrong}");
    }
    for (claim, wrong) in [("sub", ""), ("sub", "a\0b")] {
        let token = Key::Secret.sign(&with(claims("4711"), &json!({ claim: wrong })));
        let error = checker().check(&token, now()).unwrap_err();
        assert!(matches!(error, Error::Text(named, _) if named == claim), "{error}");
    }
    assert!(checker().check(&Key::Secret.sign(&claims(&"s".repeat(255))), now()).is_ok());
    let longest = with(claims("4711"), &json!({"jti": "j".repeat(255)}));
    assert!(checker().check(&Key::Secret.sign(&longest), now()).is_ok());
}

#[test]
fn a_number_as_the_customers_id_is_its_text() {
    for (sub, text) in [(json!(4711), "4711"), (json!(0), "0"), (json!(u64::MAX), "18446744073709551615")] {
        let good = checker().check(&Key::Secret.sign(&with(claims("x"), &json!({ "sub": sub }))), now()).unwrap();
        assert_eq!(good.identity.profile.sub.as_str(), text);
    }
}

#[test]
fn optional_claims_are_tidied_or_dropped_and_keep_nobody_out() {
    let long = "n".repeat(150);
    for (said, email, name, vip) in [
        (json!({"vip": "yes", "name": "Ming"}), None, Some("Ming"), false),
        (json!({"name": ["a"], "vip": true}), None, None, true),
        (json!({"email": "ming", "name": "\u{202e}Ming\r\n Wang\t\u{2069}"}), None, Some("Ming Wang"), false),
        (json!({"email": " \u{200e}ming@example.com\n"}), Some("ming@example.com"), None, false),
        (json!({"email": 5, "name": {"first": "Ming"}, "vip": 1}), None, None, false),
        (json!({"email": "a@b@c", "name": "\u{0}\u{202e}"}), None, None, false),
        (json!({ "name": long }), None, Some(&long[..100]), false),
        (json!({"email": format!("{long}@{long}.example")}), None, None, false),
    ] {
        let token = Key::Secret.sign(&with(claims("4711"), &said));
        let identity = checker().check(&token, now()).unwrap_or_else(|error| panic!("{said}: {error}")).identity;
        let profile = identity.profile;
        assert_eq!(profile.email.as_ref().map(|email| email.as_str()), email, "{said}");
        assert_eq!(profile.name.as_ref().map(|name| name.as_str()), name, "{said}");
        assert_eq!(identity.vip, vip, "{said}");
    }
}

#[test]
fn claims_that_are_no_object_are_rejected() {
    for wrong in [json!([1]), json!("text"), json!(7)] {
        refused(&Key::Secret.sign(&wrong), Error::NoClaims);
    }
}

#[test]
fn too_long_identity_token_is_rejected_unread() {
    let long = with(claims("4711"), &json!({"cart": "x".repeat(MAX_TOKEN_BYTES)}));
    refused(&Key::Secret.sign(&long), Error::TooLong);
    refused(&"x".repeat(MAX_TOKEN_BYTES + 1), Error::TooLong);
    refused(&"x".repeat(MAX_TOKEN_BYTES), Error::Malformed);
}

#[test]
fn identity_errors_quote_nothing_of_the_token() {
    let secret = "marker-7b1d";
    for changes in [
        json!({ "aud": secret }),
        json!({ "exp": secret }),
        json!({ "sub": format!("{secret}\n{secret}") }),
        json!({ "jti": [secret] }),
    ] {
        let error = checker().check(&Key::Secret.sign(&with(claims("4711"), &changes)), now()).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("marker"), "{said}");
    }
}

#[test]
fn unusable_identity_key_set_is_rejected() {
    let (secret, rsa, ed) = (Key::Secret.jwk(), Key::Rsa.jwk(), Key::Ed25519.jwk());
    let bad = [
        (with(secret.clone(), &json!({"kid": null})), "kid"),
        (with(secret.clone(), &json!({"kid": ""})), "kid"),
        (with(secret.clone(), &json!({"alg": null})), "alg"),
        (with(secret.clone(), &json!({"alg": "none"})), "alg"),
        (with(secret.clone(), &json!({"alg": "HS512"})), "alg"),
        (with(secret.clone(), &json!({"alg": "RS256"})), "kty"),
        (with(rsa.clone(), &json!({"alg": "HS256"})), "kty"),
        (with(ed.clone(), &json!({"alg": "RS256"})), "kty"),
        (with(ed.clone(), &json!({"crv": "P-256"})), "kty"),
        (with(secret.clone(), &json!({"k": "c2hvcnQ"})), "length"),
        (with(secret.clone(), &json!({"k": "not base64!"})), "base64url"),
        (with(rsa.clone(), &json!({"n": rsa["n"].as_str().unwrap()[..100]})), "length"),
        (with(ed.clone(), &json!({"x": "AAAA"})), "length"),
        (with(ed.clone(), &json!({"x": format!("{}AAAA", ed["x"].as_str().unwrap())})), "length"),
        (with(ed.clone(), &json!({"d": "AAAA"})), "private"),
        (with(rsa.clone(), &json!({"use": "enc"})), "use"),
    ];
    for (key, about) in bad {
        let error = IdentityKeys::parse(json!({"keys": [ed.clone(), key]}).to_string().as_bytes());
        let said = error.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.starts_with("key 2 of identity_keys_file ") && said.contains(about), "{said}, not {about}");
    }
    let twice = json!({"keys": [secret, with(rsa, &json!({"kid": "shop-secret"}))]}).to_string();
    assert!(IdentityKeys::parse(twice.as_bytes()).is_err());
    for no_set in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[7]}", "-----BEGIN PUBLIC KEY-----"] {
        assert!(IdentityKeys::parse(no_set.as_bytes()).is_err(), "{no_set}");
    }
    assert_eq!(IdentityKeys::parse(b"{\"keys\":[]}").unwrap().count(), 0);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}",
        (any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(|(header, claims, signature)| {
            let part = |bytes| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
            format!("{}.{}.{}", part(header), part(claims), part(signature))
        }),
        (prop::sample::select(&["HS256", "RS256", "EdDSA", "none", "ES256"]), 0..3_usize, any::<Vec<u8>>()).prop_map(
            |(alg, key, signature)| {
                let header = json!({"alg": alg, "kid": Key::ALL[key].kid()});
                forged(&header, &claims("4711"), &signature)
            }
        ),
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_never_a_valid_identity_token(text in any_text()) {
        prop_assert!(checker().check(&text, now()).is_err());
    }

    #[test]
    fn identity_token_with_any_byte_changed_is_rejected(key in 0..3_usize, at in any::<prop::sample::Index>(), to in any::<char>()) {
        let good = Key::ALL[key].sign(&claims("4711"));
        let at = at.index(good.len());
        let changed: String = good.chars().enumerate().map(|(n, c)| if n == at { to } else { c }).collect();
        prop_assume!(changed != good);
        prop_assert!(checker().check(&changed, now()).is_err());
        prop_assert!(checker().check(&good, now()).is_ok());
    }
}
