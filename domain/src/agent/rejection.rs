//! When a rule says no.

/// The rule that refused a command.
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
    /// The account has a second factor, and none came.
    #[error("the account needs a second factor")]
    SecondFactorRequired,
    /// The code is not one of the account's, or was used before.
    #[error("the code is not good, or was used before")]
    SecondFactorWrong,
    /// There is a second factor already.
    #[error("the account has a second factor already")]
    SecondFactorEnabled,
    /// No secret was offered that the code could be of.
    #[error("no second factor was offered, or another one meanwhile")]
    SecondFactorNotOffered,
    /// The key would have a permission that only people may have.
    #[error("no program may do this")]
    NotForPrograms,
    /// There is no such key of a program.
    #[error("there is no such API key")]
    NoApiKey,
}
