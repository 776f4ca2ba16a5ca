//! The policy and the calendars in force, and the time: what an escalation depends on beside the session.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{MailId, calendar::Calendars, policy::Policy, session::command::Circumstances};
use event_store::Clock;
use uuid::Uuid;

/// What is in force on this node.
#[derive(Debug)]
pub struct Rules {
    policy: RwLock<Arc<Policy>>,
    calendars: RwLock<Arc<Calendars>>,
    clock: Arc<dyn Clock>,
}

impl Rules {
    /// The program's own policy, and a shop that is always open.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { policy: RwLock::default(), calendars: RwLock::new(Arc::new(Calendars::always_open())), clock }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The calendars.
    #[must_use]
    pub fn calendars(&self) -> Arc<Calendars> {
        self.calendars.read().unwrap_or_else(PoisonError::into_inner).clone()
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
