#![no_main]
fuzz::opening!("sealed");
