//! Puts together what a mail says, from its session's events: when it is sent, so that nothing personal is kept anywhere else.

use std::{collections::VecDeque, pin::pin};

use domain::{
    MailId, SessionId,
    session::{Event, Status, event::EscalationReason, priority::PriorityClass},
    text::MessageText,
    texts::{self, Names},
};
use event_store::StreamVersion;
use futures::StreamExt as _;
use jiff::{Timestamp, Zoned};
use journal::Decoded;
use uuid::Uuid;

use crate::{
    error::CommandError,
    mailer::{Mail, MailAuthor, MailLine},
    sessions::{Sessions, stream_of},
};

/// Messages that a mail shows, as the original's.
const MESSAGES: usize = 10;

/// What there is to send.
pub(super) enum Gathered {
    /// This.
    Open(Box<Mail>),
    /// Nothing: it is recorded as sent or failed, or was never requested.
    Over,
}

/// Reads the session.
pub(super) async fn gather(
    sessions: &Sessions,
    session: SessionId,
    mail: MailId,
    now: &Zoned,
) -> Result<Gathered, CommandError> {
    let (journal, stream) = (sessions.journal(), stream_of(session));
    let mut read = Read::new(Names::new(now.time_zone().clone(), []));
    let mut pages = pin!(journal.read_stream(&stream, StreamVersion::NONE));
    while let Some(page) = pages.next().await {
        let page = page?;
        journal.open_all(&page).await?;
        page.iter().for_each(|decoded| read.take(decoded, mail));
    }
    Ok(read.into_mail(session, mail, now.timestamp()))
}

struct Read {
    /// Names of agents are in views, which nothing here reads: texts do without.
    nameless: Names,
    name: Option<String>,
    email: Option<String>,
    escalation: Option<Escalation>,
    status: Option<Status>,
    lines: VecDeque<MailLine>,
    /// What stood when the mail was asked for.
    requested: Option<Requested>,
    is_over: bool,
}

struct Requested {
    escalation: Option<Escalation>,
    at: Timestamp,
    request: Uuid,
}

#[derive(Clone, Copy)]
struct Escalation {
    reason: EscalationReason,
    class: PriorityClass,
    at: Timestamp,
}

impl Read {
    fn new(nameless: Names) -> Self {
        Self {
            nameless,
            name: None,
            email: None,
            escalation: None,
            status: None,
            lines: VecDeque::new(),
            requested: None,
            is_over: false,
        }
    }

    fn take(&mut self, decoded: &Decoded, mail: MailId) {
        let Some((_, event)) = decoded.opened_event().session() else { return };
        let at = decoded.recorded().recorded_at;
        self.status = event.status_after(self.status);
        self.take_contact(event);
        self.take_text(event, at);
        match event {
            Event::Escalated(escalated) => {
                let (reason, class) = (escalated.reason, escalated.class);
                self.escalation = Some(Escalation { reason, class, at });
            }
            Event::EscalationCancelled(_) | Event::Released(_) | Event::Closed(_) => self.escalation = None,
            Event::MailRequested(requested) if requested.mail == mail => {
                let request = decoded.recorded().event.correlation_id;
                self.requested = Some(Requested { escalation: self.escalation, at, request });
            }
            Event::MailSent(sent) if sent.mail == mail => self.is_over = true,
            Event::MailFailed(failed) if failed.mail == mail => self.is_over = true,
            _other => {}
        }
    }

    fn take_contact(&mut self, event: &Event) {
        match event {
            Event::Opened(opened) => {
                self.name = opened.name.known().map(|named| named.session_name.as_str().to_owned());
            }
            Event::ProfileChanged(changed) => {
                self.email = changed.contact.known().map(|contact| contact.email.as_str().to_owned());
            }
            _other => {}
        }
    }

    fn take_text(&mut self, event: &Event, at: Timestamp) {
        let text = |text: &MessageText| text.as_str().to_owned();
        let said = match event {
            Event::CustomerMessageSent(sent) => sent.words.known().map(|said| (MailAuthor::Customer, text(&said.text))),
            Event::AssistantReplied(replied) => {
                replied.reply.known().map(|reply| (MailAuthor::Assistant, text(&reply.text)))
            }
            Event::AgentMessageSent(sent) => sent.words.known().map(|said| (MailAuthor::Agent, text(&said.text))),
            Event::NoticeGiven(given) => {
                Some((MailAuthor::System, texts::notice(&given.notice, given.language, &self.nameless)))
            }
            _nothing_said => None,
        };
        if let Some((author, text)) = said {
            self.lines.push_back(MailLine { author, at, text });
            if self.lines.len() > MESSAGES {
                self.lines.pop_front();
            }
        }
    }

    fn into_mail(self, session: SessionId, id: MailId, sent_at: Timestamp) -> Gathered {
        let (Some(requested), Some(status), false) = (self.requested, self.status, self.is_over) else {
            return Gathered::Over;
        };
        let Requested { escalation, at, request } = requested;
        // Of a customer who was erased since, the id is all there is.
        let session_name = self.name.unwrap_or_else(|| session.to_string());
        Gathered::Open(Box::new(Mail {
            id,
            request,
            session,
            session_name,
            customer_email: self.email,
            reason: escalation.map(|escalation| escalation.reason),
            is_danger: escalation.is_some_and(|escalation| escalation.class == PriorityClass::Danger),
            triggered_at: escalation.map_or(at, |escalation| escalation.at),
            status,
            messages: self.lines.into(),
            sent_at,
        }))
    }
}
