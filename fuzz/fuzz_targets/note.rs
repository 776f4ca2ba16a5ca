#![no_main]
fuzz::opening!("note");
