//! The opening `client` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("client");
