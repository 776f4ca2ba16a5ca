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
    /// Somebody else changed the quick reply meanwhile.
    #[error("the quick reply has version {current} by now, not the version that was seen")]
    QuickReplyChanged {
        /// What it has.
        current: u32,
    },
    /// There is no such quick reply, or none any more.
    #[error("there is no such quick reply")]
    NoQuickReply,
    /// There is no room for another one.
    #[error("there are {max} quick replies already")]
    TooManyQuickReplies {
        /// The most.
        max: usize,
    },
}
