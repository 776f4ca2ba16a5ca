//! Why a command to a customer was refused. The browser then becomes another visitor.

/// The rule that refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The visitor is another customer of the shop.
    #[error("the visitor is another customer")]
    AnotherCustomer,
    /// The visitor has left.
    #[error("the visitor has signed out")]
    SignedOut,
}
