//! Mails to the team: what they say, and how they get to a real mail server that takes or refuses them.

mod delivered;
mod sending;
mod written;

use commands::mailer::{Mail, MailAuthor, MailLine};
use domain::{
    MailId, SessionId,
    session::{Status, event::EscalationReason},
};
use integrations::mail::{Letter, MailAddress, MailLanguage, Sender};
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

/// A mail about a session of this name in which this was said.
fn mail_about(name: &str, texts: &[&str]) -> Mail {
    let at: Timestamp = "2026-03-01T16:30:05Z".parse().unwrap();
    let line = |(n, text): (usize, &&str)| MailLine {
        author: MailAuthor::ALL[n % MailAuthor::ALL.len()],
        at,
        text: (*text).to_owned(),
    };
    Mail {
        request: uuid::Uuid::from_u128(7),
        id: MailId(Uuid::from_u128(7)),
        session: SessionId(Uuid::from_u128(8)),
        session_name: name.to_owned(),
        customer_email: None,
        reason: Some(EscalationReason::FailLoop),
        is_danger: false,
        triggered_at: at,
        status: Status::AfterHoursEmail,
        messages: texts.iter().enumerate().map(line).collect(),
        sent_at: "2026-03-01T17:00:00Z".parse().unwrap(),
    }
}

fn letter(language: MailLanguage) -> Letter {
    Letter::new(language, TimeZone::get("Asia/Shanghai").unwrap())
}

fn address(text: &str) -> MailAddress {
    text.parse().unwrap()
}

fn sender() -> Sender {
    Sender { address: address("desk@example.com"), name: "Fiido客服系统".to_owned() }
}
