//! Mails to the team: by SMTP, or to the log on a developer's machine, or not at all.
//!
//! Invariants: whatever people wrote is escaped in HTML and never part of a header but the subject, which is encoded; the
//! `Message-ID` follows from the mail's id alone; an error and a log line hold nothing personal.

mod address;
mod content;
mod letter;
mod message;
mod sinks;
mod smtp;
mod texts;

pub use address::MailAddress;
pub use letter::Letter;
pub use message::{Sender, compose};
pub use sinks::{LogMailer, NoMailer};
pub use smtp::{Credentials, Security, Smtp, SmtpError, SmtpSettings};
pub use texts::MailLanguage;
