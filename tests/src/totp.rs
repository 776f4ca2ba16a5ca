//! One-time codes as an authenticator app makes them.

use totp_rs::{Builder, Secret};

/// The code of these 30 seconds since 1970.
///
/// # Panics
/// The secret is none.
#[must_use]
pub fn code(secret: &str, step: u64) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret in base32");
    let totp = Builder::new().with_secret(secret).build().expect("an app takes it");
    totp.generate(step * 30).to_string()
}
