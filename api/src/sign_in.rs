//! Who is calling: a visitor by token, or staff.

pub mod staff;
pub mod visitor;
