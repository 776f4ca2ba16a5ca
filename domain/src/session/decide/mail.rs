//! Mail about a session, and the address that the customer gives.

use crate::{
    id::MailId,
    personal::Personal,
    session::{
        command::Circumstances,
        decide::notice,
        event::{ContactDetails, Event, MailFailed, MailFailure, MailKind, MailRequested, MailSent, ProfileChanged},
        notice::Notice,
        state::Session,
    },
    text::EmailAddress,
};

pub(super) fn request(session: &Session, mail: MailId, kind: MailKind) -> Vec<Event> {
    if session.mails.contains(&mail) {
        return Vec::new();
    }
    vec![Event::MailRequested(MailRequested { mail, kind })]
}

/// Quiet about a mail that is not under way.
pub(super) fn record(session: &Session, mail: MailId, attempts: u32, failure: Option<MailFailure>) -> Vec<Event> {
    if !session.mails.contains(&mail) {
        return Vec::new();
    }
    vec![match failure {
        None => Event::MailSent(MailSent { mail, attempts }),
        Some(code) => Event::MailFailed(MailFailed { mail, attempts, code }),
    }]
}

/// The address is taken where the customer was asked for it.
pub(super) fn note_address(
    session: &Session,
    email: EmailAddress,
    circumstances: &Circumstances,
) -> Option<[Event; 2]> {
    if !session.was_asked_for_email || session.has_email {
        return None;
    }
    let contact = Personal::Known(ContactDetails { email });
    let noted = Event::ProfileChanged(ProfileChanged { contact });
    Some([noted, notice(session, circumstances.notice("email_noted"), Notice::EmailNoted)])
}
