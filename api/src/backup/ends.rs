//! Where a backup is and what opens it: as the arguments say, else the settings.

use std::{path::PathBuf, sync::Arc, time::Duration};

use ::backup::{BackupKey, Target, open_target};
use integrations::http_client;

use super::AnyError;
use crate::settings::Settings;

/// The longest that connecting to a bucket may take.
const CONNECT: Duration = Duration::from_secs(10);

/// What the arguments say.
pub(crate) struct BackupEnds {
    pub(crate) target: Option<String>,
    pub(crate) key: Option<PathBuf>,
}

/// Target and key of a backup.
///
/// # Errors
/// One of them is not named or cannot be used.
pub(crate) fn open_backup(
    ends: &BackupEnds,
    settings: &Settings,
) -> Result<(Arc<dyn Target>, Arc<BackupKey>), AnyError> {
    let target = ends.target.as_ref().or(settings.backup_target.as_ref());
    let target = target.ok_or("there is no target: name a folder or s3://BUCKET/PREFIX, or set backup_target")?;
    let key = ends.key.as_ref().or(settings.backup_key_file.as_ref());
    let key = key.ok_or("there is no backup key: give --key FILE, or set backup_key_file; --new-key FILE makes one")?;
    let key = Arc::new(BackupKey::read(key)?);
    Ok((open_target(target, http_client::http_client(CONNECT)?)?, key))
}
