//! The opening `visitor_token` of `tests/src/fuzz_targets.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("visitor_token");
