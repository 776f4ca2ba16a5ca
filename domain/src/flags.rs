//! Flags: what the shop switches on for some sessions, or for some of its staff, without a restart (`docs/flags.md`).
//!
//! What a flag says of somebody is a pure function of the document and of who asks. Two seeds of the document decide for a
//! session: one whether it takes part, one which variant it is in ([`bucket`]), so that growing the share or drawing it anew
//! moves nobody who stays from one variant to another.
//!
//! Invariants: the same document says the same of the same session, on every node and in every version of the program; a flag
//! that the program does not know is refused.

mod bucket;
mod document;
mod known;

use std::collections::{BTreeMap, BTreeSet};

pub use bucket::bucket;
pub use known::{ASSISTANT_ORDER, AskedFor, KNOWN, Kind, Known};

use crate::{
    agent::Role,
    id::{AgentId, SessionId},
    settings::{Document, DocumentError, Topic},
};

/// The shop's flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    version: u32,
    /// Every flag that the program knows.
    flags: BTreeMap<&'static str, Flag>,
}

/// What a flag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A text.
    Text(String),
    /// A whole number.
    Number(u32),
}

/// Who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Subject {
    /// The session that it is asked for.
    pub session: Option<SessionId>,
    /// The member of staff that it is asked for.
    pub agent: Option<AgentId>,
    /// That member's role.
    pub role: Option<Role>,
}

/// One way to answer: which assistants are asked, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name, which events carry.
    pub name: String,
    /// How many in a hundred of those who take part are in it.
    pub share: u32,
    /// The assistants' names.
    pub assistants: Vec<String>,
}

/// What a flag says of somebody, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What it says.
    pub value: &'a Value,
    /// The rule that decided, from 1; none where the default is what is left.
    pub rule: Option<usize>,
}

/// One flag, as the document has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Flag {
    default: Value,
    share_seed: String,
    variant_seed: String,
    rules: Vec<Rule>,
    variants: Vec<Variant>,
    /// The variants' names, as rules give them.
    names: Vec<Value>,
}

/// Some, and what the flag says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    of: Among,
    /// Where none is named, it is what the variants' shares say.
    value: Option<Value>,
}

/// Of whom a rule speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Among {
    /// So many in a hundred sessions.
    Percent(u32),
    /// These sessions.
    Sessions(BTreeSet<SessionId>),
    /// These members of staff.
    Agents(BTreeSet<AgentId>),
    /// Staff with these roles.
    Roles(Vec<Role>),
}

impl Document for Flags {
    const TOPIC: Topic = Topic::Flags;

    fn parse(text: &str, version: u32) -> Result<Self, DocumentError> {
        Self::of(KNOWN, text, version)
    }

    fn built_in() -> &'static str {
        include_str!("flags/built_in.toml")
    }

    fn version(&self) -> u32 {
        self.version
    }
}

impl Flags {
    /// Reads a document of these flags.
    ///
    /// # Errors
    /// It is not such a document; the error says line and field.
    pub fn of(known: &'static [Known], text: &str, version: u32) -> Result<Self, DocumentError> {
        Ok(Self { version, flags: document::parse(known, text)? })
    }

    /// 0 = what the program brings, else the published version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What a flag says of somebody; none where there is no such flag.
    #[must_use]
    pub fn decide(&self, flag: &str, subject: &Subject) -> Option<Decision<'_>> {
        Some(self.flags.get(flag)?.decide(subject))
    }

    /// The variant of assistants that a session is in; none where it takes no part.
    #[must_use]
    pub fn variant(&self, session: SessionId) -> Option<&Variant> {
        let flag = self.flags.get(ASSISTANT_ORDER)?;
        let subject = Subject { session: Some(session), ..Subject::default() };
        match flag.decide(&subject).value {
            Value::Text(name) => flag.variants.iter().find(|variant| variant.name == *name),
            Value::Boolean(_) | Value::Number(_) => None,
        }
    }
}

impl Flag {
    /// What is not in the document.
    fn untouched(known: &Known) -> Self {
        let (share_seed, variant_seed) = (String::new(), String::new());
        let (rules, variants, names) = (Vec::new(), Vec::new(), Vec::new());
        Self { default: known.initial.clone(), share_seed, variant_seed, rules, variants, names }
    }

    /// The first rule that speaks of the subject decides.
    fn decide(&self, subject: &Subject) -> Decision<'_> {
        let found = self.rules.iter().enumerate().find(|(_, rule)| self.speaks_of(rule, subject));
        let Some((place, rule)) = found else { return Decision { value: &self.default, rule: None } };
        let value = rule.value.as_ref().or_else(|| self.drawn(subject.session?)).unwrap_or(&self.default);
        Decision { value, rule: Some(place + 1) }
    }

    fn speaks_of(&self, rule: &Rule, subject: &Subject) -> bool {
        match &rule.of {
            Among::Percent(percent) => {
                subject.session.is_some_and(|session| bucket(&self.share_seed, session) < *percent)
            }
            Among::Sessions(sessions) => subject.session.is_some_and(|session| sessions.contains(&session)),
            Among::Agents(agents) => subject.agent.is_some_and(|agent| agents.contains(&agent)),
            Among::Roles(roles) => subject.role.is_some_and(|role| roles.contains(&role)),
        }
    }

    /// The variant that the shares give a session: buckets are dealt out in the order of the variants.
    fn drawn(&self, session: SessionId) -> Option<&Value> {
        let bucket = bucket(&self.variant_seed, session);
        let mut end = 0;
        let place = self.variants.iter().position(|variant| {
            end += variant.share;
            bucket < end
        });
        self.names.get(place?)
    }
}
