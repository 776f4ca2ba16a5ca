//! `verify`: the log proved from its own bytes.

use event_store::{
    EventReader, Identity, Position,
    verify::{Flaw, Report},
};
use serde::Serialize;

use crate::{
    Finding,
    failure::Failure,
    render::{Progress, Screen},
    source::Source,
};

/// What no look at the log alone can find.
const UNPROVEN: &str = "without a signed checkpoint kept outside the database, a log that was rewritten as a whole with \
                        freshly made hashes cannot be told from the true one";

#[derive(Serialize)]
struct Document {
    ok: bool,
    #[serde(flatten)]
    report: Report,
    log_id: uuid::Uuid,
    generation: u64,
    first_recorded_at: Option<String>,
    last_recorded_at: Option<String>,
    what: Option<String>,
    checkpoint: Option<String>,
    note: &'static str,
}

/// Proves the log; differences where anything is not as it was recorded.
///
/// # Errors
/// The log cannot be reached.
pub async fn verify(source: &Source, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let progress = Progress::new("verifying", reader.head().await?);
    let report = event_store::verify::verify(reader, |position| progress.reached(position)).await?;
    drop(progress);
    let finding = if report.first_flaw.is_none() { Finding::AsExpected } else { Finding::Differences };
    let document = document(reader, report).await?;
    if screen.json_wanted() {
        screen.json(&document)?
    } else {
        print(&document, screen)?
    }
    Ok(finding)
}

async fn document(reader: &dyn EventReader, report: Report) -> Result<Document, Failure> {
    let Identity { log_id, generation } = reader.identity().await?;
    Ok(Document {
        ok: report.first_flaw.is_none(),
        first_recorded_at: recorded_at(reader, Position(1), &report).await,
        last_recorded_at: recorded_at(reader, Position(report.events), &report).await,
        what: report.first_flaw.as_ref().map(|(_, flaw)| flaw.to_string()),
        report,
        log_id,
        generation,
        checkpoint: None,
        note: UNPROVEN,
    })
}

/// When a proved event was recorded. Positions are dense, so the last proved one is as many as were proved.
async fn recorded_at(reader: &dyn EventReader, position: Position, report: &Report) -> Option<String> {
    let before = Position(position.0.checked_sub(1)?);
    if position.0 > report.events {
        return None;
    }
    let page = reader.read_all(before, 1).await.ok()?;
    page.first().map(|event| event.recorded_at_text())
}

fn print(document: &Document, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let Report { events, streams, head, first_flaw } = &document.report;
    screen.field("log", &format!("{}, generation {}", document.log_id, document.generation))?;
    screen.field("proved", &format!("{} in {}", counted(*events, "event"), counted(*streams, "stream")))?;
    screen.field("head", &head.to_string())?;
    if let (Some(first), Some(last)) = (&document.first_recorded_at, &document.last_recorded_at) {
        screen.field("recorded", &format!("{first} to {last}"))?;
    }
    match first_flaw {
        None => screen.field("result", "every hash, link and number is as it was recorded")?,
        Some((position, flaw)) => screen.field("result", &bad(*position, flaw))?,
    }
    screen.field("unproven", document.note)
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn bad(position: Position, flaw: &Flaw) -> String {
    format!("DIFFERENCES: first bad position {position}: {flaw}")
}
