//! The opening `identity_keys` of `tests/src/fuzz_targets.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("identity_keys");
