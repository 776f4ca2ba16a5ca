//! Where a session stands under a seed: the one function that shares and variants are drawn with.

use sha2::{Digest as _, Sha256};

use crate::id::SessionId;

/// A number from 0 to 99: of SHA-256 over the seed, a colon and the session's id (36 characters, lower case), the first eight
/// bytes as a big-endian number, times 100, divided by 2^64. Frozen: `docs/flags.md` shows it for those who check.
#[must_use]
pub fn bucket(seed: &str, session: SessionId) -> u32 {
    let digest = Sha256::new().chain_update(seed).chain_update(":").chain_update(session.to_string()).finalize();
    let first = digest.iter().take(8).fold(0, |number, byte| (number << 8) | u128::from(*byte));
    u32::try_from((first * 100) >> 64).expect("it is below 100")
}
