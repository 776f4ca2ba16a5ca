//! What nodes say to each other: one line of JSON each, several in a notification.
//!
//! Invariant: a payload is shorter than the 8,000 bytes that PostgreSQL takes, and only ids stand in it in the clear.

use domain::{Incarnation, SessionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The channel that all nodes listen to.
pub(super) const COMMON: &str = "desk_ephemeral";
/// The longest payload, in bytes; PostgreSQL takes less than 8,000.
pub(super) const LONGEST: usize = 7_500;
/// Ids of sessions in one message: 39 bytes each.
const IDS: usize = 150;

/// The channel that one node alone listens to.
pub(super) fn channel_of(node: Incarnation) -> String {
    format!("{COMMON}_{}", node.0.simple())
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Message {
    /// Has begun to listen, and asks what others want.
    Hello { from: Incarnation },
    /// Somebody follows these sessions' answers there; with `whole` it has nothing of them yet.
    Wants { from: Incarnation, sessions: Vec<SessionId>, whole: bool },
    /// Frames of a session, in base64.
    Sealed { from: Incarnation, sealed: String },
    /// Frames of a session, in this row.
    Row { from: Incarnation, row: Uuid },
}

impl Message {
    /// One message at least, so that it says at any rate that the node is there.
    pub(super) fn wants(from: Incarnation, sessions: &[SessionId], whole: bool) -> Vec<Self> {
        let one = |sessions: &[SessionId]| Self::Wants { from, sessions: sessions.to_vec(), whole };
        if sessions.is_empty() {
            return vec![one(&[])];
        }
        sessions.chunks(IDS).map(one).collect()
    }

    pub(super) fn from(&self) -> Incarnation {
        match self {
            Self::Hello { from } | Self::Wants { from, .. } | Self::Sealed { from, .. } | Self::Row { from, .. } => {
                *from
            }
        }
    }

    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("it has string keys")
    }

    pub(super) fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// As few payloads as take these lines.
pub(super) fn packed(lines: Vec<String>) -> impl Iterator<Item = String> {
    let mut payloads: Vec<String> = Vec::new();
    for line in lines {
        match payloads.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= LONGEST => {
                last.push('\n');
                last.push_str(&line);
            }
            Some(_) | None => payloads.push(line),
        }
    }
    payloads.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_payload_is_longer_than_a_notification_takes_and_none_is_lost() {
        let sessions: Vec<SessionId> = (0..1000).map(|n| SessionId(Uuid::from_u128(n))).collect();
        let from = Incarnation(Uuid::from_u128(7));
        let wants = Message::wants(from, &sessions, true);
        let payloads: Vec<String> = packed(wants.iter().map(Message::line).collect()).collect();
        assert!(payloads.iter().all(|payload| payload.len() <= LONGEST));
        let read = payloads.iter().flat_map(|payload| payload.lines()).map(|line| Message::read(line).expect("ours"));
        let mut named = Vec::new();
        for message in read {
            let Message::Wants { sessions, whole: true, .. } = message else { panic!("{message:?}") };
            named.extend(sessions);
        }
        assert_eq!(named, sessions);
        assert_eq!(Message::wants(from, &[], false), [Message::Wants { from, sessions: Vec::new(), whole: false }]);
    }

    #[test]
    fn what_others_notify_is_none_of_ours() {
        for line in ["", "{}", "[]", r#"{"is":"hello"}"#, r#"{"is":"more","from":"x"}"#] {
            assert_eq!(Message::read(line), None, "{line}");
        }
    }
}
