//! The session's rules, seen from outside: given these events, when this command, then those events.
//!
//! Every command answers three questions, in every phase where they make sense: the right events? says no? stays quiet?
//! `properties` asks them of arbitrary sequences; `stored` asks the codec about arbitrary events and arbitrary bytes.

mod dsl;
mod samples;
mod screen;
mod situations;

mod after_hours;
mod closing;
mod context;
mod escalation;
mod failure;
mod idle;
mod leaving;
mod mail;
mod message;
mod notes;
mod offer;
mod opening;
mod person;
mod priority;
mod rating;
mod reply;
mod run;
mod tags;
mod takeover;
mod transfer;
mod urgency;

mod arbitrary;
mod audience;
mod model;
mod properties;
mod steps;
mod stored;
