//! Invalid identity tokens are rejected, and claims are in no log line. `identity` tests every case of the checker.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use tests::identity::{forged, sign};

use super::*;

#[tokio::test]
async fn invalid_identity_tokens_are_rejected_and_record_nothing() {
    let customer = customer_with(&fresh("forged")).await;
    let now = jiff::Timestamp::now().as_second();
    let public = Key::Rsa.jwk()["n"].as_str().unwrap().to_owned();
    let confused = Header { kid: Some("shop-rsa".to_owned()), ..Header::new(Algorithm::HS256) };
    let unknown = Header { kid: Some("shop-9".to_owned()), ..Header::new(Algorithm::HS256) };
    let marked = || with(claims("marker-4711"), &json!({"name": "marker-name"}));
    let bad = [
        ("alg=none", forged(&json!({"alg": "none", "kid": "shop-rsa"}), &marked(), b"")),
        ("the public key as a secret", sign(&confused, &marked(), &EncodingKey::from_secret(public.as_bytes()))),
        ("another key", sign(&Key::Secret.header(), &marked(), &EncodingKey::from_secret(&[9; 32]))),
        ("an unknown key", sign(&unknown, &marked(), &Key::Secret.encoding())),
        ("expired", Key::Rsa.sign(&with(marked(), &json!({"exp": now - 120})))),
        ("lives too long", Key::Rsa.sign(&with(marked(), &json!({"exp": now + 3600})))),
        ("another audience", Key::Rsa.sign(&with(marked(), &json!({"aud": "desk-visitor"})))),
        ("no jti", Key::Rsa.sign(&with(marked(), &json!({"jti": null})))),
        ("too long", Key::Rsa.sign(&with(marked(), &json!({"cart": "x".repeat(8192)})))),
        ("a visitor token", customer.token().unwrap()),
        ("nothing", String::new()),
    ];
    for (what, token) in bad {
        let refused = problem(identify(&customer, &token).await, 401, "IDENTITY_TOKEN_INVALID").await;
        assert!(!refused.to_string().contains("marker"), "{what}: {refused}");
        let parts: Vec<&str> = token.split('.').filter(|part| part.len() > 20).collect();
        assert!(parts.iter().all(|part| !refused.to_string().contains(part)), "{what}: {refused}");
    }
    let nothing = customer.post("/api/customer/identify", &json!({})).await.unwrap();
    problem(nothing, 400, "INVALID_FIELD").await;
    assert_eq!(who(&customer).await["is_identified"], false);
    assert!(history(&visitor_of(&customer)).await.is_empty());
    super::super::assert_log_lacks("marker-");
}

#[tokio::test]
async fn identity_claims_are_stored_sealed_in_the_log_only() {
    let (customer, sub) = (customer_with(&fresh("sealed")).await, fresh("marker-sub"));
    let (name, email) = (fresh("marker-name"), "marker@example.com");
    let said = with(claims(&sub), &json!({"name": name, "email": email}));
    let jti = said["jti"].as_str().unwrap().to_owned();
    ok(identify(&customer, &Key::Secret.sign(&said)).await).await;
    let events = history(&visitor_of(&customer)).await;
    assert_eq!(events[0]["data"], json!({"vip": false}));
    assert_eq!(events[0]["personal"], json!({"sub": sub, "name": name, "email": email}));
    let data = std::fs::read(desk().data_dir().join("events.db-wal")).unwrap_or_default();
    for marker in [&*sub, &name, email, &jti] {
        super::super::assert_log_lacks(marker);
        assert!(!data.windows(marker.len()).any(|bytes| bytes == marker.as_bytes()), "{marker} is on disk in plain");
    }
}

#[tokio::test]
async fn an_invalid_optional_claim_is_dropped_and_logged_by_its_name() {
    let customer = customer_with(&fresh("tidied")).await;
    let said = json!({"sub": 4711, "name": "\u{202e}Ming\nWang", "email": "marker-no-address", "vip": "marker-yes"});
    ok(identify(&customer, &Key::Secret.sign(&with(claims("x"), &said))).await).await;
    let events = history(&visitor_of(&customer)).await;
    assert_eq!(
        (&events[0]["data"], &events[0]["personal"]),
        (&json!({"vip": false}), &json!({"sub": "4711", "name": "Ming Wang"}))
    );
    for claim in ["email", "vip"] {
        let said = desk().log_with(&format!("\"{claim}\""));
        let told = said.lines().any(|line| line.contains("cannot be kept") && line.contains(&format!("\"{claim}\"")));
        assert!(told, "{claim}: {said}");
    }
    super::super::assert_log_lacks("marker-no-address");
}

#[test]
fn start_with_readable_or_invalid_identity_keys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("identity-keys");
    write_keys(&keys);
    let start = || {
        let environment = vec![("DESK_IDENTITY_KEYS_FILE", keys.display().to_string())];
        Desk::start_refused(Setup { environment, ..Setup::default() })
    };
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (code, said) = start();
    assert!(code == Some(2) && said.contains("chmod 640"), "{code:?} {said}");
    std::fs::write(&keys, json!({"keys": [{"kty": "oct", "kid": "a", "alg": "none", "k": "secret-k"}]}).to_string())
        .unwrap();
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (code, said) = start();
    assert!(code == Some(2) && said.contains("key 1 of identity_keys_file needs an alg"), "{code:?} {said}");
    assert!(!said.contains("secret-k"), "{said}");
    std::fs::remove_file(&keys).unwrap();
    let (code, said) = start();
    assert!(code == Some(2) && said.contains("cannot be read"), "{code:?} {said}");
}

#[tokio::test]
async fn identity_tokens_are_rejected_without_keys() {
    let desk = Desk::start(Setup::default());
    problem(identify(&desk.customer(), &token_for("4711")).await, 401, "IDENTITY_TOKEN_INVALID").await;
}
