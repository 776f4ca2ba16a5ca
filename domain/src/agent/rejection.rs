//! When a rule says no.

/// A rule that was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// There is one already.
    #[error("there is an account of this name already")]
    AlreadyExists,
    /// It may not be used any more.
    #[error("the account is deactivated")]
    Deactivated,
    /// The sign-in is over, or there never was one.
    #[error("the sign-in is over")]
    SignedOut,
    /// The password is not the one that was checked.
    #[error("the password was changed meanwhile")]
    PasswordChanged,
}
