//! Closed sets of words as the document lists them, out of the very lists that the rules are made of: a new word is in the
//! document at once.

use std::borrow::Cow;

use commands::assistants::BreakerState as Breaker;
use domain::session::{
    Status,
    event::{EscalationReason as Reason, FailureCode as Failure, Severity as Urgency},
    priority::PriorityClass as Class,
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Stand-ins for fields that are plain texts in the code.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident: $all:expr;)*) => {$(
        $(#[doc = $doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let described = ObjectBuilder::new().description(Some(concat!($($doc),*).trim()));
                described.schema_type(Type::String).enum_values(Some($all)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

words! {
    /// What somebody of staff is to the shop.
    Role: domain::agent::Role::ALL.iter().map(|role| role.as_str());
    /// Something that may be done.
    Permission: domain::agent::Permission::ALL.iter().map(|permission| permission.as_str());
    /// Something that a program may do.
    ProgramPermission: program_permissions();
    /// Whether somebody of staff is there.
    AgentStatus: domain::agent::Presence::ALL.iter().map(|presence| presence.as_str());
    /// What somebody of staff chooses; lunch is a break.
    ChosenStatus: domain::agent::Presence::ALL.iter().map(|presence| presence.as_str()).chain(["lunch"]);
    /// A language that customers are answered in.
    Language: domain::Language::ALL.map(domain::Language::as_str);
    /// Who answers in a session.
    SessionStatus: Status::ALL.map(Status::as_str);
    /// Who wrote a message.
    MessageRole: projections::Role::ALL.map(projections::Role::as_str);
    /// Who writes in a session that a person has.
    SpeakerRole: ["agent", "user"];
    /// Whose sessions are listed.
    CustomerType: ["vip", "old", "new"];
    /// The order of the list of sessions.
    SessionOrder: projections::SessionOrder::ALL.map(projections::SessionOrder::as_str);
    /// From which end the audit trail is shown.
    AuditOrder: projections::AuditOrder::ALL.map(projections::AuditOrder::as_str);
    /// What somebody of staff drafts.
    DraftKind: commands::workspace::DraftKind::ALL.map(commands::workspace::DraftKind::as_str);
    /// What the FAQ has for a question.
    FaqOutcome: ["sure", "choices", "none"];
    /// Whose a quick reply is.
    QuickReplyScope: ["shared", "personal"];
    /// Whether a session is taken from the queue alone, or from the assistant as well.
    TakenFrom: ["queue", "any"];
    /// What becomes of a transfer that was asked for.
    TransferAction: ["accept", "decline", "withdraw"];
    /// Which sessions the workbench's stream is about.
    StreamScope: ["own", "all"];
    /// Why a person is wanted.
    EscalationReason: stored(Reason::ALL);
    /// How urgently.
    Severity: stored(Urgency::ALL);
    /// A session's class in the queue.
    PriorityClass: Class::ALL.map(Class::as_str);
    /// A class that staff may give a session.
    SettableClass: Class::ALL.into_iter().filter(|class| *class != Class::Danger).map(Class::as_str);
    /// The original's word for the class.
    PriorityLevel: ["urgent", "high", "normal"];
    /// What is summed up together.
    UsageBy: projections::UsageBy::ALL.map(projections::UsageBy::as_str);
    /// Why an assistant failed.
    FailureCode: stored(Failure::ALL);
    /// What an assistant's breaker lets through: all questions, none, or one on trial.
    BreakerState: BREAKER_STATES.map(Breaker::as_str);
    /// What became of a mail.
    MailStatus: stored(projections::MailStatus::ALL);
}

const BREAKER_STATES: [Breaker; 3] = [Breaker::Closed, Breaker::Open, Breaker::HalfOpen];

/// The original knew three levels and put VIP customers into the first.
#[must_use]
pub(crate) fn level(class: Class) -> &'static str {
    match class {
        Class::Danger | Class::Vip => "urgent",
        Class::Urgent => "high",
        Class::Normal => "normal",
    }
}

fn program_permissions() -> impl Iterator<Item = &'static str> {
    use domain::agent::Permission;
    Permission::ALL.iter().filter(|permission| permission.is_for_programs()).map(|permission| permission.as_str())
}

/// Words that are written as they are stored.
fn stored<const N: usize>(all: [impl Serialize; N]) -> impl Iterator<Item = serde_json::Value> {
    all.into_iter().map(|word| serde_json::to_value(word).expect("codes are plain strings"))
}
