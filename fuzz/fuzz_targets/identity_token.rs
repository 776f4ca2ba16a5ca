#![no_main]
fuzz::opening!("identity_token");
