//! `POST /api/manual/escalate`: the customer asks for a person, or staff does.

use domain::{
    Language, VisitorId,
    calendar::Hours,
    session::{Command, Event, command::Escalate},
    text::{MessageText, SessionName},
};

use super::{Commanded, Request, Sessions, opening};
use crate::{error::CommandError, rules::Rules};

/// A person is asked for.
#[derive(Debug, Clone)]
pub struct AskForPerson {
    /// Who asks, about which session.
    pub request: Request,
    /// A customer's session is opened if need be: whose it is, and what the client calls it.
    pub opening: Option<(VisitorId, SessionName)>,
    /// Why, in the caller's words.
    pub reason: MessageText,
    /// The language of the shop's page, where the session has none yet.
    pub page: Option<Language>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct AskedForPerson {
    /// The command.
    pub done: Commanded,
    /// Whether a mail to the team was recorded as requested.
    pub is_mailed: bool,
    /// Whether somebody works now.
    pub is_in_shift: bool,
}

impl Sessions {
    /// Asks for a person.
    ///
    /// # Errors
    /// A person has the session already, or it is not there, or the log did not take it.
    pub async fn ask_for_person(&self, rules: &Rules, asked: AskForPerson) -> Result<AskedForPerson, CommandError> {
        let AskForPerson { request, opening: named, reason, page } = asked;
        let firing = rules.policy().on_request(reason.as_str());
        let hours = rules.calendars().hours(firing.group.as_ref(), rules.clock().now());
        let command = |id: &crate::CommandId| {
            Command::Escalate(Escalate {
                opening: named.map(|(visitor, name)| opening(visitor, &name, id)),
                firing,
                language: page,
                circumstances: rules.circumstances(id.derive_id("escalate")),
            })
        };
        let done = self.command("escalate", request, command).await?;
        let is_mailed = done.events.iter().any(|event| matches!(event, Event::MailRequested(_)));
        let was_closed = done.events.iter().any(|event| matches!(event, Event::AfterHoursNoticeGiven(_)));
        let is_open = matches!(hours, Hours::Open { .. });
        // A repeat is told what the first was.
        let is_in_shift = if done.is_repeat { !was_closed } else { is_open };
        Ok(AskedForPerson { done, is_mailed, is_in_shift })
    }
}
