//! Which sessions a list is to have.

use domain::{
    AgentId,
    session::{Status, priority::PriorityClass},
    text::Tag,
};
use event_store::sql::Value;
use jiff::Timestamp;

use super::order::{PageCursor, Segment, of_class};

/// What is asked of sessions; whatever is `None` takes them all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Who answers in them.
    pub status: Option<Status>,
    /// Who has them.
    pub agent: Option<AgentFilter>,
    /// Whose they are.
    pub customer: Option<CustomerType>,
    /// A part of the session's name, of the customer's, or of the beginning of the last message, in either case.
    pub keyword: Option<String>,
    /// A tag that they have.
    pub tag: Option<Tag>,
    /// Their class in the queue.
    pub class: Option<PriorityClass>,
    /// The rule by which a person is wanted in them.
    pub rule: Option<String>,
    /// Updated at this time or later.
    pub from: Option<Timestamp>,
    /// Updated before this time.
    pub to: Option<Timestamp>,
}

/// Who has a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentFilter {
    /// This agent.
    Of(AgentId),
    /// Nobody of staff.
    Nobody,
}

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerType {
    /// Of somebody whom the shop counts among its best, or a session of that class.
    Vip,
    /// Of somebody who came back: after a close, or with another session.
    Old,
    /// Of somebody who is here for the first time.
    New,
}

const VIP: &str = "s.id in (select v.id from session v where v.class = 'vip' and v.class <> 'normal' \
    union select v.id from customer c join session v on v.visitor = c.visitor where c.vip = 1)";
const TAGGED: &str = "s.id in (select t.session from tag t where t.tag = ?)";
const OLD: &str = "(s.episode > 1 or exists (select 1 from session e where e.visitor = s.visitor \
    and e.created_at < s.created_at))";

impl SessionFilter {
    /// The status alone, or nothing at all, if that is all that is asked.
    pub(super) fn is_status_alone(&self) -> Option<Option<Status>> {
        (*self == Self { status: self.status, ..Self::default() }).then_some(self.status)
    }

    /// What a text is like that has the keyword in it.
    pub(super) fn pattern(&self) -> Option<String> {
        let mut pattern = "%".to_owned();
        for letter in self.keyword.as_ref()?.to_lowercase().chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        Some(pattern + "%")
    }
}

/// Conditions of a statement over `session s`, with their values.
#[derive(Debug, Default)]
pub(super) struct Where {
    conditions: Vec<String>,
    bound: Vec<Bound>,
}

#[derive(Debug)]
enum Bound {
    Text(String),
    Number(i64),
}

impl Bound {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
        }
    }
}

impl Where {
    pub(super) fn of(filter: &SessionFilter) -> Self {
        let SessionFilter { status, agent, customer, keyword: _, tag, class, rule, from, to } = filter;
        let mut all = Self::default();
        if let Some(status) = status {
            all.add("s.status = ?", [Bound::Text(status.as_str().to_owned())]);
        }
        match agent {
            Some(AgentFilter::Of(agent)) => all.add("s.agent = ?", [Bound::Text(agent.to_string())]),
            Some(AgentFilter::Nobody) => all.add("s.agent is null", []),
            None => {}
        }
        match customer {
            Some(CustomerType::Vip) => all.add(VIP, []),
            Some(CustomerType::Old) => all.add(OLD, []),
            Some(CustomerType::New) => all.add(&format!("not {OLD}"), []),
            None => {}
        }
        if let Some(tag) = tag {
            all.add(TAGGED, [Bound::Text(tag.as_str().to_owned())]);
        }
        if let Some(class) = class {
            all.add(of_class(*class), []);
        }
        if let Some(rule) = rule {
            all.add("s.escalation_rule = ?", [Bound::Text(rule.clone())]);
        }
        for (sign, time) in [(">=", from), ("<", to)] {
            if let Some(time) = time {
                all.add(&format!("s.updated_at {sign} ?"), [Bound::Number(time.as_microsecond())]);
            }
        }
        all
    }

    /// Those of a segment, after a place in it.
    pub(super) fn and_segment(mut self, segment: &Segment, after: Option<PageCursor>) -> Self {
        if let Some(condition) = &segment.condition {
            self.add(condition, []);
        }
        if let Some(PageCursor { key, position, .. }) = after {
            let sign = if segment.is_ascending { ">" } else { "<" };
            let position = i64::try_from(position.0).unwrap_or(i64::MAX);
            let condition = format!("(s.{}, s.position) {sign} (?, ?)", segment.key);
            self.add(&condition, [Bound::Number(key), Bound::Number(position)]);
        }
        self
    }

    fn add<const N: usize>(&mut self, condition: &str, values: [Bound; N]) {
        let (mut numbered, mut rest) = (String::new(), condition);
        for value in values {
            self.bound.push(value);
            let (before, behind) = rest.split_once('?').expect("a condition has a place for each of its values");
            numbered.push_str(&format!("{before}${}", self.bound.len()));
            rest = behind;
        }
        self.conditions.push(numbered + rest);
    }

    pub(super) fn sql(&self) -> String {
        if self.conditions.is_empty() { "1 = 1".to_owned() } else { self.conditions.join(" and ") }
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        self.bound.iter().map(Bound::value).collect()
    }
}
