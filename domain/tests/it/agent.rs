//! The rules of accounts, seen from outside: given these events, when this command, then those events.

mod samples;
mod second_factor;

mod account;
mod api_key;
mod presence;
mod properties;
mod sign_in;
mod stored;
