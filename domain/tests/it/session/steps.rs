//! What may happen to a session in a property: one step after the other, sensible or not.

use domain::{
    policy::Rule,
    session::{
        Command,
        event::{MailFailure, OfferEnd, TransferTarget},
        priority::PriorityClass,
    },
};
use proptest::{option, prelude::*, sample::select};

use super::samples::*;

/// Which attempt a node means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attempt {
    /// The last one that began, ended or not.
    Last,
    /// One that began some time ago.
    Earlier(prop::sample::Index),
    /// One that never was.
    Nonsense(u32, u32),
}

/// What a customer writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) to_person: bool,
    pub(crate) rule: Option<Rule>,
    pub(crate) in_closed_shop: bool,
    pub(crate) with_address: bool,
}

/// To whom a session is to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    Agent(u8),
    Group,
}

impl Target {
    pub(crate) fn named(self) -> TransferTarget {
        match self {
            Self::Agent(number) => TransferTarget::Agent(agent(number)),
            Self::Group => TransferTarget::Group(batteries()),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Plain(fn() -> Command),
    Send(Said),
    Press {
        in_closed_shop: bool,
    },
    StartContext {
        clear: bool,
    },
    StartRun {
        again: bool,
    },
    Retake(Attempt),
    Reply(Attempt, Option<Rule>),
    Fail(Attempt, bool),
    By(u8, fn(u8) -> Command),
    Write(u8),
    HandOver {
        by: u8,
        to: Target,
        asks: bool,
    },
    AnswerTransfer {
        is_current: bool,
        by: u8,
        in_group: bool,
        accept: bool,
    },
    EndTransfer {
        is_current: bool,
        by: Option<u8>,
    },
    Offer(u8),
    EndOffer {
        is_current: bool,
        reason: OfferEnd,
    },
    RecordMail {
        failed: bool,
    },
    /// The time is over, and the timer knows the last message, or one of before.
    CloseIdle {
        is_current: bool,
    },
    AddNote(u8),
    /// One of the last notes, by somebody who saw this version.
    ChangeNote {
        back: u8,
        by: u8,
        seen: u32,
        removes: bool,
    },
    /// A number from 0 on each, for one of few tags.
    Tags {
        add: u8,
        remove: u8,
    },
    Priority(PriorityClass),
    Rate {
        score: u8,
        hours: i64,
    },
}

pub(crate) fn attempt() -> impl Strategy<Value = Attempt> {
    prop_oneof![
        6 => Just(Attempt::Last),
        3 => any::<prop::sample::Index>().prop_map(Attempt::Earlier),
        1 => (0..9u32, 0..4u32).prop_map(|(run, attempt)| Attempt::Nonsense(run, attempt)),
    ]
}

/// One of the supervisor and three agents.
fn somebody() -> impl Strategy<Value = u8> {
    1..5u8
}

fn said() -> impl Strategy<Value = Step> {
    let rule = prop_oneof![
        9 => Just(None),
        1 => Just(Some(Rule::R0)),
        1 => Just(Some(Rule::R1)),
        1 => Just(Some(Rule::R4)),
    ];
    (any::<bool>(), rule, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(to_person, rule, in_closed_shop, with_address)| {
            Step::Send(Said { to_person, rule, in_closed_shop, with_address })
        },
    )
}

fn of_the_assistant() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::bool::weighted(0.1).prop_map(|again| Step::StartRun { again }),
        3 => attempt().prop_map(Step::Retake),
        6 => (attempt(), option::weighted(0.3, select(vec![Rule::R3, Rule::R7]))).prop_map(|(of, rule)| Step::Reply(of, rule)),
        3 => (attempt(), any::<bool>()).prop_map(|(of, last)| Step::Fail(of, last)),
    ]
}

fn of_agents() -> impl Strategy<Value = Step> {
    let by = select(vec![
        take_over as fn(u8) -> Command,
        take_over_from_any,
        take_over,
        release,
        hand_back,
        lose,
        steal,
        close_as,
    ]);
    let to = prop_oneof![3 => somebody().prop_map(Target::Agent), 1 => Just(Target::Group)];
    let ends = vec![OfferEnd::Declined, OfferEnd::Expired, OfferEnd::Withdrawn];
    let is_current = || prop::bool::weighted(0.85);
    prop_oneof![
        5 => (somebody(), by).prop_map(|(agent, what)| Step::By(agent, what)),
        4 => somebody().prop_map(Step::Write),
        4 => (somebody(), to, prop::bool::weighted(0.8)).prop_map(|(by, to, asks)| Step::HandOver { by, to, asks }),
        4 => (is_current(), somebody(), any::<bool>(), any::<bool>())
            .prop_map(|(is_current, by, in_group, accept)| Step::AnswerTransfer { is_current, by, in_group, accept }),
        1 => (is_current(), option::of(somebody())).prop_map(|(is_current, by)| Step::EndTransfer { is_current, by }),
        3 => somebody().prop_map(Step::Offer),
        1 => (is_current(), select(ends)).prop_map(|(is_current, reason)| Step::EndOffer { is_current, reason }),
        1 => any::<bool>().prop_map(|failed| Step::RecordMail { failed }),
    ]
}

fn plain() -> impl Strategy<Value = Step> {
    let commands = vec![
        open as fn() -> Command,
        escalate,
        escalate,
        cancel,
        give_after_hours_notice,
        close,
        enter_queue,
        || Command::Reopen,
        || request_mail(1),
    ];
    select(commands).prop_map(Step::Plain)
}

fn keeping() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => somebody().prop_map(Step::AddNote),
        4 => (0..2_u8, somebody(), 1..4_u32, prop::bool::weighted(0.3))
            .prop_map(|(back, by, seen, removes)| Step::ChangeNote { back, by, seen, removes }),
        2 => (0..25_u8, 0..25_u8).prop_map(|(add, remove)| Step::Tags { add, remove }),
        2 => select(PriorityClass::ALL.to_vec()).prop_map(Step::Priority),
        3 => (1..=5_u8, 0..200_i64).prop_map(|(score, hours)| Step::Rate { score, hours }),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => said(),
        9 => of_the_assistant(),
        12 => of_agents(),
        6 => plain(),
        1 => any::<bool>().prop_map(|in_closed_shop| Step::Press { in_closed_shop }),
        2 => any::<bool>().prop_map(|clear| Step::StartContext { clear }),
        6 => keeping(),
        2 => prop::bool::weighted(0.8).prop_map(|is_current| Step::CloseIdle { is_current }),
    ]
}

pub(crate) fn failure(failed: bool) -> Option<MailFailure> {
    failed.then_some(MailFailure::Unavailable)
}
