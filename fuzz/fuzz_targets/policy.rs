//! The opening `policy` of `tests/src/fuzz_targets.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("policy");
