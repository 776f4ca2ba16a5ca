//! What a mail says, in the team's language and time zone: subject, text and HTML.

use commands::mailer::Mail;
use domain::text::form::beginning;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    content,
    texts::{MailLanguage, Texts},
};

/// A session's name is no longer; a header's line may not be longer than 998.
const SUBJECT_NAME_CHARS: usize = 128;

/// How mails to the team are written.
#[derive(Debug, Clone)]
pub struct Letter {
    pub(super) texts: &'static Texts,
    zone: TimeZone,
}

impl Letter {
    /// In this language and time zone.
    #[must_use]
    pub fn new(language: MailLanguage, zone: TimeZone) -> Self {
        Self { texts: Texts::of(language), zone }
    }

    /// The subject: one line without control characters.
    #[must_use]
    pub fn subject(&self, mail: &Mail) -> String {
        let name = beginning(&mail.session_name, SUBJECT_NAME_CHARS);
        one_line(&format!("{} - {name}", self.texts.subject))
    }

    /// The part for programs that show text alone.
    #[must_use]
    pub fn text(&self, mail: &Mail) -> String {
        content::text(self, mail)
    }

    /// The part for all others.
    #[must_use]
    pub fn html(&self, mail: &Mail) -> String {
        content::html(self, mail).into_string()
    }

    /// The date and the time of day.
    pub(super) fn date_and_time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The time of day.
    pub(super) fn time_of_day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// The time zone, as people call it.
    pub(super) fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// A text as a header takes it: no control characters, no line separators, and nothing that a mail program would decode as if
/// we had encoded it.
pub(super) fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    line.replace("=?", "= ?")
}
