//! What crosses a crate's border, in one binary: linked once, run together.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod architecture;
mod checkpoints;
mod conformance;
mod crash;
mod golden;
mod hash;
mod http;
mod mutants;
mod on_disk;
mod outage;
mod postgres;
mod replay;
mod sqlite;
mod tamper;
mod views;
