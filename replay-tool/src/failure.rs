//! Why a command failed, and advice on what to do.
//!
//! Invariant: messages contain nothing personal, not even the session name that was typed.

use std::{error::Error, fmt::Write as _, io, path::PathBuf, sync::Arc};

use event_store::{
    Position, ReadError, StreamName, StreamVersion,
    checkpoint::{KeyError, NoteError, WrongLog},
    location::NoLocation,
    migration::MigrationError,
    position_map::MapError,
    postgres::PostgresError,
    proof::ProofError,
    sql::SqlError,
    vault::{MasterKeyError, VaultError},
    verify::Flaw,
};
use journal::Unreadable;
use projections::ViewsError;
use uuid::Uuid;

use crate::escape::escaped;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants and their fields")]
pub enum Failure {
    #[error("there is no event log at {0}")]
    NoLog(PathBuf),
    #[error("there is no vault at {0}")]
    NoVault(PathBuf),
    #[error("there is no folder {0}")]
    NoFolder(PathBuf),
    #[error(transparent)]
    Location(NoLocation),
    #[error("{0} can hold the log, but neither views nor vault")]
    HoldsOnlyTheLog(String),
    #[error("{0} is a KurrentDB, and this desk-replay was built without support for it")]
    BuiltWithoutKurrent(String),
    #[error("the log is kept apart from the views, and the location of the views is unknown")]
    WhereAreTheViews,
    #[error("the log is kept apart from the vault, and the location of the vault is unknown")]
    WhereIsTheVault,
    #[error("cannot use the position map")]
    Map(#[from] MapError),
    #[error("no map leads from generation {from} of the log to this one, generation {here}")]
    NoMap { from: u64, here: u64 },
    #[error("cannot open the event log at {at}")]
    OpenLog {
        at: String,
        #[source]
        source: MigrationError,
    },
    #[error("cannot open the event log at {at}")]
    OpenPostgres {
        at: String,
        #[source]
        source: PostgresError,
    },
    #[cfg(feature = "kurrentdb")]
    #[error("cannot open the event log at {at}")]
    OpenKurrent {
        at: String,
        #[source]
        source: event_store::kurrentdb::KurrentError,
    },
    #[error("cannot open the vault at {at}")]
    OpenVault {
        at: String,
        #[source]
        source: SqlError,
    },
    #[error("cannot read the master key")]
    MasterKey(#[from] MasterKeyError),
    #[error("the event log was opened for writing while it was read")]
    Disturbed,
    #[error("cannot read the event log")]
    Read(#[from] ReadError),
    #[error("cannot open the personal part at position {position}")]
    Personal {
        position: Position,
        #[source]
        source: VaultError,
    },
    #[error("the event at position {position} cannot be understood")]
    Decode {
        position: Position,
        #[source]
        source: Arc<domain::DecodeError>,
    },
    #[error("{stream} is not as it was recorded at version {version} (position {position}): {flaw}")]
    BrokenChain { stream: StreamName, version: StreamVersion, position: Position, flaw: Flaw },
    #[error("there is no such session in this log")]
    NoSession,
    #[error("there is no such stream in this log")]
    NoStream,
    #[error("a session's name can only be looked up with the master key")]
    NameNeedsKey,
    #[error("{} sessions have this name: {}", .0.len(), list(.0))]
    AmbiguousName(Vec<Uuid>),
    #[error("the session did not exist then: its first event was recorded at {opened_at}, position {position}")]
    NotYet { opened_at: String, position: Position },
    #[error("the session has {last} versions, not {wanted}")]
    NoSuchVersion { wanted: u64, last: StreamVersion },
    #[error("the log ends at position {head}, before {wanted}")]
    BeyondHead { wanted: u64, head: Position },
    #[error("cannot determine what was seen of the session")]
    Seen(#[from] ViewsError),
    #[error("the views contain personal texts, so they cannot be compared without the master key")]
    CompareNeedsKey,
    #[error("cannot compare the views")]
    Compare(#[source] ViewsError),
    #[error("cannot rebuild the views")]
    Rebuild(#[source] ViewsError),
    #[error(
        "generation {number} of the views is requested, but no desk is running to build it, and without the master key it \
         cannot be built here"
    )]
    NobodyBuilds { number: u64 },
    #[error("generation {number} of the views has made no progress at position {position} for {seconds} s")]
    StandsStill { number: u64, position: Position, seconds: u64 },
    #[error("interrupted; generation {number} of the views stays asked for, at position {position}")]
    Interrupted { number: u64, position: Position },
    #[error("cannot check whether desk is running")]
    LookForDesk(#[source] io::Error),
    #[error("{0} is there already")]
    FileExists(PathBuf),
    #[error("cannot write {file}")]
    File {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read {file}")]
    Unreadable {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read the key for checkpoints")]
    Key(#[from] KeyError),
    #[error("the key was made for {key}, and this log is {log}")]
    KeyOfAnotherLog { key: String, log: String },
    #[error("there is no checkpoint (*.checkpoint) in {0}")]
    NoNotes(PathBuf),
    #[error("{file} is not as it was signed")]
    CheckpointFile {
        file: PathBuf,
        #[source]
        source: NoteError,
    },
    #[error("{file} proves nothing")]
    Proof {
        file: PathBuf,
        #[source]
        source: ProofError,
    },
    #[error("{file} says nothing about this log")]
    WrongLog {
        file: PathBuf,
        #[source]
        source: WrongLog,
    },
    #[error("there is no such event in this log")]
    NoSuchEvent,
    #[error("it was recorded at position {position}, after the checkpoint, which ends at position {signed}")]
    NewerThanCheckpoint { position: Position, signed: Position },
    #[error("the proof would take {bytes} bytes, more than a proof file may have")]
    ProofTooLong { bytes: usize },
    #[error("what is stored cannot be proved")]
    Unprovable(#[source] ProofError),
    #[error("cannot read the keyboard")]
    Keyboard(#[source] io::Error),
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl From<Unreadable> for Failure {
    fn from(Unreadable { recorded, source }: Unreadable) -> Self {
        Self::Decode { position: recorded.position, source }
    }
}

impl Failure {
    /// 1 if the log or a signed file was changed, otherwise 2.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::BrokenChain { .. } | Self::CheckpointFile { .. } | Self::Proof { .. } | Self::Unprovable(_) => 1,
            Self::OpenLog { source: MigrationError::Damaged { .. }, .. }
            | Self::OpenPostgres { source: PostgresError::Migration(MigrationError::Damaged { .. }), .. } => 1,
            Self::Read(error) => of_reading(error),
            Self::Compare(ViewsError::Log(error)) | Self::Rebuild(ViewsError::Log(error)) => of_reading(error),
            Self::Compare(ViewsError::NotInLog { .. }) | Self::Rebuild(ViewsError::NotInLog { .. }) => 1,
            Self::Personal { source: VaultError::KeyMissing { .. } | VaultError::Damaged(_), .. } => 1,
            _could_not => 2,
        }
    }

    /// The chain of causes on one line, and advice on a second one.
    #[must_use]
    pub fn report(&self) -> String {
        let text = format!("error: {}", with_causes(self));
        let advice = self.advice().map(|advice| format!("help: {advice}\n")).unwrap_or_default();
        format!("{}\n{advice}", escaped(&text))
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoLog(_) => "name the data directory of desk, or its events.db, with --store or DESK_STORE",
            Self::NoVault(_) => "give the vault with --vault, or leave --master-key out and read without personal data",
            Self::NoFolder(_) => "name the data directory of desk",
            Self::Location(_) => {
                "try --store ./data, --store sqlite:/path/to/events.db, --store postgres://user@host/name or --store \
                 kurrentdb://host:2113"
            }
            Self::HoldsOnlyTheLog(_) | Self::WhereAreTheViews | Self::WhereIsTheVault => {
                "give desk's data directory, or the database of its views and vault, with --views or DESK_VIEWS"
            }
            Self::BuiltWithoutKurrent(_) => "build one that can read it: cargo build --release -p replay-tool",
            Self::Map(_) | Self::NoMap { .. } => {
                "use the map that desk copy-log wrote; after several copies give each map with its own --map"
            }
            Self::OpenLog { source: MigrationError::Damaged { .. }, .. }
            | Self::OpenPostgres { source: PostgresError::Migration(MigrationError::Damaged { .. }), .. } => {
                "the log was changed outside desk: compare with a backup"
            }
            Self::OpenLog { .. } => {
                "check that it is a log of Fiido Desk; a copy must include events.db-wal if there is one"
            }
            Self::OpenPostgres { .. } => {
                "check the URL, that the server runs, and that the role may use the schema log and select from it"
            }
            #[cfg(feature = "kurrentdb")]
            Self::OpenKurrent { .. } => {
                "check the URL, that the server runs, and that its user may read the log; --store-credentials names a file \
                 with user and password"
            }
            Self::OpenVault { .. } => "check that it is the vault of this log, or leave --master-key out",
            Self::MasterKey(_) => "the file holds 64 hexadecimal digits, and is readable by its owner only",
            Self::Disturbed => "desk was started meanwhile; run the command again",
            Self::Read(ReadError::Unavailable(_)) => "check that the database runs and can be reached",
            Self::Read(ReadError::Gap { .. } | ReadError::Damaged { .. }) | Self::BrokenChain { .. } => {
                "the log was changed outside desk: run desk-replay verify, and compare with a backup"
            }
            Self::Personal { source: VaultError::WrongMasterKey(_), .. } => {
                "this is the master key of another vault, or the vault of another log"
            }
            Self::Personal { source: VaultError::KeyMissing { .. }, .. } => {
                "this is the vault of another log, or an old copy"
            }
            Self::Personal { .. } => "run desk-replay verify, and compare with a backup",
            Self::Decode { .. } => {
                "use the desk-replay that came with the desk that writes this log, or run desk-replay verify"
            }
            Self::NoSession => "with --master-key sessions are found by name as well; desk-replay sessions lists them",
            Self::NoStream => "desk-replay tail lists streams",
            Self::NameNeedsKey => "give --master-key FILE, or the session's id",
            Self::AmbiguousName(_) => "give one of the ids",
            Self::NotYet { .. } | Self::NoSuchVersion { .. } => "leave the moment out to see the whole session",
            Self::BeyondHead { .. } => "desk-replay verify says where the log ends",
            Self::Seen(_) => "check that there is room for temporary files",
            Self::CompareNeedsKey => "give --master-key FILE",
            Self::Compare(error) => views_advice(error),
            Self::Rebuild(error) => views_advice(error),
            Self::NobodyBuilds { .. } => {
                "start desk, which builds it and goes over to it, or give --master-key FILE to build it now"
            }
            Self::StandsStill { .. } => {
                "desk's own log output names the cause; the build continues by itself once that is fixed"
            }
            Self::Interrupted { .. } => {
                "a running desk continues it, and so does the next desk to start, or this command"
            }
            Self::LookForDesk(_) => "check that this user may read the data directory; desk's own user may",
            Self::FileExists(_) => "name another file, or replace it with --force",
            Self::File { .. } => "check that the folder is there and may be written",
            Self::Unreadable { .. } => "check that the file is there and may be read",
            Self::Key(_) => "desk keys shows the public key; the private key is where desk's settings say",
            Self::KeyOfAnotherLog { .. } => "every log has a key of its own; use this log's",
            Self::NoNotes(_) => "name the folder that desk writes its checkpoints to, or one of its files",
            Self::CheckpointFile { source: NoteError::OtherKey, .. } => {
                "use the key that desk keys shows; if it is this one, the checkpoint was made by someone else"
            }
            Self::CheckpointFile { .. } => "compare with another copy of the checkpoint; this one proves nothing",
            Self::Proof { .. } => "compare with another copy of the proof file; this one proves nothing",
            Self::WrongLog { source: WrongLog::Another { .. }, .. } => "use a checkpoint of this log",
            Self::WrongLog { source: WrongLog::Generation { .. }, .. } => {
                "the log was restored or copied to another kind of database in between: use a checkpoint made after that, or \
                 give the copy's position map with --map"
            }
            Self::NoSuchEvent => "desk-replay tail lists events with their ids and streams",
            Self::NewerThanCheckpoint { .. } => {
                "make a newer checkpoint with desk-replay checkpoint, or use desk's next"
            }
            Self::ProofTooLong { .. } => "prove single events of the session, by their ids",
            Self::Unprovable(_) => "run desk-replay verify, and compare with a backup",
            Self::Keyboard(_) => "leave --step out, or write to a pipe, where nothing is waited for",
            Self::Output(_) => return None,
        })
    }
}

/// A log that has a gap, or an event that cannot be read, was changed.
fn of_reading(error: &ReadError) -> u8 {
    match error {
        ReadError::Gap { .. } | ReadError::Damaged { .. } => 1,
        ReadError::Unavailable(_) => 2,
    }
}

fn views_advice(error: &ViewsError) -> &'static str {
    match error {
        ViewsError::NoViews => "desk makes them at its first start",
        ViewsError::OtherVersion { .. } => "use the desk-replay that came with the desk that runs",
        ViewsError::OtherRole { .. } => "connect with --store as the role that owns the views: desk's own",
        ViewsError::Stopped(_) | ViewsError::NotInLog { .. } | ViewsError::WentBack { .. } => {
            "run desk-replay verify: it says whether the log is as it was recorded"
        }
        ViewsError::ThrownAway { .. } | ViewsError::Taken { .. } | ViewsError::Disturbed => "run the command again",
        ViewsError::OtherLog { .. } | ViewsError::OtherLogGeneration { .. } => {
            "the message says what to delete; desk makes the views anew at its next start"
        }
        ViewsError::Database(_) | ViewsError::Folder(_) => {
            "check that this user or role may read the views, and for rebuild write them; desk's own may"
        }
        ViewsError::Log(_) | ViewsError::Unavailable(_) => {
            "check that log and vault can be reached, and that vault and master key are this log's"
        }
    }
}

/// An error and every cause of it, on one line.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            write!(text, ": caused by {message}").expect("a string takes all text");
        }
        cause = error.source();
    }
    text
}

fn list(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lists_every_cause_once_with_advice() {
        let refused = io::Error::other("connection refused");
        let failure = Failure::Read(ReadError::Unavailable(Arc::new(refused)));
        assert_eq!(
            failure.report(),
            "error: cannot read the event log: caused by the event log is unavailable: caused by connection refused\n\
             help: check that the database runs and can be reached\n"
        );
    }

    #[test]
    fn control_characters_in_a_path_do_not_reach_the_terminal() {
        let failure = Failure::NoLog(PathBuf::from("a\u{1b}[2Jb"));
        assert!(failure.report().starts_with("error: there is no event log at a\\u{1b}[2Jb\n"));
    }
}
