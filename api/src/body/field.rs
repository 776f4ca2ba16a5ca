//! Fields of bodies: each is parsed into its type while the body is read, so that the error knows where it stands.
//!
//! Used as `#[serde(deserialize_with = "required")]` and, for fields that may be absent or null,
//! `#[serde(default, deserialize_with = "optional")]`.

use std::fmt::Display;

use domain::{
    AgentId, Language, QuickReplyId, SessionId,
    agent::{
        Permission, Presence, Role,
        command::{CAPACITIES, SKILLS},
    },
    session::{decide::MAX_TAGS, priority::PriorityClass, rating::Score},
    text::{
        EmailAddress, MessageText, PersonName, QuickReplyCategory, QuickReplyTitle, ReasonCode, SessionName, Skill,
        Tag, Username,
    },
};
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::{Map, Value};

use crate::auth::{device::DeviceName, passwords::Password};

/// Stands before the reason in an error of ours: serde's own errors, which may quote what was sent, begin otherwise.
const MARK: &str = "\u{1}";

/// A type that fields have.
pub trait Field: Sized {
    /// What is sent for it.
    type Sent: DeserializeOwned;

    /// Takes what was sent.
    ///
    /// # Errors
    /// It is not taken; the reason follows the field's name, like `must not be empty`, and quotes nothing.
    fn take(sent: Self::Sent) -> Result<Self, String>;
}

/// A field that must be there.
///
/// # Errors
/// It is null, of the wrong type, or not taken.
pub fn required<'de, D: Deserializer<'de>, T: Field>(deserializer: D) -> Result<T, D::Error> {
    let sent = Option::<T::Sent>::deserialize(deserializer)?;
    sent.map_or_else(|| Err(REQUIRED.to_owned()), T::take).map_err(refused)
}

/// A field that may be absent or null.
///
/// # Errors
/// It is of the wrong type, or not taken.
pub fn optional<'de, D: Deserializer<'de>, T: Field>(deserializer: D) -> Result<Option<T>, D::Error> {
    let sent = Option::<T::Sent>::deserialize(deserializer)?;
    sent.map(T::take).transpose().map_err(refused)
}

/// A text that may be absent or null, or empty, which is as absent: old clients fill in nothing so.
///
/// # Errors
/// It is of the wrong type, or not taken.
pub fn unless_empty<'de, D: Deserializer<'de>, T: Field<Sent = String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let sent = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    sent.map(T::take).transpose().map_err(refused)
}

pub(super) const REQUIRED: &str = "is required";

fn refused<E: Error>(reason: String) -> E {
    E::custom(format_args!("{MARK}{reason}"))
}

/// Why [`Field::take`] refused, if it did, from the text of the error.
pub(super) fn reason(error: &str) -> Option<&str> {
    error.strip_prefix(MARK)
}

fn text_of<T>(parsed: Result<T, impl Display>) -> Result<T, String> {
    parsed.map_err(|error| error.to_string())
}

macro_rules! fields {
    ($($type:ty: |$sent:ident: $from:ty| $take:expr;)+) => {$(
        impl Field for $type {
            type Sent = $from;

            fn take($sent: $from) -> Result<Self, String> {
                $take
            }
        }
    )+};
}

fields! {
    bool: |sent: bool| Ok(sent);
    String: |text: String| Ok(text);
    MessageText: |text: String| text_of(Self::parse(text));
    SessionName: |text: String| text_of(Self::parse(text));
    PersonName: |text: String| text_of(Self::parse(&text));
    Username: |text: String| text_of(Self::parse(&text));
    Skill: |text: String| text_of(Self::parse(&text));
    ReasonCode: |text: String| text_of(Self::parse(&text));
    QuickReplyTitle: |text: String| text_of(Self::parse(&text));
    QuickReplyCategory: |text: String| text_of(Self::parse(&text));
    QuickReplyScope: |text: String| Self::parse(&text).ok_or_else(|| "must be shared or personal".to_owned());
    DeviceName: |text: String| text_of(Self::parse(text));
    Password: |text: String| Ok(Self::given(text));
    // Empty means nowhere.
    Option<EmailAddress>: |text: String| match text.trim() {
        "" => Ok(None),
        _ => text_of(EmailAddress::parse(&text)).map(Some),
    };
    Role: |text: String| Self::parse(&text).ok_or_else(|| {
        let names: Vec<&str> = Self::ALL.iter().map(|role| role.as_str()).collect();
        format!("must be one of {}", names.join(", "))
    });
    u32: |number: u32| Ok(number);
    u64: |number: u64| Ok(number);
    SessionId: |text: String| text.parse().map_err(|_| NO_ID.to_owned());
    AgentId: |text: String| text.parse().map_err(|_| NO_ID.to_owned());
    QuickReplyId: |text: String| text.parse().map_err(|_| NO_ID.to_owned());
    Language: |text: String| Self::parse(&text).ok_or_else(|| {
        let names: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
        format!("must be one of {}", names.join(", "))
    });
    // The original's lunch is a break.
    Presence: |text: String| match text.as_str() {
        "lunch" => Ok(Self::Break),
        other => Self::parse(other).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|presence| presence.as_str()).collect();
            format!("must be one of {}, lunch", names.join(", "))
        }),
    };
    Vec<Skill>: |texts: Vec<String>| skills(&texts);
    Vec<Tag>: |texts: Vec<String>| tags(&texts);
    Mentions: |texts: Vec<String>| match texts.len() > MENTIONS {
        true => Err(format!("must be at most {MENTIONS}")),
        false => Ok(Self(texts)),
    };
    Score: |score: u8| text_of(Self::try_from(score));
    SettableClass: |text: String| match PriorityClass::parse(&text) {
        Some(class) if class != PriorityClass::Danger => Ok(Self(class)),
        Some(_) | None => Err("must be vip, urgent or normal".to_owned()),
    };
    Vec<Language>: |texts: Vec<String>| languages(&texts);
    Capacity: |count: u32| match CAPACITIES.contains(&count) {
        true => Ok(Self(count)),
        false => Err(format!("must be {} to {}", CAPACITIES.start(), CAPACITIES.end())),
    };
    ProgramPermissions: |texts: Vec<String>| permissions(&texts);
    ManualRole: |text: String| match text.as_str() {
        "agent" => Ok(Self::Agent),
        "user" => Ok(Self::User),
        _ => Err("must be 'agent' or 'user'".to_owned()),
    };
    Origin: |text: String| match text.as_str() {
        "any" => Ok(Self::Any),
        "queue" => Ok(Self::Queue),
        _ => Err("must be queue or any".to_owned()),
    };
    TransferAnswer: |text: String| match text.as_str() {
        "accept" => Ok(Self::Accept),
        "decline" => Ok(Self::Decline),
        "withdraw" => Ok(Self::Withdraw),
        _ => Err("must be accept, decline or withdraw".to_owned()),
    };
    EndTime: |text: String| text.parse().map(Self).map_err(|_| TO_COME.to_owned());
    Parameters: |map: Map<String, Value>| {
        map.iter().try_for_each(|(key, value)| storable(key, value, 1))?;
        match serde_json::to_vec(&map) {
            Ok(written) if written.len() <= MAX_PARAMETERS_BYTES => Ok(Self(map)),
            _larger => Err(format!("must have at most {MAX_PARAMETERS_BYTES} bytes as JSON")),
        }
    };
}

/// Sessions that an account takes at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity(pub u32);

/// What a program may do: one or more, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramPermissions(pub Vec<Permission>);

/// Who says something in a session that a person has, in the original's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManualRole {
    /// The person.
    Agent,
    /// The customer.
    User,
}

/// Where a session may be taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The queue alone.
    Queue,
    /// The assistant as well.
    Any,
}

/// Whose a quick reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuickReplyScope {
    /// The shop's.
    Shared,
    /// Of the agent who wrote it.
    Personal,
}

impl QuickReplyScope {
    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "shared" => Some(Self::Shared),
            "personal" => Some(Self::Personal),
            _neither => None,
        }
    }
}

/// What is said to a transfer that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferAnswer {
    /// By who was asked.
    Accept,
    /// By who was asked.
    Decline,
    /// By who asked.
    Withdraw,
}

/// Whom a note is for, by user name or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentions(pub Vec<String>);

/// Accounts that a note mentions at most.
const MENTIONS: usize = 20;

/// A class that staff may give a session: danger is declared by its rule alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettableClass(pub PriorityClass);

/// When something ends; whether that is to come is asked where the time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndTime(pub Timestamp);

/// What an id that is not taken must be.
const NO_ID: &str = "must be an id like 11111111-2222-4333-8444-555555555566";

/// What an end that is not taken must be.
pub(crate) const TO_COME: &str = "must be a time to come like 2027-01-31T00:00:00Z";

/// What the shop's page passes along with a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(pub Map<String, Value>);

fn skills(texts: &[String]) -> Result<Vec<Skill>, String> {
    if texts.len() > SKILLS {
        return Err(format!("must be at most {SKILLS}"));
    }
    let mut skills = text_of(texts.iter().map(|text| Skill::parse(text)).collect::<Result<Vec<_>, _>>())?;
    skills.sort();
    skills.dedup();
    Ok(skills)
}

fn tags(texts: &[String]) -> Result<Vec<Tag>, String> {
    if texts.len() > MAX_TAGS {
        return Err(format!("must be at most {MAX_TAGS}"));
    }
    text_of(texts.iter().map(|text| Tag::parse(text)).collect())
}

fn languages(texts: &[String]) -> Result<Vec<Language>, String> {
    let known = |text: &String| Language::ALL.into_iter().find(|language| language.as_str() == text);
    let given: Option<Vec<Language>> = texts.iter().map(known).collect();
    let given = given.ok_or("must be zh, en, de, fr, es or it each")?;
    Ok(Language::ALL.into_iter().filter(|language| given.contains(language)).collect())
}

fn permissions(texts: &[String]) -> Result<ProgramPermissions, String> {
    let allowed = || Permission::ALL.iter().copied().filter(|permission| permission.is_for_programs());
    let known = |text: &String| allowed().find(|permission| permission.as_str() == text);
    let given: Option<Vec<Permission>> = texts.iter().map(known).collect();
    let Some(mut given) = given.filter(|given| !given.is_empty()) else {
        let names: Vec<&str> = allowed().map(Permission::as_str).collect();
        return Err(format!("must be one or more of {}", names.join(", ")));
    };
    given.sort();
    given.dedup();
    Ok(ProgramPermissions(given))
}

/// Bytes of `parameters`, written as JSON without white space: whoever follows the session is sent them with the message.
const MAX_PARAMETERS_BYTES: usize = 16 * 1024;

/// Levels of objects and arrays in `parameters`: whatever shows them adds some of its own, and parsers stop at 128.
const MAX_DEPTH: usize = 32;

/// Nothing may enter the log that a view cannot store, or that a reader of the log cannot parse.
fn storable(key: &str, value: &Value, depth: usize) -> Result<(), String> {
    let holds_null = key.contains('\0') || value.as_str().is_some_and(|text| text.contains('\0'));
    if holds_null {
        return Err("must not contain U+0000".to_owned());
    }
    if depth > MAX_DEPTH {
        return Err(format!("must not be nested deeper than {MAX_DEPTH} levels"));
    }
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| storable("", value, depth + 1)),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| storable(key, value, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}
