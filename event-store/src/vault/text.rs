//! Texts that are in no event, sealed with their subject's key as personal parts are: what travels between nodes.
//!
//! Invariant: a sealed text opens only at the place that it was sealed for, and never as an event's personal part.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::{PersonalPart, Unsealed, Vault, VaultError, key_id, seal};
use crate::event::Position;

/// A sealed text and the key that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedText {
    /// The key.
    pub key_id: Arc<str>,
    /// As [`seal`] makes them.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedText({}, {} bytes)", self.key_id, self.bytes.len())
    }
}

impl Vault {
    /// Seals a text for a place.
    ///
    /// # Errors
    /// The subject was erased, or the key store is unavailable.
    pub async fn seal_text(
        &self,
        part: &PersonalPart,
        place: &str,
        now: Timestamp,
    ) -> Result<SealedText, VaultError> {
        let key_id = key_id(part.subject, part.class, now);
        let key = self.key_for_sealing(part, &key_id, now).await?;
        let bytes = seal::seal(&key, &binding(place, &key_id), part.json.as_bytes());
        Ok(SealedText { key_id, bytes })
    }

    /// Opens a text that was sealed for this place.
    ///
    /// # Errors
    /// The key is missing without a tombstone, the master key is wrong, or the text is of another place or was changed.
    pub async fn open_text(&self, sealed: &SealedText, place: &str) -> Result<Unsealed, VaultError> {
        let Some(key) = self.stored_key(&sealed.key_id, Position::START).await? else { return Ok(Unsealed::Erased) };
        let plain = seal::open(&key, &binding(place, &sealed.key_id), &sealed.bytes);
        let text = plain.and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Unsealed::Known).ok_or(VaultError::Damaged(Position::START))
    }
}

/// An event's binding begins with a length of 16, that of its id.
fn binding(place: &str, key_id: &str) -> Vec<u8> {
    ["fiido-desk/sealed-text/1", place, key_id].join("\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::vault::KeyClass;

    #[tokio::test]
    async fn a_sealed_text_opens_at_its_place_alone_until_its_subject_is_erased() {
        let (vault, now) = (Vault::in_memory(), Timestamp::now());
        let part = PersonalPart { subject: Uuid::from_u128(1), class: KeyClass::Message, json: "\"hello\"".to_owned() };
        let sealed = vault.seal_text(&part, "here", now).await.expect("it is sealed");
        assert!(!sealed.bytes.windows(5).any(|bytes| bytes == b"hello"));
        let opened = vault.open_text(&sealed, "here").await.expect("it opens");
        assert!(opened == Unsealed::Known(part.json.clone()));
        let elsewhere = vault.open_text(&sealed, "there").await;
        assert!(matches!(elsewhere, Err(VaultError::Damaged(_))), "{elsewhere:?}");
        vault.erase_subject(part.subject, now).await.expect("it is erased");
        assert_eq!(vault.open_text(&sealed, "here").await.expect("there is a tombstone"), Unsealed::Erased);
        let refused = vault.seal_text(&part, "here", now).await;
        assert!(matches!(refused, Err(VaultError::SubjectErased(_))), "{refused:?}");
    }
}
