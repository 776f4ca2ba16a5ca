//! Personal data inside an event: known, erased, or still sealed because the reader holds no key.

use std::fmt;

/// Something about a person. Erasing destroys this and keeps the event.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal<T> {
    /// It can be read.
    Known(T),
    /// Its key was destroyed.
    Erased,
    /// It has not been opened, or the reader has no keys (an auditor without the master key).
    Sealed,
}

impl<T> Personal<T> {
    /// The value, if it can be read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Erased | Self::Sealed => None,
        }
    }

    /// Maps the value, if it can be read.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Personal<U> {
        match self {
            Self::Known(value) => Personal::Known(part(value)),
            Self::Erased => Personal::Erased,
            Self::Sealed => Personal::Sealed,
        }
    }

    /// The same by reference.
    pub fn as_ref(&self) -> Personal<&T> {
        match self {
            Self::Known(value) => Personal::Known(value),
            Self::Erased => Personal::Erased,
            Self::Sealed => Personal::Sealed,
        }
    }
}

/// Personal data is in no log line, not even by accident.
impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => "[personal]",
            Self::Erased => "[erased]",
            Self::Sealed => "[sealed]",
        })
    }
}
