//! Whether a member of staff is there for customers, and why that is so.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::permission::names;

names! {
    /// Whether somebody of staff is there.
    Presence {
        /// Takes sessions.
        Online = "online",
        /// There, and takes no more sessions.
        Busy = "busy",
        /// Has a break.
        Break = "break",
        /// Is being trained.
        Training = "training",
        /// Not there.
        Offline = "offline",
    }
}

names! {
    /// Why the presence is as it is.
    PresenceCause {
        /// The agent chose it.
        Chosen = "chosen",
        /// The agent signed in, or came back after being lost.
        SignIn = "sign_in",
        /// The last sign-in ended.
        SignOut = "sign_out",
        /// Nothing was heard of the agent any more.
        Lost = "lost",
    }
}
