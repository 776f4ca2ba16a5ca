//! Who is calling: a visitor by token, or staff that is signed in.

pub mod api_keys;
pub mod bootstrap_admin;
pub mod caller;
pub mod device;
pub mod identity;
pub mod passwords;
pub mod require;
pub mod second_factor;
pub mod staff;
pub mod staff_directory;
pub mod staff_services;
pub mod staff_tokens;
pub mod visitor;
