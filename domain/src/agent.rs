//! A member of staff: an account with a role, its password, its second factor and its sign-ins; or a program with a key.
//!
//! Invariants: what may be done is said by the role or the key alone, never by a caller; a sign-in ends once and stays ended;
//! only the newest refresh token of a sign-in is good, and one that was exchanged more than 30 s ago ends the whole sign-in; a
//! code is good once.

pub mod audience;
pub mod codec;
pub mod command;
pub mod decide;
pub mod event;
pub mod password;
pub mod permission;
pub mod presence;
pub mod rejection;
pub mod state;

pub use codec::{decode, encode, with_personal};
pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use permission::{Permission, Permissions, Role};
pub use presence::{Presence, PresenceCause};
pub use rejection::Rejection;
pub use state::{Account, ApiKey, SecondFactor, SignIn, State};
