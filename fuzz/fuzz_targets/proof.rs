//! The opening `proof` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("proof");
