//! The opening `identity_keys` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("identity_keys");
