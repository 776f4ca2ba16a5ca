//! The exemption of a copy: up to some position its times increase within each stream only, because several clocks wrote the log
//! that it is a copy of.
//!
//! Invariant: it only counts with a note signed by whoever made the copy; anybody who can write the database could claim it.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{CheckpointKey, PublicKey};
use crate::{
    event::Position,
    port::{Exemption, Identity},
};

impl Exemption {
    /// Signs it for a log.
    #[must_use]
    pub fn signed(rises_after: Position, log: Identity, key: &CheckpointKey) -> Self {
        let signature = key.signature(text(rises_after, log).as_bytes());
        Self { rises_after, note: Some(BASE64_STANDARD.encode(signature)), is_copy: true }
    }

    /// Whether the key has signed it for this log.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, log: Identity) -> bool {
        let signature = self.note.as_ref().and_then(|note| BASE64_STANDARD.decode(note).ok());
        signature.is_some_and(|signature| key.has_signed(text(self.rises_after, log).as_bytes(), &signature))
    }
}

/// The signed lines. No note begins so: a checkpoint's first line is the log's.
fn text(rises_after: Position, Identity { log_id, generation }: Identity) -> String {
    format!("fiido-desk/copy/1\n{log_id}\ngeneration {generation}\ntimes_rise_after {rises_after}\n")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_exemption_counts_only_as_it_was_signed() {
        let log = Identity { log_id: Uuid::from_u128(1), generation: 2 };
        let key = CheckpointKey::generate(log);
        let signed = Exemption::signed(Position(7), log, &key);
        assert!(signed.is_signed_by(key.public(), log));
        let further = Exemption { rises_after: Position(8), ..signed.clone() };
        assert!(!further.is_signed_by(key.public(), log));
        assert!(!signed.is_signed_by(key.public(), Identity { generation: 3, ..log }));
        assert!(!signed.is_signed_by(CheckpointKey::generate(log).public(), log));
        assert!(!Exemption { note: None, ..signed }.is_signed_by(key.public(), log));
    }
}
