//! What the tests of this workspace share: servers to run against, and a shop's days to fill them with.

pub mod desk;
pub mod effort;
pub mod envelope;
pub mod eventful;
pub mod identity;
pub mod kurrent;
pub mod oracle;
pub mod outside;
pub mod postgres;
pub mod quiet;
pub mod sealed;
pub mod shop;
pub mod totp;
