//! The opening `api_key` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("api_key");
