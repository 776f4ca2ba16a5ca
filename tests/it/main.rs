//! What crosses a crate's border, in one binary: linked once, run together.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod architecture;
mod audience;
mod checkpoint_attacks;
mod checkpoints;
mod clock;
mod compare;
mod conformance;
mod copy_log;
mod crash;
mod fuzz_targets;
mod generated;
mod golden;
mod hash;
mod http;
mod identity;
mod kurrentdb;
mod log_elsewhere;
mod mail;
mod moments;
mod mutants;
mod on_disk;
mod oracle;
mod outage;
mod postgres;
mod presence;
mod processes;
mod rebuild;
mod replay;
mod replay_traced;
mod sqlite;
mod supervision;
mod tamper;
mod timed;
mod views;
mod visitor_revocation;
