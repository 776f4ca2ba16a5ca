//! A customer: a visitor whom the shop has identified with an identity token.
//!
//! Invariants: a visitor is at most one customer, the first that the shop named; a visitor that has signed out stays so, and
//! whoever uses the browser next is a new visitor with no history.
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
