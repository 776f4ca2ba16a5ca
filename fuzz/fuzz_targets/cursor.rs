#![no_main]
fuzz::opening!("cursor");
