//! The opening `staff_token` of `tests/src/outside.rs`, for the fuzzer.
#![no_main]
fuzz::opening!("staff_token");
