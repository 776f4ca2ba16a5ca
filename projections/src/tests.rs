//! The views from outside: given events, then rows; and the loop through kills, alarms and new generations.
#![allow(clippy::unwrap_used, missing_docs)]

mod agents;
mod agreement;
mod attempts;
mod fixture;
mod generations;
mod hand_off;
mod looping;
mod quick_replies;
mod sessions;
