//! The policy and the calendars in force, and the time: what an escalation depends on beside the session.

use std::sync::Arc;

use domain::{MailId, SessionId, calendar::Calendars, flags::Variant, policy::Policy, session::command::Circumstances};
use event_store::Clock;
use uuid::Uuid;

use crate::{sessions::Heard, settings::SettingsInForce};

/// What is in force on this node.
pub struct Rules {
    settings: Arc<SettingsInForce>,
    clock: Arc<dyn Clock>,
    heard: Heard,
}

impl Rules {
    /// Rules by these settings and this clock.
    #[must_use]
    pub fn new(settings: Arc<SettingsInForce>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock, heard: Heard::default() }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.settings.policy()
    }

    /// What customers asked lately, for the rule that sees a question come again.
    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// The calendars.
    #[must_use]
    pub fn calendars(&self) -> Arc<Calendars> {
        self.settings.calendars()
    }

    /// The variant of assistants that a session is in; none where it takes no part.
    #[must_use]
    pub fn variant(&self, session: SessionId) -> Option<Variant> {
        self.settings.flags().variant(session).cloned()
    }

    /// By which it is judged who works.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What an escalation depends on now. The mail's id is made of `cause`, so that a repeated command asks for the same mail.
    #[must_use]
    pub fn circumstances(&self, cause: Uuid) -> Circumstances {
        Circumstances {
            policy: self.policy(),
            calendars: self.calendars(),
            at: self.clock.now(),
            mail: MailId(Uuid::new_v5(&cause, b"mail")),
        }
    }
}
