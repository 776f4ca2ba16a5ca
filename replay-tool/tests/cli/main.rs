//! Runs the built `desk-replay` on a real log in files.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod shop;

mod hand_off;
mod manners;
mod play;
mod proving;
mod report;
mod secrecy;
mod show;
mod tail;
mod verify;
