//! Checkpoints, as `desk` has them made: where they go, which key signs them; `desk keys`, which shows its public half; and `desk
//! mark-restored`, which records a restore.
//!
//! Invariant: the private key is never printed; `desk keys` reads one file and changes nothing, so it works beside a running
//! `desk`.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use event_store::{
    Clock, EventReader, EventStore, Follow, Identity,
    checkpoint::{Checkpoint, CheckpointKey, KeyError, Pace, Places, Signer},
    private_file::open_to_readers,
};

use jiff::{SignedDuration, Timestamp};

use crate::{data_dir::DataDir, settings::Settings};

/// In the data directory, written at each start.
const PUBLIC_KEY: &str = "checkpoint-key.pub";
/// How far the last event may be ahead of the clock at a start.
const FAR_AHEAD: SignedDuration = SignedDuration::from_hours(24);

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A signer with the key that is there or a new one.
///
/// # Errors
/// The key cannot be read or made, or is another log's.
pub fn signer(
    settings: &Settings,
    data_dir: &DataDir,
    follow: Follow,
    store: Arc<dyn EventStore>,
    log: Identity,
    clock: Arc<dyn Clock>,
) -> Result<Signer, AnyError> {
    let key = checkpoint_key(settings, log)?;
    let folder = settings.checkpoint_dir();
    if folder.starts_with(data_dir.join("")) {
        tracing::info!(
            folder = %folder.display(),
            "checkpoints are kept beside the log: whoever can change it can change them as well; \
             set checkpoint_dir to a folder on another disk or machine"
        );
    }
    let public_key = data_dir.join(PUBLIC_KEY);
    let written = std::fs::write(&public_key, format!("{}\n", key.public()));
    written.and_then(|()| open_to_readers(&public_key)).map_err(|error| {
        format!("the public key for checkpoints cannot be written to {}: {error}", public_key.display())
    })?;
    let (state, alarm) = (data_dir.join("checkpoint-state"), data_dir.join("checkpoint-alarm"));
    let places = Places { folder, state, public_key, alarm, store: settings.log.shown() };
    Ok(Signer::new(follow, store, log, key, places, Pace::default(), clock))
}

pub(crate) fn checkpoint_key(settings: &Settings, log: Identity) -> Result<CheckpointKey, AnyError> {
    let path = &settings.checkpoint_key_file();
    let (key, made) = CheckpointKey::read_or_create(path, log)?;
    if key.public().name() != Checkpoint::origin(log) {
        return Err(format!(
            "the key in {} signs checkpoints of {}, but this is {}: set checkpoint_key_file to this log's key, or to a \
             file that is not there, and one is made",
            path.display(),
            key.public().name(),
            Checkpoint::origin(log)
        )
        .into());
    }
    if made {
        tracing::info!(path = %path.display(), "a key that signs checkpoints was made; `desk keys` prints its public half");
    }
    Ok(key)
}

/// The precision of a note.
pub(crate) fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Refuses a log whose last event is more than a day ahead of the clock, unless the operator accepts that.
///
/// # Errors
/// It is, or the log cannot be read.
pub async fn refuse_far_future(settings: &Settings, log: &dyn EventReader, clock: &dyn Clock) -> Result<(), AnyError> {
    let head = log.head().await?;
    let Some(last) = log.read_at(head).await? else { return Ok(()) };
    let ahead = last.recorded_at.duration_since(clock.now());
    if ahead <= FAR_AHEAD || settings.accept_clock {
        return Ok(());
    }
    Err(format!(
        "the log's last event, at position {head}, was recorded at {}, {} hours ahead of this machine's clock: set the clock, or \
         restore the log if it was changed. If the clock is right, --accept-clock (accept_clock) starts all the same; further \
         events then get times behind that one",
        last.recorded_at_text(),
        ahead.as_hours()
    )
    .into())
}

/// Prints the public key, and to standard error where the private one is.
///
/// # Errors
/// There is no key yet, or its file cannot be read.
pub fn print_public_key(settings: &Settings) -> Result<(), AnyError> {
    let path = &settings.checkpoint_key_file();
    let key = match CheckpointKey::read(path) {
        Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let hint = "the first start of `desk` makes it; --data-dir or checkpoint_key_file say where it is";
            return Err(format!("there is no key for checkpoints in {}: {hint}", path.display()).into());
        }
        Err(KeyError::Nameless { .. }) if settings.data_dir.join(PUBLIC_KEY).exists() => {
            // `desk`, which knows the log, wrote the public one at its start.
            write!(io::stdout(), "{}", std::fs::read_to_string(settings.data_dir.join(PUBLIC_KEY))?)?;
            return Ok(());
        }
        key => key?,
    };
    writeln!(io::stdout(), "{}", key.public())?;
    writeln!(io::stderr(), "the private key is in {}; keep it from whoever can write the log", path.display())?;
    Ok(())
}
