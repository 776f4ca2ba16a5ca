//! Who is calling: a visitor by token, or staff.

pub mod identity;
pub mod staff;
pub mod visitor;
