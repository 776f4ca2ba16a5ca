//! The opening `api_key` of `tests/src/fuzz_targets.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("api_key");
