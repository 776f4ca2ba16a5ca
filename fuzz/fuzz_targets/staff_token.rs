#![no_main]
fuzz::opening!("staff_token");
