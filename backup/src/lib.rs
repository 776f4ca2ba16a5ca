//! The backup of a log, as segments of its raw events in a folder or a bucket, and of its vault's keys, apart from them.
//!
//! `follower.rs` ships what the log has, `shipper.rs` one segment at a time and `key_shipper.rs` the keys before it; `backup.rs`
//! reads all of it back and proves that nothing is missing. `sealed_file.rs` is the one form of every file, `target.rs` the port
//! to where they are kept.
//!
//! Invariants: a file is there whole or not at all and is never replaced; a segment follows the one before it by number, position
//! and digest; the keys that its events use are in the target before it.

mod backup;
mod error;
mod fields;
mod follower;
mod key;
mod key_file;
mod key_files;
mod key_shipper;
mod names;
mod sealed_file;
mod segment;
mod shipper;
pub mod state;
mod target;

pub use backup::{Backup, Segments};
pub use error::BackupError;
pub use follower::{Pace, Report, follow};
pub use key::{BackupKey, BackupKeyError};
pub use key_files::KeyFiles;
pub use sealed_file::Flaw;
pub use segment::{Segment, SegmentHead};
pub use shipper::{Shipper, Source};
pub use target::{Created, NoTarget, Target, TargetError, open_target};
