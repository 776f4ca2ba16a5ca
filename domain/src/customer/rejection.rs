//! When a rule says no. Whoever hears it becomes another visitor.

/// A rule that was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The visitor is another customer of the shop.
    #[error("the visitor is another customer")]
    AnotherCustomer,
    /// The visitor has left.
    #[error("the visitor has signed out")]
    SignedOut,
}
