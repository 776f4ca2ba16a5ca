//! Sealing of texts that stand in a row of a database and in no event: what may be changed and removed, and yet is gone with the
//! person whose keys seal it.
//!
//! Invariant: the ciphertext is bound to its place and key, and under a label of its own, so it opens in no other row and in no
//! event.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{PersonalPart, Unsealed, Vault, VaultError, key_id, keys::KeyRecord, seal};
use crate::event::Position;

const LABEL: &[u8] = b"fiido-desk/row/1";

/// A sealed text.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Id of the key.
    pub key_id: Arc<str>,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for SealedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedRow").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Vault {
    /// Seals a text for a place, like a row's key as bytes.
    ///
    /// # Errors
    /// The subject was erased, or the key store is unavailable.
    pub async fn seal_row(&self, place: &[u8], part: &PersonalPart, now: Timestamp) -> Result<SealedRow, VaultError> {
        let key_id = key_id(part.subject, part.class, now);
        let key = self.key_for_sealing(part, &key_id, now).await?;
        let bytes = seal::seal(&key, &binding(place, &key_id), part.json.as_bytes());
        Ok(SealedRow { key_id, bytes })
    }

    /// Opens the text of a place.
    ///
    /// # Errors
    /// The key is missing without a tombstone, the master key is wrong, or the bytes are damaged.
    pub async fn open_row(&self, place: &[u8], row: &SealedRow) -> Result<Unsealed, VaultError> {
        let Some(key) = self.stored_key(&row.key_id, Position::START).await? else {
            return Ok(Unsealed::Erased);
        };
        let plain = seal::open(&key, &binding(place, &row.key_id), &row.bytes);
        let text = plain.and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Unsealed::Known).ok_or(VaultError::Damaged(Position::START))
    }

    /// Fetches these keys at once, so that opening rows needs no query for each; answers those that were destroyed.
    ///
    /// # Errors
    /// The key store is unavailable, or the master key is wrong.
    pub async fn fetch_row_keys(&self, key_ids: BTreeSet<Arc<str>>) -> Result<Vec<Arc<str>>, VaultError> {
        let missing: Vec<Arc<str>> = key_ids.into_iter().filter(|id| !self.unwrapped.contains_key(id)).collect();
        let mut destroyed = Vec::new();
        for (key_id, record) in self.keys.get_many(&missing).await? {
            match record {
                KeyRecord::Wrapped(wrapped) => drop(self.unwrap(&key_id, &wrapped).await?),
                KeyRecord::Destroyed => destroyed.push(key_id),
            }
        }
        Ok(destroyed)
    }
}

/// The additional authenticated data: label, place and key id, each preceded by its length.
fn binding(place: &[u8], key_id: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    for field in [LABEL, place, key_id.as_bytes()] {
        let length = u32::try_from(field.len()).expect("places and ids are short");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use uuid::Uuid;

    use super::{super::KeyClass, *};

    #[tokio::test]
    async fn a_row_opens_in_its_place_until_its_subject_is_erased() {
        let (vault, now) = (Vault::in_memory(), Timestamp::UNIX_EPOCH);
        let part = PersonalPart { subject: Uuid::from_u128(1), class: KeyClass::Note, json: "draft".to_owned() };
        let row = vault.seal_row(b"here", &part, now).await.unwrap();
        assert_eq!(&*row.key_id, "00000000-0000-0000-0000-000000000001/note/1970-01");
        assert_eq!(vault.open_row(b"here", &row).await.unwrap(), Unsealed::Known("draft".to_owned()));
        assert!(matches!(vault.open_row(b"there", &row).await, Err(VaultError::Damaged(_))));

        vault.erase_subject(part.subject, now).await.unwrap();
        assert_eq!(vault.open_row(b"here", &row).await.unwrap(), Unsealed::Erased);
        let destroyed = vault.fetch_row_keys(BTreeSet::from([row.key_id.clone()])).await.unwrap();
        assert_eq!(destroyed, [row.key_id]);
        assert!(matches!(vault.seal_row(b"here", &part, now).await, Err(VaultError::SubjectErased(_))));
    }
}
