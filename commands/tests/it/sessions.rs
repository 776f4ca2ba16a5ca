//! The use cases and the assistant's run, on a log in memory and with assistants that do as they are told.

mod deciding;
mod fixture;
mod keeping;
mod running;
