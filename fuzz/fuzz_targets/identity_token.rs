//! The opening `identity_token` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("identity_token");
