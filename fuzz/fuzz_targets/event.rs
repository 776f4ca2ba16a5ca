#![no_main]
fuzz::opening!("event");
