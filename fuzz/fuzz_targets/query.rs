#![no_main]
fuzz::opening!("query");
