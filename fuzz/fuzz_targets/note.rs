//! The opening `note` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("note");
