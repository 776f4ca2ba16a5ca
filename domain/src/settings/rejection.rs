//! Why a command to settings was refused.

/// The rule that refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Somebody else published meanwhile.
    #[error("version {current} is in force, not the version that was seen")]
    Stale {
        /// What is in force.
        current: u32,
    },
    /// There is no such version to go back to.
    #[error("there is no version {version}")]
    NoVersion {
        /// What was asked for.
        version: u32,
    },
}
