//! Names for what stands in the tables: people, ids, texts and circumstances.

mod commands;
mod events;

use std::sync::{Arc, LazyLock};

use domain::{
    AgentId, ContextId, Incarnation, MailId, MessageId, NoteId, OfferId, RunId, TransferId, VisitorId,
    calendar::Calendars,
    policy::{Policy, Rule, Signal},
    session::{
        command::{Circumstances, Opening, Staff},
        event::Words,
    },
    text::{EmailAddress, MessageText, ReasonCode, SessionName, Skill},
};
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) use commands::*;
pub(crate) use events::*;

pub(crate) const ANA: u8 = 1;
pub(crate) const BO: u8 = 2;
/// May do with sessions of others what their agents may.
pub(crate) const SUE: u8 = 3;

const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xa0));
pub(crate) const NODE: Incarnation = Incarnation(Uuid::from_u128(0xb0));

pub(crate) fn agent(n: u8) -> AgentId {
    AgentId(Uuid::from_u128(0xc00 + u128::from(n)))
}

pub(crate) fn context_id(n: u8) -> ContextId {
    ContextId(Uuid::from_u128(0xd00 + u128::from(n)))
}

pub(crate) fn message_id(n: u32) -> MessageId {
    MessageId(Uuid::from_u128(0xe0_0000 + u128::from(n)))
}

pub(crate) fn run_id(n: u32) -> RunId {
    RunId(Uuid::from_u128(0xf0_0000 + u128::from(n)))
}

/// The number that [`run_id`] was given.
pub(crate) fn run_number(run: RunId) -> u32 {
    u32::try_from(run.0.as_u128() - 0xf0_0000).unwrap()
}

pub(crate) fn reply_id(run: u32, attempt: u32) -> MessageId {
    MessageId(Uuid::from_u128(0x1_0000_0000 + u128::from(run) * 1000 + u128::from(attempt)))
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::constant(1_763_899_200, 0)
}

pub(crate) fn text(said: &str) -> MessageText {
    MessageText::parse(said.to_owned()).unwrap()
}

pub(crate) fn words() -> Words {
    Words { text: text("刹车异响怎么办？"), parameters: serde_json::Map::new() }
}

pub(crate) fn opening() -> Opening {
    Opening {
        visitor: VISITOR,
        name: SessionName::parse("session_1763899200_ab".to_owned()).unwrap(),
        context: context_id(1),
    }
}

/// Only [`SUE`] is a supervisor.
pub(crate) fn staff(n: u8) -> Staff {
    Staff { agent: agent(n), is_supervisor: n == SUE }
}

pub(crate) fn transfer_id(n: u8) -> TransferId {
    TransferId(Uuid::from_u128(0x1100 + u128::from(n)))
}

pub(crate) fn offer_id(n: u8) -> OfferId {
    OfferId(Uuid::from_u128(0x1200 + u128::from(n)))
}

pub(crate) fn mail_id(n: u8) -> MailId {
    MailId(Uuid::from_u128(0x1300 + u128::from(n)))
}

pub(crate) fn note_id(n: u8) -> NoteId {
    NoteId(Uuid::from_u128(0x1500 + u128::from(n)))
}

/// Of the notices whose id the command brings.
pub(crate) fn notice_id() -> MessageId {
    MessageId(Uuid::from_u128(0x1400))
}

/// Of the notices whose id is made of the circumstances'.
pub(crate) fn notice_of(mail: MailId, which: &str) -> MessageId {
    MessageId(Uuid::new_v5(&mail.0, which.as_bytes()))
}

pub(crate) fn batteries() -> Skill {
    Skill::parse("batteries").unwrap()
}

pub(crate) fn resolved() -> ReasonCode {
    ReasonCode::parse("resolved").unwrap()
}

pub(crate) fn address() -> EmailAddress {
    EmailAddress::parse("rider@example.com").unwrap()
}

/// What a rule read.
pub(crate) fn read(rule: Rule) -> Signal {
    Signal { rule, evidence: EVIDENCE.to_owned() }
}

pub(crate) const EVIDENCE: &str = "命中关键词: 人工";

/// The shop opens on the Monday after [`noon`], a Sunday's.
const WEEK: &str = "[default]\ntime_zone = \"UTC\"\n[default.week]\nmonday = \"09:00-18:00\"\n";

pub(crate) fn monday() -> Timestamp {
    noon() + jiff::SignedDuration::from_hours(21)
}

// Read once: properties ask often.
static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(Arc::default);
static OPEN: LazyLock<Arc<Calendars>> = LazyLock::new(|| Arc::new(Calendars::always_open()));
static CLOSED: LazyLock<Arc<Calendars>> = LazyLock::new(|| Arc::new(Calendars::parse(WEEK, 1).unwrap()));

/// Somebody works.
pub(crate) fn open_shop() -> Circumstances {
    Circumstances { policy: POLICY.clone(), calendars: OPEN.clone(), at: noon(), mail: mail_id(1) }
}

/// Nobody works until [`monday`].
pub(crate) fn closed_shop() -> Circumstances {
    Circumstances { calendars: CLOSED.clone(), ..open_shop() }
}
