//! What `verify` prints, as text and as JSON.

use event_store::{
    EventReader, Identity, Position,
    verify::{Proved, Report},
};
use serde::Serialize;

use crate::{
    failure::Failure,
    render::{Screen, Signed},
};

/// Printed when no checkpoint was given: what cannot be detected without one.
const UNPROVEN: &str = "without a signed checkpoint kept outside the database, a log that was rewritten as a whole with \
                        freshly made hashes cannot be told from the true one, nor one that lacks a stream or a stream's last event";

/// What was checked beside the events.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) remarks: Vec<String>,
    /// What was compared with the vault; `None` for a command that does not ask it.
    pub(super) erasures: Option<String>,
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    erasures: Option<String>,
    remarks: Vec<String>,
}

/// Prints the result for a command that compares with nothing else.
///
/// # Errors
/// The output cannot be written, or the log cannot be read.
pub async fn print_report(reader: &dyn EventReader, report: Report, screen: &mut Screen<'_>) -> Result<(), Failure> {
    print_checked(reader, report, Checked::default(), screen).await
}

pub(super) async fn print_checked(
    reader: &dyn EventReader,
    report: Report,
    checked: Checked,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let document = document(reader, report, checked).await?;
    if screen.json_wanted() { screen.json(&document) } else { print(&document, screen) }
}

async fn document(reader: &dyn EventReader, report: Report, checked: Checked) -> Result<Document, Failure> {
    let Identity { log_id, generation } = reader.identity().await?;
    Ok(Document {
        ok: report.first_flaw.is_none(),
        first_recorded_at: first_recorded_at(reader, &report).await,
        last_recorded_at: last_recorded_at(reader, &report).await,
        what: report.first_flaw.as_ref().map(|first| first.flaw.to_string()),
        checkpoint: report.proved.as_ref().and_then(|proved| proved.newest.as_ref()).map(Signed::of),
        unproven_from: report.proved.as_ref().map(|proved| proved.unproven_from),
        unproven_events: report.proved.as_ref().map(|proved| proved.unproven_events),
        note: report.proved.as_ref().map_or_else(|| UNPROVEN.to_owned(), unproven),
        report,
        log_id,
        generation,
        is_being_copied: !reader.is_complete().await.unwrap_or(true),
        erasures: checked.erasures,
        remarks: checked.remarks,
    })
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
        Some(first) => screen.field("result", &format!("DIFFERENCES: {first}"))?,
    }
    if let Some(Signed { events, position, signed_at, .. }) = &document.checkpoint {
        let events = counted(*events, "event");
        screen.field(
            "signed",
            &format!("up to position {position}, as the checkpoint of {signed_at} over {events} says"),
        )?;
    }
    screen.field("unproven", &document.note)?;
    if let Some(erasures) = &document.erasures {
        screen.field("erasures", erasures)?;
    }
    document.remarks.iter().try_for_each(|remark| screen.field("remark", remark))
}

fn unproven(Proved { newest, unproven_from, unproven_events, .. }: &Proved) -> String {
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
