#![no_main]
fuzz::opening!("proof");
