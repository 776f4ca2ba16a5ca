//! HTTP, sign-in, settings; builds and starts everything.
//!
//! Invariant: nothing of ours points here, so HTTP is known to this crate alone.

pub mod activity_frames;
pub mod agent_names;
mod answering_frames;
mod ask_assistants;
pub mod auth;
mod backup;
pub mod body;
mod check_config;
mod check_faq;
pub mod checkpoints;
pub mod cli;
pub mod client_ip;
pub mod clock_file;
mod copy_keys;
mod copy_log;
pub mod data_dir;
mod drill;
mod endpoints;
pub mod envelope;
pub mod error_chain;
pub mod following;
pub mod logging;
mod mark_restored;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod query;
pub mod queue_places;
pub mod reader;
pub mod request;
pub mod reset_admin;
mod restore;
pub mod routes;
pub mod server;
pub mod services;
pub mod session_frames;
pub mod session_owners;
pub mod settings;
pub mod sse;
pub mod staff_frames;
pub mod startup;
pub mod supervision;
pub mod visitor_revocation;
pub mod wire;
pub mod workbench;
