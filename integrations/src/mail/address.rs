//! An e-mail address that a mail server is told.

use std::{fmt, str::FromStr};

use lettre::Address;

/// A well-formed address in ASCII: not every server knows others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(pub(super) Address);

/// It is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address in ASCII")]
pub struct MalformedAddress;

impl FromStr for MailAddress {
    type Err = MalformedAddress;

    fn from_str(text: &str) -> Result<Self, MalformedAddress> {
        let address: Address = text.trim().parse().map_err(|_| MalformedAddress)?;
        let is_plain = address.to_string().bytes().all(|b| b.is_ascii_graphic());
        is_plain.then_some(Self(address)).ok_or(MalformedAddress)
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
