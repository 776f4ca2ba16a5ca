#![no_main]
fuzz::opening!("client");
