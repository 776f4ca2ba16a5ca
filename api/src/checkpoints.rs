//! Checkpoints, as `desk` has them made: where they go, which key signs them; and `desk keys`, which shows its public half.
//!
//! Invariant: the private key is never printed; `desk keys` reads one file and changes nothing, so it works beside a running
//! `desk`.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use event_store::{
    Clock, EventStore, Follow, Identity,
    checkpoint::{Checkpoint, CheckpointKey, KeyError, Pace, Places, Signer},
};

use crate::{data_dir::DataDir, settings::Settings};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Starts signing, with the key that is there or a new one.
///
/// # Errors
/// The key cannot be read or made, or is another log's.
pub fn start_signer(
    settings: &Settings,
    data_dir: &DataDir,
    follow: Follow,
    store: Arc<dyn EventStore>,
    log: Identity,
    clock: Arc<dyn Clock>,
) -> Result<Signer, AnyError> {
    let key = checkpoint_key(settings, log)?;
    let (folder, key_file) = (settings.checkpoint_dir(), settings.checkpoint_key_file());
    if folder.starts_with(data_dir.join("")) {
        tracing::info!(
            folder = %folder.display(),
            "checkpoints are kept beside the log: whoever can change it can change them as well; \
             set checkpoint_dir to a folder on another disk or machine"
        );
    }
    let places = Places { folder, state: data_dir.join("checkpoint-state"), key_file };
    Ok(Signer::start(follow, store, log, key, places, Pace::default(), clock))
}

fn checkpoint_key(settings: &Settings, log: Identity) -> Result<CheckpointKey, AnyError> {
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
        key => key?,
    };
    writeln!(io::stdout(), "{}", key.public())?;
    writeln!(io::stderr(), "the private key is in {}; keep it from whoever can write the log", path.display())?;
    Ok(())
}
