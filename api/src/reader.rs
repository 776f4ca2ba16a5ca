//! Who reads events, and the one answer to whether an event goes to that reader and how much of it: the domain's audience, then
//! what the customer's screen hides, then the personal part.
//!
//! Invariant: a personal part is opened only for a reader who may see it, so nothing that is hidden here was ever opened.

use domain::{
    DomainEvent, Viewer,
    agent::{Permission, Permissions},
    session::Screen,
};
use event_store::StreamVersion;
use journal::{Decoded, Journal, JournalError, Opened};

/// Somebody who reads events by one right.
pub struct Reader {
    viewer: Viewer,
    screen: Option<ScreenCursor>,
}

impl Reader {
    /// The customer of a session, who sees everything that is meant for customers.
    #[must_use]
    pub fn customer() -> Self {
        Self { viewer: Viewer::Customer, screen: None }
    }

    /// The same, without what its screen hides.
    #[must_use]
    pub fn customer_with_screen(screen: ScreenCursor) -> Self {
        Self { viewer: Viewer::Customer, screen: Some(screen) }
    }

    /// Staff or a program, by these permissions and no others that it may have.
    #[must_use]
    pub fn staff(permissions: &[Permission]) -> Self {
        Self { viewer: Viewer::Staff(Permissions::of(permissions)), screen: None }
    }

    /// What this reader is shown of an event, if anything.
    ///
    /// # Errors
    /// The personal part may be seen and cannot be opened.
    pub async fn show<'a>(
        &mut self,
        journal: &Journal,
        decoded: &'a Decoded,
    ) -> Result<Option<Shown<'a>>, JournalError> {
        let is_on_screen = self.screen.as_mut().is_none_or(|screen| screen.shows(decoded));
        let (viewer, audience) = (self.viewer, decoded.event().audience());
        if !audience.may_see(viewer) || !is_on_screen {
            return Ok(None);
        }
        let personal = if audience.may_see_personal(viewer) { Some(journal.open(decoded).await?) } else { None };
        Ok(Some(Shown { viewer, decoded, personal }))
    }
}

/// An event as a reader may see it.
pub struct Shown<'a> {
    /// Who sees it.
    pub viewer: Viewer,
    /// The event. What somebody else opened of it may be in it as well: read it by [`Shown::event`].
    pub decoded: &'a Decoded,
    /// The personal part, if this reader may see it.
    pub personal: Option<&'a Opened>,
}

impl Shown<'_> {
    /// What happened, with the personal part if this reader may see it.
    #[must_use]
    pub fn event(&self) -> &DomainEvent {
        match self.personal {
            Some(_) => self.decoded.opened_event(),
            None => self.decoded.event(),
        }
    }
}

/// A customer's screen and how far it has followed the session.
#[derive(Debug, Default)]
pub struct ScreenCursor {
    read_to: StreamVersion,
    screen: Screen,
}

impl ScreenCursor {
    /// Takes in an event of the session, unless it has.
    pub fn follow(&mut self, decoded: &Decoded) {
        let version = decoded.recorded().version;
        if let Some((_, event)) = decoded.event().session()
            && version > self.read_to
        {
            self.read_to = version;
            self.screen.apply(event);
        }
    }

    /// Whether the screen shows an event, which it takes in unless it has.
    fn shows(&mut self, decoded: &Decoded) -> bool {
        self.follow(decoded);
        decoded.event().session().is_none_or(|(_, event)| !self.screen.hides(event))
    }
}
