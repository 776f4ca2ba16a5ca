//! Why a folder of answers cannot be taken into use.

use std::path::PathBuf;

use super::fault::Faults;

/// Why a folder could not be taken into use.
#[derive(Debug, thiserror::Error)]
pub enum FaqError {
    /// The folder, or a file in it, cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// Files do not follow the format.
    #[error(transparent)]
    Malformed(#[from] Faults),
    /// There is no entry at all: more likely a wrong path than intended.
    #[error("no entry below {}", folder.display())]
    Empty {
        /// The folder looked into.
        folder: PathBuf,
    },
    /// The server of vectors cannot be asked as it is set.
    #[error("the server of vectors cannot be asked")]
    Meaning(#[source] reqwest::Error),
    /// The address of the server of vectors is none.
    #[error("the address of the server of vectors is none")]
    Address,
    /// The key of the server of vectors would go over a network without TLS.
    #[error("the server of vectors wants a key, which goes by https or to this machine only")]
    KeyInTheClear,
}
