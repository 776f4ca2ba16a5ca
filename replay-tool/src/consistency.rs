//! `consistency`: checks whether a checkpoint extends an older one.

use event_store::{
    checkpoint::{Checkpoint, PublicKey},
    event::time_text,
    proof::{Consistency, tree_of},
};
use serde_json::json;

use crate::{
    Finding, checkpoint_files::CheckpointFile, cli::ConsistencyArgs, failure::Failure, progress::Progress,
    render::Screen, source::Source,
};

/// Checks with the log whether the newer checkpoint extends the older one; `Differences` if not.
///
/// # Errors
/// A checkpoint, the key or the log cannot be read, or belong to different logs.
pub async fn consistency(
    source: &Source,
    wanted: &ConsistencyArgs,
    screen: &mut Screen<'_>,
) -> Result<Finding, Failure> {
    let key = PublicKey::read(&wanted.key)?;
    let (older, newer) = (CheckpointFile::read(&wanted.old, &key)?, CheckpointFile::read(&wanted.new, &key)?);
    let reader = source.reader();
    let (older, newer) = (older.in_terms_of(source.maps())?, newer.in_terms_of(source.maps())?);
    let larger = older.size.max(newer.size);
    let progress = Progress::new("building the tree", older.position.max(newer.position));
    let tree = tree_of(reader, larger, |_, event| progress.reached(event.position)).await?;
    drop(progress);
    let consistency = Consistency::between(&older, &newer, &tree);
    print(&older, &newer, consistency, screen)?;
    Ok(if consistency.extends { Finding::AsExpected } else { Finding::Differences })
}

fn print(older: &Checkpoint, newer: &Checkpoint, found: Consistency, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let what = explained(older, newer, found);
    if screen.json_wanted() {
        let document = json!({
            "ok": found.extends, "what": what, "older_events": older.size, "newer_events": newer.size,
            "log_fits_older": found.fits_older, "log_fits_newer": found.fits_newer,
        });
        return screen.json(&document);
    }
    for (label, checkpoint) in [("older", older), ("newer", newer)] {
        let signed_at = time_text(checkpoint.signed_at);
        screen.field(label, &format!("{} events, signed at {signed_at}", checkpoint.size))?;
    }
    screen.field("result", &if found.extends { what.to_owned() } else { format!("DIFFERENCES: {what}") })
}

fn explained(older: &Checkpoint, newer: &Checkpoint, found: Consistency) -> &'static str {
    match (found.fits_older, found.fits_newer) {
        _ if found.extends => "the newer checkpoint begins with everything that the older one was signed over",
        _ if older.size > newer.size => "the newer checkpoint was signed over fewer events than the older one",
        (true, false) => "the log is not the one that the newer checkpoint was signed over",
        (false, true) => "the newer checkpoint does not begin with what the older one was signed over",
        (false, false) => "the log is not the one that either checkpoint was signed over",
        (true, true) => "the two checkpoints say different things of the same events",
    }
}
