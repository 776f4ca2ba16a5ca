//! Hashing and checking of passwords: Argon2id at its recommended costs (19 MiB, two passes), on threads of its own and few at
//! a time, so that many sign-ins at once do not slow other requests down. Which passwords are allowed is the domain's to say.
//!
//! Passwords are compared in NFKC (RFC 8265): two keyboards that send one letter in two ways open one account. Hashes from before
//! that are of the password as it was sent, so that is tried as well where it differs.
//!
//! Invariants: no password is kept, printed or logged; checking costs the same whether there is such an account or not.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    thread::available_parallelism,
    time::Duration,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use domain::{
    agent::{
        event::PasswordHash,
        password::{Unfit, fits},
    },
    text::{Username, form::compatible},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// Checks that may wait; more are refused with 503.
const QUEUE: usize = 64;

/// A password in plain text; wiped when dropped, and never printed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password as it was sent, to be compared; rules for new passwords do not apply.
    #[must_use]
    pub fn given(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The same, if an account of this name may have it.
    ///
    /// # Errors
    /// It is too short, too long, one of the most used, or holds the account's own name.
    pub fn fit_for(self, username: &Username) -> Result<Self, Unfit> {
        fits(self.expose(), username)?;
        Ok(self)
    }

    /// A random one.
    #[must_use]
    pub fn generate() -> Self {
        Self::given(hex::encode(rand::random::<[u8; 16]>()))
    }

    /// As it is hashed and compared.
    #[must_use]
    pub fn normal(&self) -> Self {
        Self::given(compatible(&self.0).into_owned())
    }

    /// To be written where only its owner reads.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign in at this moment")]
pub struct Busy;

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::unavailable("SIGN_IN_BUSY", "many are signing in at this moment; try again", Duration::from_secs(2))
    }
}

/// Hashes and checks, a few at a time.
pub struct Passwords {
    turns: Semaphore,
    queue: Semaphore,
    /// A hash to compare with where there is no account; made at the first sign-in, so that the start does not wait for it.
    nobodys: Arc<OnceLock<PasswordHash>>,
}

impl Passwords {
    /// One at a time for each core but one.
    #[must_use]
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let turns = cores.saturating_sub(1).max(1);
        Self { turns: Semaphore::new(turns), queue: Semaphore::new(QUEUE), nobodys: Arc::default() }
    }

    /// Hashes a password with a salt of its own.
    ///
    /// # Errors
    /// Too many wait already.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        self.take_turn(move || hash(password.normal().expose())).await
    }

    /// Whether it is the password behind this hash; without one it is wrong, and costs the same.
    ///
    /// # Errors
    /// Too many wait already.
    pub async fn is_right(&self, password: Password, expected: Option<&PasswordHash>) -> Result<bool, Busy> {
        let (expected, nobodys) = (expected.cloned(), self.nobodys.clone());
        let check = move || {
            let nobodys = nobodys.get_or_init(|| hash(Password::generate().expose()));
            let is_known = is_of(&password, expected.as_ref().unwrap_or(nobodys));
            is_known && expected.is_some()
        };
        self.take_turn(check).await
    }

    async fn take_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = self.queue.try_acquire().map_err(|_| Busy)?;
        let _turn = self.turns.acquire().await.map_err(|_| Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn hash(password: &str) -> PasswordHash {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    PasswordHash(hashed.expect("the costs are those that argon2 recommends").to_string())
}

fn is_of(password: &Password, expected: &PasswordHash) -> bool {
    let normal = password.normal();
    verify(normal.expose(), expected) || (normal.expose() != password.expose() && verify(password.expose(), expected))
}

/// The costs are those of the hash, so that they may be raised for new ones.
fn verify(password: &str, expected: &PasswordHash) -> bool {
    phc::PasswordHash::new(&expected.0)
        .is_ok_and(|expected| Argon2::default().verify_password(password.as_bytes(), &expected).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_password_is_refused() {
        let username = Username::parse("anna").expect("a good name");
        assert_eq!(Password::given("Password123".into()).fit_for(&username).err(), Some(Unfit::Common));
        assert!(Password::given("correct horse battery".into()).fit_for(&username).is_ok());
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", Password::given("secret words".into())), "Password(…)");
    }

    #[tokio::test]
    async fn only_the_right_password_matches_and_without_a_hash_none_does() {
        let passwords = Passwords::new();
        let given = |text: &str| Password::given(text.to_owned());
        let hashed = passwords.hash(given("correct horse")).await.expect("not busy");
        assert!(hashed.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hashed.0);
        assert_eq!(passwords.is_right(given("correct horse"), Some(&hashed)).await, Ok(true));
        assert_eq!(passwords.is_right(given("correct horsf"), Some(&hashed)).await, Ok(false));
        assert_eq!(passwords.is_right(given("correct horse"), None).await, Ok(false));
        let damaged = PasswordHash("$argon2id$".to_owned());
        assert_eq!(passwords.is_right(given("correct horse"), Some(&damaged)).await, Ok(false));
    }

    #[tokio::test]
    async fn a_password_is_the_same_in_each_unicode_form_and_old_hashes_still_open() {
        let passwords = Passwords::new();
        let given = |text: &str| Password::given(text.to_owned());
        let hashed = passwords.hash(given("cafe\u{301} au lait")).await.expect("not busy");
        for same in ["café au lait", "cafe\u{301} au lait", "ｃａｆé au lait"] {
            assert_eq!(passwords.is_right(given(same), Some(&hashed)).await, Ok(true), "{same}");
        }
        assert_eq!(passwords.is_right(given("cafe au lait"), Some(&hashed)).await, Ok(false));
        let old = hash("cafe\u{301} au lait");
        assert_eq!(passwords.is_right(given("cafe\u{301} au lait"), Some(&old)).await, Ok(true));
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let passwords = std::sync::Arc::new(Passwords::new());
        let asked = (0..QUEUE + 20).map(|_| {
            let passwords = passwords.clone();
            async move { passwords.take_turn(|| std::thread::sleep(Duration::from_millis(2))).await }
        });
        let answers = futures::future::join_all(asked).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 20);
    }
}
