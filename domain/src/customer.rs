//! A customer: a visitor whom the shop has told us about with an identity token.
//!
//! Invariants: a visitor is at most one customer, the first that the shop named; a visitor that has left is nobody's again,
//! so whoever comes afterwards on the same browser begins with nothing.
//!
//! ```text
//! new ── identified ──▶ known ── profile_changed ──▶ known
//!  └────── signed_out ────┴─▶ left (for ever)
//! ```

pub mod audience;
pub mod codec;
pub mod command;
pub mod decide;
pub mod event;
pub mod rejection;
pub mod state;

pub use codec::{decode, encode, with_personal};
pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use rejection::Rejection;
pub use state::{Customer, State};
