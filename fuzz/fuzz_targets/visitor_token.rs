//! The opening `visitor_token` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("visitor_token");
