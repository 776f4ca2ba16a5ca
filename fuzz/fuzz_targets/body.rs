#![no_main]
fuzz::opening!("body");
