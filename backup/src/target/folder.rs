//! A folder: a file is written under a hidden name, synced, and linked to its own, which fails where there is one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{Created, Target, TargetError};

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Files are small and disks may hang, so each is looked at on a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        name: &str,
        verb: &'static str,
        act: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, TargetError> {
        let path = self.path.join(name);
        let done = spawn_blocking(move || act(&path)).await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        done.map_err(|source| TargetError { name: name.to_owned(), target: self.shown(), verb, source: source.into() })
    }
}

#[async_trait]
impl Target for Folder {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, TargetError> {
        let bytes = bytes.to_vec();
        self.blocking(name, "written", move |path| create(path, &bytes)).await
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
        self.blocking(name, "read", |path| unless_missing(fs::read(path))).await
    }

    async fn children(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        self.blocking(folder, "listed", children).await
    }

    async fn remove(&self, name: &str) -> Result<(), TargetError> {
        self.blocking(name, "removed", remove).await
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<Created> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    if path.exists() {
        return Ok(Created::Exists);
    }
    // A name of its own, so that two followers never write one draft. What a killed one leaves is no file of the backup.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{:08x}.draft", rand::random::<u32>()));
    let created = write(&draft, bytes).and_then(|()| link(&draft, path));
    // Renamed, or of no use.
    drop(fs::remove_file(&draft));
    let created = created?;
    File::open(folder)?.sync_all()?;
    Ok(created)
}

fn write(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives a draft its name, unless that is taken.
fn link(draft: &Path, path: &Path) -> io::Result<Created> {
    match fs::hard_link(draft, path) {
        Ok(()) => Ok(Created::New),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Exists),
        // File systems without links: a second follower on such a folder could replace a file within this moment.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            fs::rename(draft, path)?;
            Ok(Created::New)
        }
        Err(error) => Err(error),
    }
}

/// Each new folder is on disk, with its name in the one above it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() || folder.as_os_str().is_empty() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::open(above)?.sync_all()
}

fn children(folder: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = unless_missing(fs::read_dir(folder))? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
    }
    names.sort();
    Ok(names)
}

/// With its folder, once that is empty.
fn remove(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(path))?;
    if let Some(folder) = path.parent() {
        // Others may be in it.
        drop(fs::remove_dir(folder));
    }
    Ok(())
}

fn unless_missing<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_never_replaced_and_drafts_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let target = Folder::new(folder.path().join("new"));
        assert_eq!(target.children("a").await.unwrap(), Vec::<String>::new());
        assert_eq!(target.create("a/b/1", b"one").await.unwrap(), Created::New);
        assert_eq!(target.create("a/b/1", b"two").await.unwrap(), Created::Exists);
        fs::write(folder.path().join("new/a/b/.2.draft"), "half").unwrap();
        assert_eq!(target.read("a/b/1").await.unwrap().unwrap(), b"one");
        assert_eq!(target.read("a/b/2").await.unwrap(), None);
        assert_eq!(target.children("a/b").await.unwrap(), ["1"]);
        assert_eq!(target.create("a/b/2", b"two").await.unwrap(), Created::New, "beside the draft");
        target.remove("a/b/1").await.unwrap();
        target.remove("a/b/1").await.unwrap();
        assert_eq!(target.children("a/b").await.unwrap(), ["2"]);
    }
}
