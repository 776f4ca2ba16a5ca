//! The examples in `docs/examples` produce tokens that the server accepts.

use std::{path::Path, process::Command};

use super::*;

fn token_by(program: &str, example: &str, sub: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples").canonicalize().unwrap().join(example);
    let secret = Key::Secret.jwk()["k"].as_str().unwrap().to_owned();
    let mut command = Command::new(program);
    command.arg(path).arg(sub).env("IDENTITY_SECRET", secret).env("IDENTITY_KID", Key::Secret.kid());
    let output = command.output().unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn documented_identity_examples_are_accepted() {
    for (program, example) in [("python3", "identity_token.py"), ("node", "identity_token.mjs")] {
        let customer = desk().customer();
        let answer = ok(identify(&customer, &token_by(program, example, &fresh("sub"))).await).await;
        let expected = json!({"is_identified": true, "name": "王小明", "email": "ming@example.com", "vip": true});
        assert_eq!(answer["data"], expected, "{example}");
        assert_eq!(who(&customer).await, expected);
    }
}
