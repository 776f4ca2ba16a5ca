//! API keys of programs: `fdk_<id>_<secret>`. The id names the program, so no search is needed; the secret has 256 random bits,
//! so a plain digest of it is enough.
//!
//! Invariant: a key is shown once, when it is made; after that only its digest exists.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{AgentId, agent::event::ApiKeyDigest};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What every key begins with: tools that look for leaked secrets know them by it.
const PREFIX: &str = "fdk_";
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A key as its program holds it; never printed.
pub struct NewKey {
    /// The program is known by it.
    pub id: AgentId,
    /// How it will be checked.
    pub digest: ApiKeyDigest,
    text: Zeroizing<String>,
}

impl NewKey {
    /// A random one.
    #[must_use]
    pub fn generate() -> Self {
        let id = AgentId(Uuid::new_v4());
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>());
        let text = Zeroizing::new(format!("{PREFIX}{}_{secret}", id.0.simple()));
        Self { id, digest: digest(&text), text }
    }

    /// To be shown this once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The program and digest of an API key; `None` if malformed.
#[must_use]
pub fn read(token: &str) -> Option<(AgentId, ApiKeyDigest)> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    let has_form = id.len() == 32 && secret.len() == SECRET_BYTES.div_ceil(3) * 4 - 1;
    let id = Uuid::try_parse(id).ok().filter(|_| has_form)?;
    Some((AgentId(id), digest(token)))
}

fn digest(text: &str) -> ApiKeyDigest {
    ApiKeyDigest(hex::encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_api_key_is_recognised_by_its_whole_text_alone() {
        let (one, other) = (NewKey::generate(), NewKey::generate());
        assert_eq!(read(one.expose()), Some((one.id, one.digest.clone())));
        assert_ne!(one.digest, other.digest);
        let mixed = format!("{}{}", &one.expose()[..37], &other.expose()[37..]);
        let (id, digest) = read(&mixed).expect("it has the form of a key");
        assert_eq!(id, one.id);
        assert!(digest != one.digest && digest != other.digest);
        assert!(!format!("{one:?}").contains(&one.expose()[37..]));
    }

    #[test]
    fn malformed_keys_are_none() {
        let key = NewKey::generate();
        let text = key.expose();
        for bad in [
            "",
            "fdk_",
            "fdk__",
            &text[4..],
            &text[..text.len() - 1],
            &format!("{text}x"),
            &text.replace("fdk_", "FDK_"),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_keys_do_not_panic(text: String, tail: String) {
            let _ = read(&text);
            let _ = read(&format!("{PREFIX}{tail}"));
        }
    }
}
