#![no_main]
fuzz::opening!("identity_keys");
