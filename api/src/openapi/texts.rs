//! Texts from outside as the document describes them: how long they may be and what must not be in them. The rules are in
//! `domain`; these patterns say the same in the words of JSON Schema, and `tests/schemathesis` holds them against the server.

use std::borrow::Cow;

use commands::event_id::MAX_KEY_BYTES;
use domain::{
    agent::password::{MAX_BYTES, MIN_CHARS},
    text::{
        MessageText, PersonName, QuickReplyCategory, QuickReplyTitle, ReasonCode, SessionName, Skill, Tag, Username,
    },
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AnyOfBuilder, SchemaType},
    },
};

use crate::auth::{device::DEVICE_CHARS, identity::MAX_TOKEN_BYTES};

/// Characters that no text of one line has: control characters, line separators, marks of direction.
const NO_LINE: &str = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069";
/// Characters that nobody sees, of the basic plane; beside them stand white space and control characters.
const UNSEEN: &str = r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8";
/// White space as the server knows it.
const WHITE: &str = r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]";
/// Whatever it is.
const ANY: &str = "";
const KEY: &str = r"^[ -~]*[!-~][ -~]*$";
const REASON: &str = "^[a-z0-9_]+$";
const VERSION: &str = r#"^("[0-9]{1,9}"|[0-9]{1,9})$"#;
/// Empty is none.
const CURSOR: &str = r"^(([0-9]{1,19}-)?[0-9]{1,19})?$";
const POSITION: &str = r"^[0-9]{1,19}$";
/// A time without a zone is of UTC.
const CIVIL: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]) ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$";

/// So many characters on one line; white space around them is dropped and does not count.
fn one_line(most: usize) -> String {
    format!(r"^\s*[^\s{NO_LINE}]([^{NO_LINE}]{{0,{}}}[^\s{NO_LINE}])?\s*$", most - 2)
}

/// So many letters, digits and signs; white space around them is dropped and does not count. What else is no letter, beyond ASCII,
/// is not told here: not every generator of clients knows Unicode's classes.
fn username(most: usize) -> String {
    format!(r"^\s*[^\s!-,/:-?\[-^`{{-~{NO_LINE}]{{1,{most}}}\s*$")
}

/// Something of it is seen.
fn message() -> String {
    format!(r"^[^\u0000]*[^\s\u0000-\u001f\u007f-\u009f{UNSEEN}][^\u0000]*$")
}

/// The same, or white space alone.
fn draft() -> String {
    format!("^({WHITE}*|{})$", message().trim_matches(['^', '$']))
}

fn email() -> String {
    let part = format!(r"[^\s@,;<>{NO_LINE}]+");
    format!(r"^\s*({part}@{part})?\s*$")
}

/// Not what leads elsewhere in a path.
fn session_name() -> String {
    format!("^{}$", NAME.replace("NO_LINE", NO_LINE))
}

/// The same, or nothing.
fn session_name_or_none() -> String {
    format!("^({})?$", NAME.replace("NO_LINE", NO_LINE))
}

const NAME: &str = r"(?!\.{1,2}$)[^/\\NO_LINE]*[^\s/\\NO_LINE][^/\\NO_LINE]*";

fn watched() -> String {
    let id = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    format!("^{id}(,{id}){{0,19}}$")
}

/// A text of so many characters, as far as its pattern does not count them.
fn text(told: &str, least: usize, most: Option<usize>, pattern: &str) -> RefOr<Schema> {
    let pattern = (!pattern.is_empty()).then_some(pattern);
    let described = ObjectBuilder::new().schema_type(Type::String).description(Some(told.trim()));
    described.min_length((least > 0).then_some(least)).max_length(most).pattern(pattern).into()
}

/// Stand-ins for fields that are plain texts in the code.
macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident: $least:expr, $most:expr, $pattern:expr;)*) => {$(
        $(#[doc = $doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text(concat!($($doc),*), $least, $most.into(), &$pattern)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

texts! {
    /// What somebody wrote.
    Text: 1, MessageText::MAX_CHARS, message();
    /// What somebody is about to write; of white space alone for no draft.
    DraftText: 0, MessageText::MAX_CHARS, draft();
    /// A session's name, chosen by the client: on one line, without slashes.
    Name: 1, SessionName::MAX_CHARS, session_name();
    /// A session's name, or empty for one that the server makes.
    NameOrNone: 0, SessionName::MAX_CHARS, session_name_or_none();
    /// What a member of staff signs in with: letters, digits, dot, hyphen, underscore and @.
    Login: 1, None, username(Username::MAX_CHARS);
    /// What a person is called.
    Person: 1, None, one_line(PersonName::MAX_CHARS);
    /// Something that a member of staff knows about.
    SkillName: 1, None, one_line(Skill::MAX_CHARS);
    /// What a quick reply is found by.
    ReplyTitle: 1, None, one_line(QuickReplyTitle::MAX_CHARS);
    /// What quick replies are grouped by.
    ReplyCategory: 1, None, one_line(QuickReplyCategory::MAX_CHARS);
    /// What staff files a session under; it is folded to lower case.
    TagName: 1, None, one_line(Tag::MAX_CHARS);
    /// Where mail goes, in at most 254 bytes; empty for nowhere.
    Email: 0, None, email();
    /// A password to be set; none of those that are tried first, and without the username in it.
    NewPassword: MIN_CHARS, MAX_BYTES, ANY;
    /// A random text that a browser made once and keeps to itself.
    Device: *DEVICE_CHARS.start(), *DEVICE_CHARS.end(), ANY;
    /// A JWT of the shop.
    IdentityToken: 1, MAX_TOKEN_BYTES, ANY;
    /// Makes a request repeatable: visible ASCII.
    Key: 1, MAX_KEY_BYTES, KEY;
    /// A position of the log, or the id of a frame: `<generation>-<position>`.
    Cursor: 0, 40, CURSOR;
    /// Why something was done, as a program says it: lower-case letters, digits and underscores.
    Reason: 1, ReasonCode::MAX_CHARS, REASON;
    /// The version of something, as its ETag shows it.
    Version: 1, 11, VERSION;
    /// Ids of sessions, separated by commas.
    Watched: 36, None, watched();
}

/// A moment: a position of the log, or a time in RFC 3339; without a zone it is of UTC.
pub(crate) struct Moment;

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let time = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let forms = [text().pattern(Some(POSITION)), time, text().pattern(Some(CIVIL))];
        let described = AnyOfBuilder::new().description(Some("A position of the log, or a time"));
        forms.into_iter().fold(described, AnyOfBuilder::item).into()
    }
}

impl ToSchema for Moment {
    fn name() -> Cow<'static, str> {
        "Moment".into()
    }
}

/// Any JSON without U+0000, at most 32 levels deep.
pub(crate) struct Anything;

impl PartialSchema for Anything {
    fn schema() -> RefOr<Schema> {
        // Of itself it is not told: a type that refers to itself is none in TypeScript.
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        any.description(Some("Any JSON without U+0000, at most 32 levels deep")).into()
    }
}

impl ToSchema for Anything {
    fn name() -> Cow<'static, str> {
        "Anything".into()
    }
}
