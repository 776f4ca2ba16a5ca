//! The routes: one table of them (`table.rs`), and a file of handlers for each group.
//!
//! Invariants: a route is served because its row is in the table, and for no other reason; the row says who may call it, and
//! that is the handler's first argument or it does not compile.

pub mod acting;
pub mod activity;
pub mod agent_events;
pub mod agents;
pub mod api_keys;
pub mod assistants;
pub mod audit;
pub mod auth;
pub mod background_work;
pub mod backup_health;
pub mod bot;
pub mod calendars;
pub mod chat;
pub mod chat_stream;
pub mod conversation;
pub mod customer;
pub mod detailed_health;
pub mod docs;
pub mod drafts;
pub mod events;
pub mod faq;
pub mod faq_health;
pub mod flag_trial;
pub mod flags;
pub mod hand_off;
pub mod health;
pub mod idempotency;
pub mod if_match;
pub mod manual;
pub mod marks;
pub mod metrics;
pub mod min_position;
pub mod notes;
pub mod offers;
mod own_session;
pub mod page;
pub mod pending_transfers;
pub mod policies;
pub mod policy_trial;
pub mod presence;
pub mod profile;
pub mod proof;
pub mod published;
pub mod queue;
pub mod quick_replies;
pub mod ratings;
mod refused;
mod registration;
pub mod second_factor;
pub mod session_customer;
pub mod session_events;
pub mod session_list;
pub mod session_mail;
pub mod sessions;
pub mod shift;
pub mod system_health;
mod table;
pub mod tokens;
pub mod transfers;
pub mod usage;

pub use registration::Row;
pub use table::{ROUTES, configure, description, document};
