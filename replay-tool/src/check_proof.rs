//! `check-proof`: verifies a proof file without the log and without any secret.

use event_store::{
    checkpoint::{Checkpoint, PublicKey},
    event::time_text,
    proof::{Entry, MAX_PROOF_BYTES, Proof, ProofError, check},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    Finding,
    checkpoint_files::read_at_most,
    cli::CheckProofArgs,
    failure::{Failure, with_causes},
    render::{Screen, Signed},
};

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    log_id: uuid::Uuid,
    generation: u64,
    stream: &'a str,
    first_version: u64,
    last_version: u64,
    events: Vec<ProvedEvent<'a>>,
    checkpoint: Signed,
}

#[derive(Serialize)]
struct ProvedEvent<'a> {
    position: Option<u64>,
    leaf_index: u64,
    version: u64,
    event_id: uuid::Uuid,
    r#type: &'a str,
    recorded_at: &'a str,
    actor: &'a str,
    hash: String,
}

/// Verifies a proof file; `Differences` if it is not valid.
///
/// # Errors
/// The file or the key cannot be read.
pub fn check_proof(wanted: &CheckProofArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let key = PublicKey::read(&wanted.key)?;
    let file = &wanted.file;
    let content = read_at_most(file, MAX_PROOF_BYTES);
    let content = content.map_err(|source| Failure::Unreadable { file: file.clone(), source })?;
    match check(&content, &key) {
        Ok((checkpoint, proof)) => print(&checkpoint, &proof, screen).map(|()| Finding::AsExpected),
        Err(error) => refuse(&error, screen).map(|()| Finding::Differences),
    }
}

fn refuse(error: &ProofError, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let what = with_causes(error);
    if screen.json_wanted() {
        return screen.json(&json!({ "ok": false, "what": what }));
    }
    screen.field("result", &format!("NOT PROVED: {what}"))
}

fn print(checkpoint: &Checkpoint, proof: &Proof, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (proof.events().first(), proof.events().last()) else { return Ok(()) };
    if screen.json_wanted() {
        return screen.json(&document(checkpoint, proof, first, last));
    }
    screen.field("log", &format!("{}, generation {}", checkpoint.log.log_id, checkpoint.log.generation))?;
    screen.field("stream", &first.stream)?;
    screen.field("proved", &extent(first, last, proof.events().len()))?;
    screen.field("recorded", &format!("{} to {}", first.recorded_at, last.recorded_at))?;
    let (size, signed_at) = (checkpoint.size, time_text(checkpoint.signed_at));
    screen.field("signed", &format!("at {signed_at}, when the log had {size} events"))?;
    for entry in proof.events() {
        screen.line(&line(entry))?;
    }
    screen.field("result", "every event is as it was when the checkpoint was signed")?;
    screen.field("unproven", "whether the stream has further events")
}

fn extent(first: &Entry, last: &Entry, events: usize) -> String {
    let positions = match (first.position, last.position) {
        (Some(first), Some(last)) if first == last => format!(", position {first}"),
        (Some(first), Some(last)) => format!(", positions {first} to {last}"),
        _not_proved => String::new(),
    };
    match events {
        1 => format!("version {}{positions}", first.version),
        _several => format!("versions {} to {} without a gap{positions}", first.version, last.version),
    }
}

fn line(entry: &Entry) -> String {
    let position = entry.position.map(|position| position.to_string()).unwrap_or_default();
    format!("{position:>8}  {}  {:>5}  {}  {}", entry.recorded_at, entry.version, entry.event_type, entry.actor)
}

fn document<'a>(checkpoint: &Checkpoint, proof: &'a Proof, first: &'a Entry, last: &Entry) -> Document<'a> {
    let events = proof.events().iter().map(|entry| ProvedEvent {
        position: entry.position.map(|position| position.0),
        leaf_index: entry.leaf_index.0,
        version: entry.version.0,
        event_id: entry.event_id,
        r#type: &entry.event_type,
        recorded_at: &entry.recorded_at,
        actor: &entry.actor,
        hash: hex::encode(entry.hash.0),
    });
    Document {
        ok: true,
        log_id: checkpoint.log.log_id,
        generation: checkpoint.log.generation,
        stream: &first.stream,
        first_version: first.version.0,
        last_version: last.version.0,
        events: events.collect(),
        checkpoint: Signed::of(checkpoint),
    }
}
