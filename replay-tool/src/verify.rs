//! `verify`: verifies the log from its own bytes, and against checkpoints kept elsewhere.

use event_store::{
    EventReader, Identity, Position,
    checkpoint::{Checkpoint, PublicKey},
    event::time_text,
    verify::{Evidence, Flaw, Proved, Report, verify_against},
};
use serde::Serialize;

use crate::{
    Finding, checkpoint_files,
    cli::VerifyArgs,
    failure::Failure,
    progress::Progress,
    render::Screen,
    source::{Maps, Source},
};

/// Printed when no checkpoint was given: what cannot be detected without one.
const UNPROVEN: &str = "without a signed checkpoint kept outside the database, a log that was rewritten as a whole with \
                        freshly made hashes cannot be told from the true one";

#[derive(Serialize)]
struct Document {
    ok: bool,
    #[serde(flatten)]
    report: Report,
    log_id: uuid::Uuid,
    generation: u64,
    /// Only present for an incomplete copy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_being_copied: bool,
    first_recorded_at: Option<String>,
    last_recorded_at: Option<String>,
    what: Option<String>,
    /// The newest matching checkpoint.
    checkpoint: Option<Signed>,
    unproven_from: Option<Position>,
    unproven_events: Option<u64>,
    note: String,
}

#[derive(Serialize)]
struct Signed {
    events: u64,
    position: u64,
    root: String,
    signed_at: String,
}

/// Verifies the log; `Differences` if it was changed, or differs from a checkpoint.
///
/// # Errors
/// The log, a checkpoint or the key cannot be read, or they belong to different logs.
pub async fn verify(source: &Source, wanted: &VerifyArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let evidence = evidence(wanted, source.maps())?;
    let progress = Progress::new("verifying", reader.head().await?);
    let reached = |position| progress.reached(position);
    let report = match evidence {
        Some(evidence) => verify_against(reader, evidence, reached).await?,
        None => event_store::verify::verify(reader, reached).await?,
    };
    drop(progress);
    let finding = if report.first_flaw.is_none() { Finding::AsExpected } else { Finding::Differences };
    print_report(reader, report, screen).await?;
    Ok(finding)
}

/// The given checkpoints and proofs, all of this log; `None` if none were given.
fn evidence(wanted: &VerifyArgs, maps: &Maps) -> Result<Option<Evidence>, Failure> {
    let Some(key) = &wanted.key else { return Ok(None) };
    let (key, mut evidence) = (PublicKey::read(key)?, Evidence::default());
    for note in checkpoint_files::read_all(&wanted.checkpoint, &key)? {
        evidence.checkpoints.push(note.in_terms_of(maps)?);
    }
    for file in &wanted.proof {
        let (checkpoint, proof) = checkpoint_files::read_proof(file, &key, maps)?;
        evidence.parts.extend(proof.parts(&checkpoint));
        evidence.checkpoints.push(checkpoint);
    }
    Ok(Some(evidence))
}

/// Prints the result.
///
/// # Errors
/// The output cannot be written, or the log cannot be read.
pub async fn print_report(reader: &dyn EventReader, report: Report, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let document = document(reader, report).await?;
    if screen.json_wanted() { screen.json(&document) } else { print(&document, screen) }
}

async fn document(reader: &dyn EventReader, report: Report) -> Result<Document, Failure> {
    let Identity { log_id, generation } = reader.identity().await?;
    Ok(Document {
        ok: report.first_flaw.is_none(),
        first_recorded_at: first_recorded_at(reader, &report).await,
        last_recorded_at: last_recorded_at(reader, &report).await,
        what: report.first_flaw.as_ref().map(|(_, flaw)| flaw.to_string()),
        checkpoint: report.proved.as_ref().and_then(|proved| proved.newest.as_ref()).map(Signed::of),
        unproven_from: report.proved.as_ref().map(|proved| proved.unproven_from),
        unproven_events: report.proved.as_ref().map(|proved| proved.unproven_events),
        note: report.proved.as_ref().map_or_else(|| UNPROVEN.to_owned(), unproven),
        report,
        log_id,
        generation,
        is_being_copied: !reader.is_complete().await?,
    })
}

impl Signed {
    fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            events: checkpoint.size.0,
            position: checkpoint.position.0,
            root: hex::encode(checkpoint.root),
            signed_at: time_text(checkpoint.signed_at),
        }
    }
}

/// Time of the first event, if it is verified.
async fn first_recorded_at(reader: &dyn EventReader, report: &Report) -> Option<String> {
    let first = reader.read_all(Position::START, 1).await.ok()?;
    first.first().filter(|_| report.events > 0).map(|event| event.recorded_at_text())
}

/// Time of the last verified event.
async fn last_recorded_at(reader: &dyn EventReader, report: &Report) -> Option<String> {
    let last = reader.read_at(report.last).await.ok()?;
    last.map(|event| event.recorded_at_text())
}

fn print(document: &Document, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let Report { events, streams, head, first_flaw, .. } = &document.report;
    screen.field("log", &format!("{}, generation {}", document.log_id, document.generation))?;
    if document.is_being_copied {
        screen.field("copy", "not whole: desk copy-log has not ended, or is to be run again")?;
    }
    screen.field("proved", &format!("{} in {}", counted(*events, "event"), counted(*streams, "stream")))?;
    screen.field("head", &head.to_string())?;
    if let (Some(first), Some(last)) = (&document.first_recorded_at, &document.last_recorded_at) {
        screen.field("recorded", &format!("{first} to {last}"))?;
    }
    match first_flaw {
        None => screen.field("result", "every hash, link and number is as it was recorded")?,
        Some((position, flaw)) => screen.field("result", &bad(*position, flaw))?,
    }
    if let Some(Signed { events, position, signed_at, .. }) = &document.checkpoint {
        let events = counted(*events, "event");
        screen.field(
            "signed",
            &format!("up to position {position}, as the checkpoint of {signed_at} over {events} says"),
        )?;
    }
    screen.field("unproven", &document.note)
}

fn unproven(Proved { newest, unproven_from, unproven_events }: &Proved) -> String {
    let events = counted(*unproven_events, "event");
    match (newest, unproven_events) {
        (Some(_), 0) => "nothing: the newest checkpoint was signed over all that there is".to_owned(),
        (Some(_), _) => {
            format!("from position {unproven_from} on: {events}, newer than the newest checkpoint that fits")
        }
        (None, _) => format!("from position {unproven_from} on: {events}, for no checkpoint fits"),
    }
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn bad(position: Position, flaw: &Flaw) -> String {
    match flaw {
        Flaw::NotAsSigned { from, to } if from < to => {
            format!("DIFFERENCES: first bad position one of {from} to {to}: {flaw}")
        }
        _at_one_position => format!("DIFFERENCES: first bad position {position}: {flaw}"),
    }
}
