//! The opening `calendars` of `tests/src/fuzz_targets.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("calendars");
