//! Whose a new file in desk's folder is. `desk-replay rebuild` may be run by root, and what root makes the desk's own user
//! could not write.
//!
//! Invariant: a file made here belongs to whom its folder belongs to, or the making fails.

use std::{io, path::Path};

/// Gives a file to the owner of its folder.
#[cfg(unix)]
pub(crate) fn give_to_owner(folder: &Path, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (owner, made) = (std::fs::metadata(folder)?, std::fs::metadata(file)?);
    if made.uid() == owner.uid() { Ok(()) } else { chown(file, Some(owner.uid()), Some(owner.gid())) }
}

#[cfg(not(unix))]
pub(crate) fn give_to_owner(_folder: &Path, _file: &Path) -> io::Result<()> {
    Ok(())
}
