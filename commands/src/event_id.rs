//! Ids that make repeating safe: the same command under the same key, and the same reaction to the same cause, give the same
//! event ids, and the log stores an id once.

use event_store::Actor;
use uuid::Uuid;

/// The longest key that is taken, in bytes (as Zendesk's).
pub const MAX_KEY_BYTES: usize = 255;

/// What a client puts into `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses a header's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        (!text.trim().is_empty() && text.len() <= MAX_KEY_BYTES && visible).then(|| Self(text.to_owned()))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives ids to the events of one command, by their place among them.
#[derive(Debug, Clone)]
pub struct CommandId {
    log_id: Uuid,
    name: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Random,
    /// The same again brings the same ids, to the same stream.
    Keyed,
    /// The same again brings the same ids, to whichever stream.
    Once,
}

impl CommandId {
    /// A command under a client's key: UUIDv5 of (log id; actor, route, target, key, place).
    #[must_use]
    pub fn keyed(log_id: Uuid, actor: &Actor, route: &str, target: Uuid, key: &IdempotencyKey) -> Self {
        let fields = [actor.as_str().as_bytes(), route.as_bytes(), target.as_bytes(), key.0.as_bytes()];
        Self { log_id, name: joined(&fields), kind: Kind::Keyed }
    }

    /// A command without a key: safe only against our own retries.
    #[must_use]
    pub fn random(log_id: Uuid) -> Self {
        Self { log_id, name: Uuid::new_v4().as_bytes().to_vec(), kind: Kind::Random }
    }

    /// What a token allows once: UUIDv5 of (log id; what, for whom the token is, its number there).
    #[must_use]
    pub fn once(log_id: Uuid, what: &str, audience: &str, number: &str) -> Self {
        let name = joined(&[b"once", what.as_bytes(), audience.as_bytes(), number.as_bytes(), b""]);
        Self { log_id, name, kind: Kind::Once }
    }

    /// A step of the assistant's run: UUIDv5 of (kind of step, what it belongs to, number).
    #[must_use]
    pub fn reaction(log_id: Uuid, step: &str, cause: Uuid, number: u32) -> Self {
        let name = joined(&[step.as_bytes(), cause.as_bytes(), &number.to_be_bytes()]);
        Self { log_id, name, kind: Kind::Keyed }
    }

    /// A process manager's command: UUIDv5 of (process manager, cause, name of the action).
    #[must_use]
    pub fn caused(log_id: Uuid, process_manager: &str, cause: Uuid, action: &str) -> Self {
        let name = joined(&[b"caused", process_manager.as_bytes(), cause.as_bytes(), action.as_bytes()]);
        Self { log_id, name, kind: Kind::Keyed }
    }

    /// Whether a repeat of the command would bring the same ids.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.kind != Kind::Random
    }

    /// Whether the same ids may be tried in several streams, of which one may have them.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.kind == Kind::Once
    }

    /// The id of the event at this place, from 0.
    #[must_use]
    pub fn event(&self, place: usize) -> Uuid {
        self.derive(b"event", place)
    }

    /// The id of something that the command brings into being, like its message or its run.
    #[must_use]
    pub fn derive_id(&self, what: &str) -> Uuid {
        self.derive(what.as_bytes(), 0)
    }

    fn derive(&self, what: &[u8], place: usize) -> Uuid {
        let place = u64::try_from(place).expect("a command has few events").to_be_bytes();
        Uuid::new_v5(&self.log_id, &joined(&[&self.name, what, &place]))
    }
}

/// Each field behind its length, so that no two lists give the same bytes.
fn joined(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(fields.iter().map(|field| field.len() + 4).sum());
    for field in fields {
        let length = u32::try_from(field.len()).expect("fields of an id are short");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_gets_the_same_ids_and_any_other_does_not() {
        let (log_id, target, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let key = |text: &str| IdempotencyKey::parse(text).expect("a good key");
        let actor = |id: &str| Actor::new("customer", id);
        let ids = [
            CommandId::keyed(log_id, &actor("a"), "chat", target, &key("k1")),
            CommandId::keyed(log_id, &actor("a"), "chat", target, &key("k2")),
            CommandId::keyed(log_id, &actor("a"), "clear", target, &key("k1")),
            CommandId::keyed(log_id, &actor("b"), "chat", target, &key("k1")),
            CommandId::keyed(log_id, &actor("a"), "chat", other, &key("k1")),
            CommandId::keyed(other, &actor("a"), "chat", target, &key("k1")),
            CommandId::once(log_id, "identity_token", "desk", "k1"),
            CommandId::once(log_id, "identity_token", "desk", "k2"),
            CommandId::once(log_id, "identity_token", "deskk", "1"),
            CommandId::once(other, "identity_token", "desk", "k1"),
            CommandId::reaction(log_id, "run", target, 1),
            CommandId::reaction(log_id, "run", target, 2),
            CommandId::caused(log_id, "run", target, "retake"),
            CommandId::caused(log_id, "run", target, "take_up"),
            CommandId::caused(log_id, "run", other, "retake"),
            CommandId::caused(log_id, "idle", target, "retake"),
            CommandId::random(log_id),
            CommandId::random(log_id),
        ];
        let again = CommandId::keyed(log_id, &actor("a"), "chat", target, &key("k1"));
        assert_eq!(ids[0].event(0), again.event(0));
        let mut all: Vec<Uuid> =
            ids.iter().flat_map(|id| [id.event(0), id.event(1), id.derive_id("message")]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 3 * ids.len());
    }

    #[test]
    fn keys_are_visible_ascii_of_255_bytes_at_most() {
        assert!(IdempotencyKey::parse("0b6c-1").is_some());
        for bad in ["", "  ", "a\nb", "ключ", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad:?}");
        }
    }
}
