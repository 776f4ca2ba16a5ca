//! A device of staff, known by a random name that its browser keeps: signed in before, it need not wait when others have tried
//! wrong passwords.

use std::ops::RangeInclusive;

use domain::{AgentId, DeviceId};

/// A name must be as hard to guess as this is long.
pub(crate) const DEVICE_CHARS: RangeInclusive<usize> = 16..=200;

/// A device's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(String);

/// It is too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have {} to {} characters, best random ones", DEVICE_CHARS.start(), DEVICE_CHARS.end())]
pub struct NoDeviceName;

impl DeviceName {
    /// Takes a name.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn parse(name: String) -> Result<Self, NoDeviceName> {
        if DEVICE_CHARS.contains(&name.chars().count()) { Ok(Self(name)) } else { Err(NoDeviceName) }
    }

    /// The device, among those of an account.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> DeviceId {
        DeviceId::of(agent, &self.0)
    }
}
