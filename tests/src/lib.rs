//! What the tests of this workspace share: servers to run against, and a shop's days to fill them with.

pub mod app_without_processes;
pub mod contract_server;
pub mod desk;
pub mod envelope;
pub mod fuzz_targets;
pub mod http_client;
pub mod identity;
pub mod installed_server;
pub mod kurrent;
pub mod mail_server;
pub mod oracle;
pub mod postgres;
pub mod rare_events;
pub mod shop;
pub mod test_scale;
pub mod totp;
