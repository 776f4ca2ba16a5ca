//! `verify`: verifies the log from its own bytes, against checkpoints kept elsewhere, and its erasures against the vault.
//!
//! Needs no key of the vault; where there is no vault, it says that erasures were not checked.

mod document;
mod evidence;

use event_store::{
    EventReader, Position, ReadError,
    verify::{Evidence, FirstFlaw, Report, verify_against},
};

use crate::{
    Finding,
    cli::VerifyArgs,
    erasures::{Erasures, Tombstones},
    failure::Failure,
    progress::Progress,
    render::Screen,
    source::Source,
};
pub use document::print_report;
use document::{Checked, print_checked};
use evidence::Given;

/// What a command that folds the log has to know of it.
pub enum Verified {
    /// It does not prove itself, which is printed.
    Changed,
    /// It does.
    Intact {
        /// The first key that is gone without an erasure on record.
        lost_key: Option<FirstFlaw>,
    },
}

/// Verifies the log; `Differences` if it was changed, or differs from a checkpoint.
///
/// # Errors
/// The log, the key or every checkpoint cannot be read.
pub async fn verify(source: &Source, wanted: &VerifyArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let given = Given::read(wanted, source.maps(), reader.identity().await?)?;
    let (report, erasures) = walk(reader, given.evidence()).await?;
    let (unrecorded, erasures) = erased(source, &erasures).await;
    let report = with_earlier(report, unrecorded);
    let finding = if report.first_flaw.is_none() { Finding::AsExpected } else { Finding::Differences };
    let report = if given.is_given() { report } else { Report { proved: None, ..report } };
    let checked = Checked { remarks: given.remarks(&report), erasures: Some(erasures) };
    print_checked(reader, report, checked, screen).await?;
    Ok(finding)
}

/// Verifies the log for a command that folds it.
///
/// # Errors
/// The log or the vault cannot be read.
pub async fn before_folding(source: &Source, screen: &mut Screen<'_>) -> Result<Verified, Failure> {
    let reader = source.reader();
    let (report, erasures) = walk(reader, Evidence::default()).await?;
    if report.first_flaw.is_some() {
        print_report(reader, Report { proved: None, ..report }, screen).await?;
        return Ok(Verified::Changed);
    }
    Ok(Verified::Intact { lost_key: erased(source, &erasures).await.0 })
}

async fn walk(reader: &dyn EventReader, evidence: Evidence) -> Result<(Report, Erasures), Failure> {
    let progress = Progress::new("verifying", head(reader).await?);
    let mut erasures = Erasures::default();
    let report = verify_against(reader, evidence, |event| {
        erasures.add(event);
        progress.reached(event.position);
    });
    let report = report.await?;
    Ok((report, erasures))
}

/// A log whose end is unreadable is verified all the same.
async fn head(reader: &dyn EventReader) -> Result<Position, ReadError> {
    match reader.head().await {
        Err(ReadError::Damaged { .. } | ReadError::Gap { .. }) => Ok(Position::START),
        head => head,
    }
}

/// Compares the vault's destroyed keys with the erasures in the log; the second part says what was compared.
async fn erased(source: &Source, erasures: &Erasures) -> (Option<FirstFlaw>, String) {
    match source.tombstones() {
        Tombstones::Vault(keys) => match erasures.unrecorded(&**keys).await {
            Ok(unrecorded) => (unrecorded, erasures.summary()),
            Err(error) => (None, format!("not checked: {error}")),
        },
        Tombstones::None(why) => (None, format!("not checked: {why}")),
    }
}

fn with_earlier(report: Report, unrecorded: Option<FirstFlaw>) -> Report {
    let first_flaw = report.first_flaw.into_iter().chain(unrecorded).min_by_key(|flaw| flaw.to);
    Report { first_flaw, ..report }
}
