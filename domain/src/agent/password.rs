//! Which passwords are taken.
//!
//! Invariant: nothing here keeps or shows a password.

use sha2::{Digest as _, Sha256};

use crate::text::{Username, form::compatible};

/// The shortest, in characters (design 8).
pub const MIN_CHARS: usize = 10;
/// The longest, in bytes: more is not a password but an attempt to keep the hash busy.
pub const MAX_BYTES: usize = 1_024;
/// An account's name of so many letters must not be part of its password; shorter ones are part of too many words.
const MIN_NAME_CHARS: usize = 4;
/// The 100,000 passwords that are used most among those long enough to be taken: the first bytes of each one's SHA-256, in order. Where
/// they are from, and under which licence, stands in `common_passwords.md`.
const COMMON: &[u8] = include_bytes!("common_passwords.bin");
/// Bytes of a digest that are kept.
const DIGEST_BYTES: usize = 5;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is too short.
    #[error("must have at least {MIN_CHARS} characters")]
    TooShort,
    /// It is too long.
    #[error("must have at most {MAX_BYTES} bytes")]
    TooLong,
    /// Everybody's first guess.
    #[error(
        "is one of the passwords that are tried first; choose another, for example four words that have nothing in common"
    )]
    Common,
    /// It says whose it is.
    #[error("must not contain the account's own name")]
    OwnName,
}

/// Whether an account of this name may have this password.
///
/// # Errors
/// It is too short, too long, one of the most used, or holds the account's own name. All of it in NFKC, as passwords are compared.
pub fn fits(password: &str, username: &Username) -> Result<(), Unfit> {
    let password = compatible(password);
    if password.chars().count() < MIN_CHARS {
        return Err(Unfit::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(Unfit::TooLong);
    }
    let lower = password.to_lowercase();
    if is_common(&lower) {
        return Err(Unfit::Common);
    }
    let name = compatible(username.as_str());
    let is_own = name.chars().count() >= MIN_NAME_CHARS && lower.contains(&*name);
    if is_own { Err(Unfit::OwnName) } else { Ok(()) }
}

fn is_common(lower: &str) -> bool {
    let digest = Sha256::digest(lower);
    let (all, _) = COMMON.as_chunks::<DIGEST_BYTES>();
    all.binary_search_by(|one| one[..].cmp(&digest[..DIGEST_BYTES])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(password: &str) -> Result<(), Unfit> {
        fits(password, &Username::parse("anna").expect("a good name"))
    }

    #[test]
    fn common_passwords_are_a_hundred_thousand_in_order() {
        let (all, rest) = COMMON.as_chunks::<DIGEST_BYTES>();
        assert!(all.len() > 100_000 && rest.is_empty() && all.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn short_common_and_own_names_are_not_taken() {
        assert_eq!(tried("abcdefghi"), Err(Unfit::TooShort));
        assert_eq!(tried("电电电电电电电电电"), Err(Unfit::TooShort), "characters count, not bytes");
        for common in ["1234567890", "Password123", "qwertyuiop", "Iloveyou12", "manchesterunited", "0.00000000"] {
            assert_eq!(tried(common), Err(Unfit::Common), "{common}");
        }
        assert_eq!(tried("Anna-is-the-best"), Err(Unfit::OwnName));
        assert_eq!(tried("Ａｎｎａ-is-the-best"), Err(Unfit::OwnName), "in whatever width");
        assert_eq!(tried("ｐａｓｓｗｏｒｄ１２３"), Err(Unfit::Common));
        let short = |password| fits(password, &Username::parse("li").expect("a good name"));
        assert_eq!(short("lively liaison lilac"), Ok(()), "three letters are part of too many words");
        assert_eq!(tried(&"x".repeat(1_025)), Err(Unfit::TooLong));
        assert_eq!(tried("correct horse battery"), Ok(()));
    }
}
