//! Which of the server's streams are ours: exactly those with names of the forms that the program makes, for other programs may name
//! theirs alike (`session-foreign`).
//!
//! Invariant: what is appended goes to such a stream, and what the filters of `$all` let through is in such a stream; whatever stands
//! in one and is not ours is damage.

use uuid::Uuid;

use super::read::IDENTITY;
use crate::event::StreamName;

/// Kinds of streams that are named after an id.
const WITH_ID: [&str; 3] = ["session", "agent", "customer"];
/// The kind that is named after an id and a day.
const WITH_ID_AND_DAY: &str = "access";
/// The kind that is named after a topic.
const WITH_TOPIC: &str = "settings";
const TOPICS: [&str; 6] = ["policy", "calendar", "flags", "quick_replies", "budgets", "log"];
/// The topic that there is for each id as well.
const TOPIC_WITH_ID: &str = "quick_replies";

const UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/// Whether a name has a form that the program makes.
#[must_use]
pub fn is_ours(stream: &StreamName) -> bool {
    let Some((kind, rest)) = stream.as_str().split_once('-') else { return false };
    match kind {
        WITH_TOPIC => TOPICS.contains(&rest) || rest.strip_prefix(TOPIC_WITH_ID).is_some_and(is_dash_and_id),
        WITH_ID_AND_DAY => rest.rsplit_once('-').is_some_and(|(id, day)| is_id(id) && is_day(day)),
        kind => WITH_ID.contains(&kind) && is_id(rest),
    }
}

fn is_dash_and_id(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(is_id)
}

/// As we write it, which is one of several ways to write a UUID.
fn is_id(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text)
}

fn is_day(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Matches our streams and the identity.
pub(super) fn events_regex() -> String {
    format!("^(?:{}|{})$", IDENTITY.replace('.', "\\."), ours())
}

/// Matches the metadata streams of our streams.
pub(super) fn metadata_regex() -> String {
    format!("^\\$\\$(?:{})$", ours())
}

fn ours() -> String {
    let (kinds, topics) = (WITH_ID.join("|"), TOPICS.join("|"));
    format!("(?:{kinds})-{UUID}|{WITH_ID_AND_DAY}-{UUID}-[0-9]{{8}}|{WITH_TOPIC}-(?:{topics}|{TOPIC_WITH_ID}-{UUID})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_the_program_makes_are_ours() {
        let is_ours = |name: &str| StreamName::parse(name).is_ok_and(|stream| is_ours(&stream));
        let id = "0d9c2e5a-7f7e-4e1c-9d3b-2f6a1c9e8b7d";
        for name in [
            format!("session-{id}"),
            format!("agent-{id}"),
            format!("customer-{id}"),
            format!("access-{id}-20261130"),
            "settings-policy".to_owned(),
            "settings-log".to_owned(),
            format!("settings-quick_replies-{id}"),
        ] {
            assert!(is_ours(&name), "{name}");
        }
        for name in [
            "session-foreign".to_owned(),
            format!("session-{id}0"),
            format!("session-{}", id.replace('-', "")),
            format!("session-{id}-20261130"),
            format!("order-{id}"),
            format!("access-{id}"),
            format!("access-{id}-2026113"),
            format!("access-{id}-2026-11-30"),
            "settings-theirs".to_owned(),
            "settings-quick_replies-theirs".to_owned(),
            format!("settings-policy-{id}"),
        ] {
            assert!(!is_ours(&name), "{name}");
        }
    }
}
