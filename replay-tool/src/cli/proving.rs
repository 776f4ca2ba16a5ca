//! The arguments of the commands for checkpoints and proofs.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use event_store::Position;

/// Checkpoints and proofs to verify the log against.
#[derive(Debug, Default, Args)]
#[command(group = ArgGroup::new("evidence").args(["checkpoint", "proof"]).multiple(true))]
pub struct VerifyArgs {
    /// A checkpoint, or a folder with several of them (every *.checkpoint in it). May be given several times.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub checkpoint: Vec<PathBuf>,
    /// A proof file: its checkpoint is used too, and its paths narrow down where a mismatch begins.
    /// May be given several times.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub proof: Vec<PathBuf>,
    /// The public key that they were signed with, as `desk keys` shows it.
    #[arg(long, value_name = "FILE", requires = "evidence")]
    pub key: Option<PathBuf>,
    /// The position that a restore of this log left as the last, of which you were told by other means than the log:
    /// checkpoints from before it that cover more are then not compared. May be given several times.
    #[arg(long, value_name = "N", requires = "evidence", value_parser = position)]
    pub restored_at: Vec<Position>,
}

fn position(text: &str) -> Result<Position, String> {
    text.parse().map(Position).map_err(|_| "must be a position of the log".to_owned())
}

/// The signing key and the output file.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// The private key for checkpoints of this log.
    #[arg(long, value_name = "PRIVATE_KEY_FILE")]
    pub key: PathBuf,
    /// The file to write; readable by everyone, because it contains no secret.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replaces an existing file.
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The events to prove, the checkpoint and the output file.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// A session (its id, its stream or, with the master key, its name), any other stream, or the id of one event.
    #[arg(value_name = "SESSION|EVENT_ID")]
    pub what: String,
    /// The checkpoint that was signed over it.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: PathBuf,
    /// The public key that the checkpoint was signed with, as `desk keys` shows it.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The file to write, instead of standard output; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replaces an existing file.
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The proof file and the key.
#[derive(Debug, Args)]
pub struct CheckProofArgs {
    /// The proof file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The public key that its checkpoint was signed with, as `desk keys` shows it.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// Two checkpoints and the key.
#[derive(Debug, Args)]
pub struct ConsistencyArgs {
    /// The older checkpoint.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The newer one.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// The public key that both were signed with, as `desk keys` shows it.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}
