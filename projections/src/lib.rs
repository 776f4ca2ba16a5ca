//! Facts into answers: views are folded from the log by one loop, a file per view, and thrown away and rebuilt at will.
//!
//! This crate gets the reading half of the log and the vault that opens personal parts; it has nothing to append with, and
//! no decision leans on it. Invariants: rows and checkpoint change in one transaction; an event that cannot be read stops
//! the loop and is named, never skipped; a reader never sees an older figure after a newer one.
//!
//! Times in rows are bigint microseconds since 1970 in UTC, everywhere.

mod checkpoint;
mod fact;
mod generation;
mod ownership;
mod place;
mod pointer;
mod projection;
mod projector;
mod reading;
mod rebuild;
mod rows;

pub mod agents;
pub mod audit;
pub mod compare;
pub mod message;
pub mod moment;
pub mod session_detail;
pub mod session_list;
pub mod statistics;
pub mod view;
pub mod views;

#[cfg(test)]
mod tests;

pub use agents::{AgentView, ApiKeyView, SignInView};
pub use audit::{AuditEntry, AuditFilter};
pub use fact::{AccountFact, Fact, FactError, Facts};
pub use message::{Audience, MessageView, Role};
pub use moment::{Moment, SessionAt};
pub use place::ViewsLocation;
pub use reading::Reading;
pub use rebuild::{Rebuild, Standing};
pub use session_detail::{EscalationView, SessionView};
pub use session_list::{Preview, SessionSummary};
pub use statistics::{Statistics, Today};
pub use view::{View, ViewSet};
pub use views::{Alarm, Behind, Views, ViewsError};
