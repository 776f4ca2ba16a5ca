//! How the text of a setting becomes a value, by its type.

use std::{fmt, net::SocketAddr, ops::Deref, path::PathBuf, time::Duration};

use commands::{assistants::BudgetThen, process::NobodyCame};
use domain::{
    budget::{Micros, PerAssistant},
    calendar::{Holidays, TimeOfDay, time_zone},
    routing::Strategy,
};
use event_store::location::without_secrets;
use integrations::mail::{MailAddress, MailLanguage};
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    assistants::{AssistantOrder, CozeAuthMode, Currency, Suggestions, Temperature, TokenPrice},
    mail::{Recipients, SmtpSecurity},
};
use crate::{
    auth::second_factor::SecondFactorRoles,
    client_ip::TrustedProxies,
    middleware::{
        base_path::BasePath,
        headers::FrameAncestors,
        origins::{Origins, PublicOrigin},
    },
};

/// The type of a setting.
pub trait Value: Sized {
    /// What the text has to be, for the error.
    const EXPECTED: &'static str;

    /// The value, or `None` if malformed.
    fn read(text: &str) -> Option<Self>;

    /// The value if nobody has set one; `None` if one is required.
    fn unset() -> Option<Self> {
        None
    }
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(text: &str) -> Option<Self> {
        T::read(text).map(Some)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}

macro_rules! read_by_from_str {
    ($($type:ty: $expected:literal),+ $(,)?) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

read_by_from_str! {
    SocketAddr: "an address like 127.0.0.1:8080",
    PathBuf: "a path",
    String: "text",
    bool: "true or false",
    u32: "a whole number",
    u16: "a port like 587",
    usize: "a whole number",
    AssistantOrder: "coze, openai, faq, or some of them, with commas between them and each once",
    Currency: "a currency like USD",
    TokenPrice: "two amounts of money like 0.15/0.60",
    Temperature: "a number from 0 to 2, or server",
    CozeAuthMode: "OAUTH_JWT or TOKEN",
    Suggestions: "up to 6 questions of up to 200 characters with | between them, or nothing",
    MailAddress: "an e-mail address in ASCII",
    Recipients: "e-mail addresses in ASCII with commas between them",
    SmtpSecurity: "implicit, starttls or none",
    MailLanguage: "zh or en",
    SecondFactorRoles: "roles like admin,auditor, or nothing",
    Origins: "origins like https://shop.example with commas between them, and no *: cookies are sent along",
    FrameAncestors: "self, none, or origins like https://shop.example or https://*.shop.example with commas between them",
    TimeOfDay: "a time like 09:00, up to 24:00",
    Strategy: "by_hand, round_robin or least_loaded",
    NobodyCame: "mail or assistant",
    BudgetThen: "next or person",
    PerAssistant<Micros>: "amounts like 5.00 or coze=5.00,openai=2.00",
    PerAssistant<u64>: "numbers like 1000 or coze=1000,openai=500",
    Holidays: "dates like 2026-10-01 with commas between them, or nothing",
    BasePath: "a path like /desk, of letters, digits, and - . _ ~, without a slash at its end; or nothing",
    PublicOrigin: "an origin like https://desk.shop.example, without a path",
    TrustedProxies: "addresses or networks like 10.0.0.0/8 with commas between them",
}

/// An address, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionalAddress(pub Option<SocketAddr>);

impl Value for OptionalAddress {
    const EXPECTED: &'static str = "an address like 127.0.0.1:9464, or off";

    fn read(text: &str) -> Option<Self> {
        match text {
            "" | "off" => Some(Self(None)),
            address => address.parse().ok().map(|address| Self(Some(address))),
        }
    }
}

/// How many failed answers in a row call a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailThreshold(pub u32);

impl Value for FailThreshold {
    const EXPECTED: &'static str = "a number from 1 to 100";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (1..=100).contains(number)).map(Self)
    }
}

/// From the database in the program, which calendars use as well.
impl Value for TimeZone {
    const EXPECTED: &'static str = "a time zone like Asia/Shanghai";

    fn read(text: &str) -> Option<Self> {
        time_zone(text)
    }
}

/// A bare number counts seconds.
impl Value for Duration {
    const EXPECTED: &'static str = "a duration like 72h, 30m or 90s, or a number of seconds";

    fn read(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self::from_secs(seconds));
        }
        let duration: SignedDuration = text.parse().ok()?;
        duration.try_into().ok()
    }
}

/// A URL that may hold a password: it is shown without.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(pub String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secrets(&self.0))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Value for Url {
    const EXPECTED: &'static str = "a URL";

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// The URL of a PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl Value for PostgresUrl {
    const EXPECTED: &'static str = "a URL that begins with postgres://";

    fn read(text: &str) -> Option<Self> {
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        is_postgres.then(|| Self(Url(text.to_owned())))
    }
}

/// With its password.
impl Deref for PostgresUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.0
    }
}

impl From<PostgresUrl> for Url {
    fn from(url: PostgresUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_address_may_be_off() {
        assert_eq!(OptionalAddress::read("off"), Some(OptionalAddress(None)));
        assert_eq!(OptionalAddress::read(""), Some(OptionalAddress(None)));
        let address = OptionalAddress::read("[::1]:9464").and_then(|address| address.0);
        assert_eq!(address.map(|address| address.port()), Some(9464));
        assert_eq!(OptionalAddress::read("9464"), None);
    }

    #[test]
    fn a_duration_has_a_unit_or_is_a_number_of_seconds() {
        let hour = Some(Duration::from_secs(3600));
        for text in ["1h", "1 hour", "60m", "3600", "3600s", "PT1H"] {
            assert_eq!(Duration::read(text), hour, "{text}");
        }
        assert_eq!(Duration::read("0"), Some(Duration::ZERO));
        for bad in ["", "-1", "-1h", "h", "1.5", "1x"] {
            assert_eq!(Duration::read(bad), None, "{bad}");
        }
    }
}
