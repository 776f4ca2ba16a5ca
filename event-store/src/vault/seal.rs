//! Sealing of a personal part. Bytes: format (1) | content mark (16) | nonce (12) | AES-256-GCM ciphertext and tag.
//!
//! The content mark is an HMAC of the plain text under the subject's key: it shows whether a repeated event has the same content
//! without opening it, and reveals nothing once the key is destroyed.
//! Invariant: the ciphertext is bound to event id, type and key id, so it cannot be moved to another event.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::event::SealedEvent;

const FORMAT: u8 = 1;
const MARK: usize = 16;
const NONCE: usize = 12;
const HEADER: usize = 1 + MARK + NONCE;

/// A data key and the keys derived from it; wiped when dropped.
pub struct DataKey {
    secret: Zeroizing<[u8; 32]>,
    seal: Aes256Gcm,
    mark: Hmac<Sha256>,
}

impl DataKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_secret(Zeroizing::new(rand::random()))
    }

    /// The key with these 32 bytes, as unwrapped by the vault or given in a test vector.
    #[must_use]
    pub fn from_secret(secret: Zeroizing<[u8; 32]>) -> Self {
        let seal_key = derive(&*secret, b"fiido-desk/seal/1");
        let mark_key = derive(&*secret, b"fiido-desk/mark/1");
        let mark = Hmac::new_from_slice(&*mark_key).expect("HMAC takes keys of any length");
        let seal = Aes256Gcm::new_from_slice(&*seal_key).expect("32 bytes are an AES-256 key");
        Self { secret, seal, mark }
    }

    /// A key made of another secret, for what is in no event; keys under other labels say nothing of it.
    #[must_use]
    pub fn derived(secret: &[u8], label: &[u8]) -> Self {
        Self::from_secret(derive(secret, label))
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn content_mark(&self, plain: &[u8]) -> [u8; MARK] {
        let full = self.mark.clone().chain_update(plain).finalize().into_bytes();
        let mut mark = [0; MARK];
        mark.copy_from_slice(&full[..MARK]);
        mark
    }
}

fn derive(secret: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Hkdf::<Sha256>::new(None, secret).expand(label, &mut *key).expect("32 bytes are one HKDF block");
    key
}

/// The additional authenticated data: event id, type and key id, each preceded by its length.
#[must_use]
pub fn binding(event: &SealedEvent, key_id: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for field in [event.event_id.as_bytes().as_slice(), event.event_type.as_bytes(), key_id.as_bytes()] {
        let length = u32::try_from(field.len()).expect("ids and types are short");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

/// Seals a plain text for one event.
#[must_use]
pub fn seal(key: &DataKey, binding: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = rand::random();
    let payload = Payload { msg: plain, aad: binding };
    let ciphertext = key.seal.encrypt(&nonce.into(), payload).expect("AES-GCM seals texts below 64 GiB");
    let mut sealed = Vec::with_capacity(HEADER + ciphertext.len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(&key.content_mark(plain));
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// The plain text; `None` if key, event and bytes do not belong together.
#[must_use]
pub fn open(key: &DataKey, binding: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (header, ciphertext) = sealed.split_at_checked(HEADER)?;
    let nonce: [u8; NONCE] = header[1 + MARK..].try_into().ok()?;
    let payload = Payload { msg: ciphertext, aad: binding };
    let plain = key.seal.decrypt(&nonce.into(), payload).ok()?;
    (header[0] == FORMAT && header[1..=MARK] == key.content_mark(&plain)).then_some(plain)
}

/// The keyed digest of the plain text in sealed bytes; `None` if they are too short to be any.
#[must_use]
pub fn content_mark(sealed: &[u8]) -> Option<&[u8]> {
    sealed.get(1..=MARK)
}

/// Whether sealed bytes contain this plain text.
#[must_use]
pub fn holds(key: &DataKey, sealed: &[u8], plain: &[u8]) -> bool {
    content_mark(sealed).is_some_and(|mark| mark == key.content_mark(plain))
}

/// Whether two parts sealed with the same key contain the same text, compared by their marks.
#[must_use]
pub fn same_sealed_content(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.get(..=MARK).is_some_and(|head| Some(head) == other.get(..=MARK)),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_only_where_it_belongs(plain: Vec<u8>, place: Vec<u8>, other: Vec<u8>) {
            let key = DataKey::generate();
            let sealed = seal(&key, &place, &plain);
            prop_assert_eq!(open(&key, &place, &sealed), Some(plain.clone()));
            prop_assert!(holds(&key, &sealed, &plain));
            prop_assert!(open(&DataKey::generate(), &place, &sealed).is_none());
            if other != place {
                prop_assert!(open(&key, &other, &sealed).is_none());
            }
        }

        #[test]
        fn a_changed_byte_never_opens(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8u8) {
            let key = DataKey::generate();
            let mut sealed = seal(&key, b"here", &plain);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(open(&key, b"here", &sealed).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(sealed: Vec<u8>) {
            prop_assert!(open(&DataKey::generate(), b"here", &sealed).is_none());
        }
    }
}
