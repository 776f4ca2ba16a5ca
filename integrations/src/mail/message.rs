//! A mail as it goes over the wire (RFC 5322): plain ASCII, so that any server takes it.

use std::time::SystemTime;

use commands::mailer::Mail;
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use super::{Letter, MailAddress, letter::one_line};

/// The id of the request that the mail came of, as the server's log has it.
const REQUEST_ID: HeaderName = HeaderName::new_from_ascii_str("X-Request-Id");

/// In whose name mails are sent.
#[derive(Debug, Clone)]
pub struct Sender {
    /// From which address.
    pub address: MailAddress,
    /// As mail programs show it.
    pub name: String,
}

impl Sender {
    /// The domain of the address: the `Message-ID` and the greeting of a server name it.
    pub(super) fn domain(&self) -> &str {
        self.address.0.domain()
    }
}

/// The whole message. The same mail has the same `Message-ID`, whenever it is made.
///
/// # Panics
/// Never: a message with sender and recipients is complete.
#[must_use]
pub fn compose(letter: &Letter, sender: &Sender, recipients: &[MailAddress], mail: &Mail) -> Vec<u8> {
    let parts = MultiPart::alternative_plain_html(letter.text(mail), letter.html(mail));
    let from = Mailbox::new(Some(one_line(&sender.name)), sender.address.0.clone());
    let mut message = Message::builder()
        .from(from)
        .subject(letter.subject(mail))
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain())))
        .raw_header(HeaderValue::new(REQUEST_ID, mail.request.to_string()))
        .date(SystemTime::from(mail.sent_at));
    for recipient in recipients {
        message = message.to(Mailbox::new(None, recipient.0.clone()));
    }
    message.multipart(parts).expect("there are a sender and recipients").formatted()
}
