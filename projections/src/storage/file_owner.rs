//! The owner of a new file in desk's folder. `desk-replay rebuild` may be run by root, and desk's own user could not write a
//! file of root's.
//!
//! Invariant: a file made here gets the owner of its folder, or making it fails.

use std::{io, path::Path};

/// Gives a file to the owner of its folder.
#[cfg(unix)]
pub(super) fn give_to_owner(folder: &Path, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (owner, made) = (std::fs::metadata(folder)?, std::fs::metadata(file)?);
    if made.uid() == owner.uid() { Ok(()) } else { chown(file, Some(owner.uid()), Some(owner.gid())) }
}

#[cfg(not(unix))]
pub(super) fn give_to_owner(_folder: &Path, _file: &Path) -> io::Result<()> {
    Ok(())
}
