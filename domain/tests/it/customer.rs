//! The rules of customers, seen from outside: given these events, when this command, then those events.

mod samples;

mod identity;
mod leaving;
mod properties;
mod stored;
