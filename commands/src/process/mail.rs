//! Mails to the team: each that a session asks for goes through the outbox to the mail server, and what became of it is recorded
//! in the session.
//!
//! An open mail has a timer, which is due at once; a timer that history left is due when history has been read. So a process
//! manager that is new to the log sends what nobody has sent, and nothing else. Invariant: a mail is recorded as sent or failed
//! before its item leaves the outbox: a crash in between sends it again, under the same `Message-ID`.

mod delivery;
mod gathering;
mod outcomes;
#[cfg(test)]
mod tests;

use domain::{MailId, SessionId, session::Event};
use event_store::StreamName;
use journal::Decoded;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::manager::{Action, Item, ProcessManager, Timer, whole_millisecond};

pub use delivery::MailDelivery;
pub use outcomes::{LastFailure, MailOutcomes, OutcomesHandle};

/// Its name, and the kind of its items.
const MAIL: &str = "mail";

/// The process manager.
#[derive(Debug, Clone, Copy)]
pub struct SendMail;

/// Three attempts, and one in each of the 24 hours after them. The mail is given up with the last.
const ATTEMPTS: u32 = 3 + 24;

/// What timers and items say.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct OpenMail {
    session: SessionId,
    mail: MailId,
}

impl ProcessManager for SendMail {
    fn name(&self) -> &'static str {
        MAIL
    }

    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((session, event)) = decoded.event().session() else { return Vec::new() };
        let stream = decoded.recorded().stream.clone();
        let over = |mail: MailId| vec![Action::CancelTimer { stream: stream.clone(), key: mail.to_string() }];
        match event {
            Event::MailRequested(requested) => {
                let open = OpenMail { session, mail: requested.mail };
                vec![Action::SetTimer(timer(stream, &open, decoded))]
            }
            Event::MailSent(sent) => over(sent.mail),
            Event::MailFailed(failed) => over(failed.mail),
            _other => Vec::new(),
        }
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let Ok(OpenMail { mail, .. }) = OpenMail::deserialize(&timer.payload) else { return Vec::new() };
        let item = Item { key: mail.to_string(), kind: MAIL.to_owned(), payload: timer.payload.clone() };
        vec![Action::Deliver(item)]
    }
}

fn timer(stream: StreamName, open: &OpenMail, decoded: &Decoded) -> Timer {
    let due = whole_millisecond(decoded.recorded().recorded_at);
    Timer { stream, key: open.mail.to_string(), due, payload: json!(open), life: None }
}
