#![no_main]
fuzz::opening!("lists");
