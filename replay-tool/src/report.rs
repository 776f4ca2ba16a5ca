//! `report`: writes a session as a single HTML page without scripts or external resources.
//!
//! Invariant: an existing file is only replaced on request.

mod appendix;
mod conversation;
mod page;
mod prose;
#[cfg(test)]
mod tests;

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use jiff::Timestamp;
use serde_json::json;

use crate::{
    Finding, cli::ReportArgs, failure::Failure, prove, render::Screen, session_history::SessionHistory, source::Source,
};

/// Writes the report of a session.
///
/// # Errors
/// There is no such session or moment, its history cannot be read, or the file cannot be written.
pub async fn report(source: &Source, wanted: &ReportArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    if wanted.html.exists() && !wanted.force {
        return Err(Failure::FileExists(wanted.html.clone()));
    }
    let history = SessionHistory::read(source, &wanted.session).await?;
    let evidence = evidence(source, wanted, &history).await?;
    if wanted.checkpoint.is_some() && evidence.is_none() {
        return not_proved(screen);
    }
    let page = page::page(&history, evidence.as_ref(), Timestamp::now()).into_string();
    write(&wanted.html, wanted.force, page.as_bytes())?;
    let (file, events) = (wanted.html.display().to_string(), history.events.len());
    if screen.json_wanted() {
        screen.json(&json!({ "file": file, "events": events, "bytes": page.len() }))?;
    } else {
        screen.line(&format!("{file}: {events} events, {} bytes", page.len()))?;
    }
    Ok(Finding::AsExpected)
}

/// A signed note and the proof file of the session's events up to it.
pub(crate) struct Evidence {
    pub(crate) note: String,
    pub(crate) proof: String,
}

async fn evidence(source: &Source, wanted: &ReportArgs, history: &SessionHistory) -> Result<Option<Evidence>, Failure> {
    let (Some(checkpoint), Some(key)) = (&wanted.checkpoint, &wanted.key) else { return Ok(None) };
    let events: Vec<_> = history.events.iter().map(|entry| entry.recorded.clone()).collect();
    let proved = prove::proof_of(source, checkpoint, key, &events).await?;
    Ok(proved.map(|(note, proof)| Evidence { note: note.text, proof }))
}

fn not_proved(screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let what = "the checkpoint was signed over another log, or before the session began: no report was written";
    if screen.json_wanted() {
        screen.json(&json!({ "ok": false, "what": what }))?;
    } else {
        screen.field("result", &format!("DIFFERENCES: {what}"))?;
    }
    Ok(Finding::Differences)
}

fn write(path: &Path, replaces: bool, page: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(replaces).create(replaces).create_new(!replaces);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(page).and_then(|()| file.sync_all()));
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::FileExists(path.to_owned()),
        _other => Failure::File { file: path.to_owned(), source },
    })
}
