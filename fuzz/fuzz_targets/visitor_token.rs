#![no_main]
fuzz::opening!("visitor_token");
