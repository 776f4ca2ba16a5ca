//! The read side: projections fold the log into tables, by one loop for all of them, and readers ask those views. Every view
//! can be thrown away and rebuilt.
//!
//! This crate gets the reading half of the log and the vault that opens personal parts; it has nothing to append with, and
//! no decision leans on it. Invariants: rows and cursor change in one transaction; an event that cannot be read stops
//! the loop and is named, never skipped; a reader never sees an older figure after a newer one.
//!
//! Times in rows are bigint microseconds since 1970 in UTC, everywhere.

mod cursor;
mod dependencies;
mod error;
mod follower;
mod generation;
mod open;
mod projector;
mod reading;
mod rebuild;
mod rows;
mod storage;
mod views;

pub mod agents;
pub mod as_of;
pub mod attempt;
pub mod audit;
pub mod catalogue;
pub mod compare;
pub mod episode;
pub mod message;
pub mod note;
pub mod projection;
pub mod queue;
pub mod quick_reply;
pub mod search;
pub mod service;
pub mod session_count;
pub mod session_detail;
pub mod session_list;
pub mod statistics;
pub mod tag;

#[cfg(test)]
mod tests;

pub use agents::{AgentNames, AgentView, ApiKeyView, SignInView};
pub use as_of::{AsOf, SessionAt};
pub use attempt::{AttemptEnd, AttemptView, SessionUsage, Usage, UsageBy};
pub use audit::{AuditEntry, AuditFilter, AuditOrder};
pub use episode::{EpisodeView, VisitorView};
pub use error::{Alarm, Behind, ViewsError};
pub use message::{Audience, MessageView, NoticeView, Role};
pub use note::{NoteView, NoteWording};
pub use projection::{Projection, ProjectionSet};
pub use queue::{Load, Queue, QueueEntry, QueuePlace};
pub use quick_reply::QuickReplyView;
pub use reading::Reading;
pub use rebuild::{Rebuild, RebuildStatus};
pub use service::{AgentToday, ServiceEnd, ServiceStart, ServiceView};
pub use session_count::SessionCounts;
pub use session_detail::{EscalationView, MailStatus, MailView, OfferView, RatingView, SessionView, TransferView};
pub use session_list::{
    AgentFilter, CustomerType, EscalationSummary, FoundSessions, PageCursor, Preview, SessionFilter, SessionOrder,
    SessionPage, SessionSummary,
};
pub use statistics::{Statistics, Today};
pub use storage::ViewsLocation;
pub use tag::TagCount;
pub use views::Views;
