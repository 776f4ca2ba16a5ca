//! Coze's adapter against the contract server: a real process over HTTP that speaks every listed dialect and failure.

mod conversations;
mod dialects;
mod ending;
mod failures;
mod fixture;
mod recovery;
mod tokens;
