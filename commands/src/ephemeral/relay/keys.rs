//! Seals frames for the other nodes. A database has no permissions for its channels: each of its roles may listen and notify.
//!
//! Invariant: what no node has sealed opens nowhere.

use domain::SessionId;
use event_store::vault::seal::{self, DataKey};

use super::super::Frame;

const LABEL: &[u8] = b"fiido-desk/ephemeral/1";

/// The keys that the nodes have in common, made of those that sign tokens: the first seals, all open.
pub struct FrameKeys(Vec<DataKey>);

impl FrameKeys {
    /// Keys made of these secrets, of which there is at least one.
    #[must_use]
    pub fn of(secrets: &[Vec<u8>]) -> Self {
        Self(secrets.iter().map(|secret| DataKey::derived(secret, LABEL)).collect())
    }

    pub(super) fn seal(&self, session: SessionId, frames: &[Frame]) -> Vec<u8> {
        let json = serde_json::to_vec(&(session, frames)).expect("it has string keys");
        seal::seal(self.0.first().expect("there is at least one key"), LABEL, &json)
    }

    /// `None` where none of our keys has sealed it.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<(SessionId, Vec<Frame>)> {
        let json = self.0.iter().find_map(|key| seal::open(key, LABEL, sealed))?;
        serde_json::from_slice(&json).ok()
    }
}

#[cfg(test)]
mod tests {
    use domain::AgentId;
    use uuid::Uuid;

    use super::*;
    use crate::ephemeral::{Activity, Participant};

    fn keys(secrets: &[u8]) -> FrameKeys {
        FrameKeys::of(&secrets.iter().map(|byte| vec![*byte; 32]).collect::<Vec<_>>())
    }

    #[test]
    fn frames_open_under_any_of_the_common_keys_and_no_other() {
        let (session, agent) = (SessionId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)));
        let frames = [Frame::Activity(Activity::Typing { by: Participant::Agent(agent), is_typing: true })];
        let sealed = keys(&[1]).seal(session, &frames);
        assert!(!sealed.windows(6).any(|bytes| bytes == b"typing"));
        assert!(keys(&[2, 1]).open(&sealed) == Some((session, frames.to_vec())), "a new key was put in front");
        assert!(keys(&[2]).open(&sealed).is_none());
        let mut changed = sealed;
        *changed.last_mut().expect("it is not empty") ^= 1;
        assert!(keys(&[1]).open(&changed).is_none());
        assert!(keys(&[1]).open(b"").is_none());
    }
}
