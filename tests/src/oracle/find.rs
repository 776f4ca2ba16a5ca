//! Sessions that fit, in an order; how many there are; and what customers are called.

use std::cmp::Reverse;

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Oracle, Row, Shown, Told};

/// The classes, the first first.
const CLASSES: [&str; 4] = ["danger", "vip", "urgent", "normal"];

/// What is asked of sessions, in the words of the wire; whatever is absent takes them all.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in `projections::SessionFilter`")]
pub struct Asked {
    pub status: Option<&'static str>,
    /// Nobody's where there is nobody in it.
    pub agent: Option<Option<String>>,
    pub customer: Option<&'static str>,
    pub keyword: Option<String>,
    pub tag: Option<String>,
    pub class: Option<&'static str>,
    pub rule: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// All sessions that fit, in an order.
#[must_use]
pub fn find(oracle: &Oracle, asked: &Asked, order: &str) -> Vec<Row> {
    let sessions = oracle.by_session();
    let all: Vec<Shown> = sessions.values().map(|events| Shown::of(events)).collect();
    let fits = |(events, shown): &(&Vec<&Told>, &Shown)| asked.takes(oracle, &all, events, shown);
    let mut rows: Vec<Row> = sessions.values().zip(&all).filter(fits).map(|(events, _)| Row::of(events)).collect();
    rows.sort_by_key(|row| Reverse((row.updated_at, row.position)));
    match order {
        "newest" => {}
        "oldest" => rows.reverse(),
        "vip" => rows.sort_by_key(|row| CLASSES.iter().position(|class| *class == row.class)),
        "waitTime" => {
            let (mut waiting, others): (Vec<Row>, Vec<Row>) =
                rows.into_iter().partition(|row| row.status == "pending_manual");
            waiting.sort_by_key(|row| (row.waiting_since, row.position));
            rows = [waiting, others].concat();
        }
        other => panic!("there is no order {other}"),
    }
    rows
}

impl Asked {
    fn takes(&self, oracle: &Oracle, all: &[Shown], events: &[&Told], shown: &Shown) -> bool {
        let customer = Customer::of(oracle, &shown.visitor);
        let is_vip = shown.class == "vip" || customer.vip;
        let is_old = shown.episode > 1
            || all.iter().any(|other| other.visitor == shown.visitor && other.created_at < shown.created_at);
        let rule = shown.escalation.as_ref().map(|escalation| &escalation.rule);
        let of_customer = |kind: &str| match kind {
            "vip" => is_vip,
            "old" => is_old,
            _new => !is_old,
        };
        self.status.is_none_or(|status| shown.status == status)
            && self.agent.as_ref().is_none_or(|agent| shown.agent == *agent)
            && self.customer.is_none_or(of_customer)
            && self.tag.as_ref().is_none_or(|tag| super::tags(events).contains(tag))
            && self.class.is_none_or(|class| shown.class == class)
            && self.rule.as_ref().is_none_or(|wanted| rule == Some(wanted))
            && self.from.is_none_or(|from| shown.updated_at >= from)
            && self.to.is_none_or(|to| shown.updated_at < to)
            && self.keyword.as_deref().is_none_or(|keyword| has(keyword, events, shown, &customer))
    }
}

/// The session's name, the customer's, or the beginning of the last message has the keyword in it, in either case.
fn has(keyword: &str, events: &[&Told], shown: &Shown, customer: &Customer) -> bool {
    let last = super::preview(events).and_then(|newest| newest.content);
    let keyword = keyword.to_lowercase();
    let texts = [&shown.name, &customer.name, &last];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&keyword))
}

/// What the shop last said of a visitor.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    /// What it is called.
    pub name: Option<String>,
    vip: bool,
}

impl Customer {
    /// By the last event that says it.
    #[must_use]
    pub fn of(oracle: &Oracle, visitor: &str) -> Self {
        let stream = format!("customer-{visitor}");
        let says = |told: &&Told| {
            told.stream == stream && ["customer.identified", "customer.profile_changed"].contains(&&*told.what)
        };
        let Some(last) = oracle.events().iter().rev().find(says) else { return Self::default() };
        Self { name: last.said("name"), vip: last.data["vip"] == true }
    }
}

/// How many messages the customer wrote in a session behind a position and not before a time, of at most 100.
#[must_use]
pub fn unread(events: &[&Told], read: Position, since: Timestamp) -> usize {
    let is_unread = |told: &&&Told| told.what == "customer_message_sent" && told.position > read && told.at >= since;
    events.iter().filter(is_unread).count().min(100)
}

/// How many sessions there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::SessionCounts`")]
pub struct Counts {
    pub mine: usize,
    pub queue: usize,
    pub live: usize,
    pub after_hours: usize,
    pub all: usize,
}

/// How many there are, and how many an agent has.
#[must_use]
pub fn counts(oracle: &Oracle, agent: &str) -> Counts {
    let all: Vec<Shown> = oracle.by_session().values().map(|events| Shown::of(events)).collect();
    let of = |status: &str| all.iter().filter(|shown| shown.status == status).count();
    Counts {
        mine: all.iter().filter(|shown| shown.agent.as_deref() == Some(agent)).count(),
        queue: of("pending_manual"),
        live: of("manual_live"),
        after_hours: of("after_hours_email"),
        all: all.len(),
    }
}
