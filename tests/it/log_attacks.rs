//! A table of attacks on logs: by SQL on copies, by raw bytes, by forks and rollbacks. For each, `desk-replay verify` and the Python
//! verifier written from the documentation agree on verdict, exit code and position or range; and where a position or a range is
//! stated, it holds the first position at which the log is not the one that was written.

mod bytes;
mod table;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use event_store::{Position, RecordedEvent, StreamName};
use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, sqlite::SqliteConnectOptions};

use crate::checkpoint_attacks::{Elsewhere, Shop, desk_replay};

/// Which checkpoints the auditor has kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notes {
    None,
    Newest,
    All,
}

/// A changed log, and what is known of it.
struct Attack {
    name: String,
    path: PathBuf,
    notes: Notes,
    restored_at: Option<u64>,
    /// The exit code, and the positions of which one is the first bad one.
    expected: (u8, Option<(u64, u64)>),
}

/// What a verifier said: its exit code, and the place in words.
type Said = (u8, String);

/// The place as both verifiers write it; empty where none is stated.
fn in_words(place: Option<(u64, u64)>) -> String {
    match place {
        None => String::new(),
        Some((0, 0)) => "the log's own record is bad".to_owned(),
        Some((from, to)) if from == to => format!("first bad position {to}"),
        Some((from, to)) => format!("first bad position one of {from} to {to}"),
    }
}

fn arguments(elsewhere: &Elsewhere, notes: Notes, restored_at: Option<u64>) -> Vec<String> {
    let mut arguments = match notes {
        Notes::None => return Vec::new(),
        Notes::Newest => vec!["--checkpoint".to_owned(), elsewhere.note(200)],
        Notes::All => vec!["--checkpoint".to_owned(), elsewhere.notes()],
    };
    arguments.extend(["--key".to_owned(), elsewhere.text("checkpoint-key.pub")]);
    arguments.extend(restored_at.into_iter().flat_map(|at| ["--restored-at".to_owned(), at.to_string()]));
    arguments
}

/// What `desk-replay verify` says.
async fn ours(path: &Path, more: &[String]) -> Said {
    let base = ["--json", "--store", path.to_str().unwrap(), "verify"];
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let said = desk_replay(&[&base[..], &more].concat()).await;
    let code = [0, 1, 2].into_iter().find(|code| said.code == ExitCode::from(*code)).unwrap();
    let place = match serde_json::from_str::<Value>(&said.out) {
        Ok(report) if report["first_flaw"].is_object() => {
            let bound = |name: &str| report["first_flaw"][name].as_u64().unwrap();
            Some((bound("from"), bound("to")))
        }
        Ok(_) | Err(_) => None,
    };
    (code, in_words(place))
}

/// What the Python verifier says of each of several logs.
fn second_opinions(paths: &[&Path], more: &[String]) -> Vec<Said> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/verify_log.py");
    // A second log, so that there is a line for each.
    let output = Command::new("python3").arg(script).args(paths).arg("/nowhere").args(more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), paths.len() + 1, "{text}{}", String::from_utf8_lossy(&output.stderr));
    lines[..paths.len()].iter().map(|line| said_in(line)).collect()
}

fn said_in(line: &str) -> Said {
    let (code, said) = line.split_once(' ').unwrap();
    let place = said.split(": ").next().unwrap();
    let is_place = place.starts_with("first bad position") || place.starts_with("the log's own record");
    (code.parse().unwrap(), if is_place { place.to_owned() } else { String::new() })
}

/// The rows of every table of the log, or why they cannot be read.
async fn rows_of(path: &Path) -> Result<Vec<String>, sqlx::Error> {
    let mut raw = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    let mut rows = Vec::new();
    for sql in [
        "select position, quote(stream) || quote(version) || hex(event_id) || quote(type) || quote(schema) || \
         quote(recorded_at) || quote(actor) || quote(subject) || quote(key_id) || quote(correlation_id) || \
         quote(causation_id) || quote(data) || quote(personal) || quote(prev_hash) || quote(hash) from event order by position",
        "select id, quote(position) || quote(recorded_at) || quote(hash) from head",
        "select id, quote(log_id) || quote(generation) from identity",
    ] {
        for row in sqlx::query(sql).fetch_all(&mut raw).await? {
            let (number, rest): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            rows.push(format!("{number} {}", hex::encode(rest)));
        }
    }
    raw.close().await?;
    Ok(rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_verifiers_agree_on_every_attack() {
    let shop = Shop::new().await;
    let attacks = table::attacks(&shop).await;
    assert!(attacks.len() >= 60, "only {} attacks", attacks.len());
    let original = rows_of(&shop.written.path()).await.unwrap();
    let mut groups: BTreeMap<(Notes, Option<u64>), Vec<&Attack>> = BTreeMap::new();
    for attack in &attacks {
        groups.entry((attack.notes, attack.restored_at)).or_default().push(attack);
    }
    let mut wrong = Vec::new();
    for ((notes, restored_at), group) in groups {
        let more = arguments(&shop.elsewhere, notes, restored_at);
        let paths: Vec<&Path> = group.iter().map(|attack| attack.path.as_path()).collect();
        for (attack, theirs) in group.iter().zip(second_opinions(&paths, &more)) {
            let ours = ours(&attack.path, &more).await;
            let (code, place) = attack.expected;
            let expected = (code, in_words(place));
            if ours != expected || theirs != expected {
                wrong.push(format!(
                    "{} ({notes:?}): expected {expected:?}, ours {ours:?}, theirs {theirs:?}",
                    attack.name
                ));
            }
            if let Some((from, to)) = place.filter(|place| *place != (0, 0))
                && let Ok(rows) = rows_of(&attack.path).await
                && let Some(first) = first_difference(&original, &rows)
                && !(from..=to).contains(&first)
            {
                wrong.push(format!("{}: {first} is not one of {from} to {to}", attack.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} attacks:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}

/// The first position whose event is not the one that was written.
fn first_difference(original: &[String], rows: &[String]) -> Option<u64> {
    let event_of = |rows: &[String], position: u64| {
        let prefix = format!("{position} ");
        rows.iter().find(|row| row.starts_with(&prefix)).cloned()
    };
    let is_event = |row: &&String| row.len() > 200;
    let events: Vec<String> = original.iter().filter(is_event).cloned().collect();
    let now: Vec<String> = rows.iter().filter(is_event).cloned().collect();
    (1..=now.len().max(events.len()) as u64).find(|position| event_of(&events, *position) != event_of(&now, *position))
}

/// The events of a stream, by position.
fn positions_of(events: &[std::sync::Arc<RecordedEvent>], stream: &StreamName) -> Vec<u64> {
    events.iter().filter(|event| event.stream == *stream).map(|event| event.position.0).collect()
}

async fn identity_of(path: &Path) -> event_store::Identity {
    let reader = event_store::sqlite::SqliteStore::open_reader(path).await.unwrap();
    assert_eq!(reader.read_all(Position::START, 1).await.unwrap().len(), 1);
    reader.identity().await.unwrap()
}
