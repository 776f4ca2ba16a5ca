#![no_main]
fuzz::opening!("api_key");
