//! What a folder looks like from outside, to see that it was edited without reading it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::corpus;

/// Name, time of change and size of each file; `None` when the folder cannot be listed.
pub(super) type Stamp = Option<BTreeMap<PathBuf, Option<(SystemTime, u64)>>>;

/// Looks at the folder without reading its files.
pub(super) fn stamp(folder: &Path) -> Stamp {
    let files = corpus::files(folder).ok()?;
    let look = |file: PathBuf| {
        let seen = fs::metadata(&file).and_then(|data| Ok((data.modified()?, data.len()))).ok();
        (file, seen)
    };
    Some(files.into_iter().map(look).collect())
}
