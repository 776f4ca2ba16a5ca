//! The sums of one day, and the attempts that are under way: as rows, so that whoever goes on knows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::DailyBudgets;
use crate::{
    id::{RunId, SessionId},
    session::{Event, event::Cost},
    settings::event::{Amount, BudgetLevel, BudgetReached},
};

/// Attempts of one session that may be under way: one is, and those before it may still bring an answer that is withheld.
const UNDER_WAY: usize = 4;
/// How long after its deadline an attempt may still end.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// The sums of one day.
#[derive(Debug, Default)]
pub struct Ledger {
    budgets: DailyBudgets,
    sums: Sums,
    sums_changed: bool,
    under_way: HashMap<SessionId, Vec<UnderWay>>,
    changed: BTreeSet<SessionId>,
}

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOf {
    /// The sums.
    Day,
    /// A session's attempts under way.
    Session(SessionId),
}

/// A row; null where there is nothing to remember.
pub type LedgerRow = (RowOf, Value);

/// A level that was reached, and the event that it was reached by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelReached {
    /// The event that ended the last attempt.
    pub cause: Uuid,
    /// What was reached.
    pub reached: BudgetReached,
}

/// Of the newest day.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    day: Option<Date>,
    /// By assistant.
    used: BTreeMap<String, Used>,
    /// What was asked to be noted.
    noted: BTreeSet<(String, BudgetLevel, Amount)>,
}

/// What one assistant has used.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    tokens: u64,
    /// In millionths, by currency.
    money: BTreeMap<String, u64>,
    /// The event that ended the last attempt.
    by: Uuid,
}

/// An attempt under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    run: RunId,
    attempt: u32,
    assistant: String,
    deadline: Timestamp,
}

impl Ledger {
    /// Of assistants with these budgets; others are not looked at.
    #[must_use]
    pub fn new(budgets: DailyBudgets) -> Self {
        Self { budgets, ..Self::default() }
    }

    /// Takes up a row.
    ///
    /// # Errors
    /// It is malformed.
    pub fn restore(&mut self, (of, row): LedgerRow) -> Result<(), serde_json::Error> {
        match of {
            RowOf::Day => self.sums = Sums::deserialize(row)?,
            RowOf::Session(session) => {
                let attempts: Vec<UnderWay> = Vec::deserialize(row)?;
                if attempts.is_empty() {
                    return Err(serde_json::Error::custom("no attempts"));
                }
                self.under_way.insert(session, attempts);
            }
        }
        Ok(())
    }

    /// Takes up what happened in a session. `day` is the shop's day then; `by` is the event's id.
    pub fn take(&mut self, session: SessionId, event: &Event, at: Timestamp, day: Date, by: Uuid) {
        if let Event::AssistantRunStarted(started) = event {
            if self.budgets.of(&started.assistant).next().is_some() {
                let (run, attempt) = (started.run, started.attempt);
                let assistant = started.assistant.clone();
                self.begin(session, UnderWay { run, attempt, assistant, deadline: started.deadline });
            }
            return;
        }
        let Some(end) = event.attempt_end() else { return };
        let Some(assistant) = self.end(session, end.run, end.attempt) else { return };
        let tokens = end.tokens.map_or(0, |tokens| tokens.input.saturating_add(tokens.output));
        if tokens > 0 || end.cost.is_some() {
            self.turn_to(day, at);
            let used = self.sums.used.entry(assistant).or_default();
            used.add(tokens, end.cost, by);
            self.sums_changed = true;
        }
    }

    /// Levels that were reached and not asked to be noted before.
    pub fn reached(&mut self) -> Vec<LevelReached> {
        let (Some(day), budgets) = (self.sums.day, &self.budgets) else { return Vec::new() };
        let mut all = Vec::new();
        for (assistant, used) in &self.sums.used {
            for budget in budgets.of(assistant) {
                let spent = used.like(&budget);
                for level in BudgetLevel::ALL.into_iter().filter(|level| is_reached(&spent, &budget, *level)) {
                    if self.sums.noted.insert((assistant.clone(), level, budget.clone())) {
                        let (spent, budget) = (spent.clone(), budget.clone());
                        let reached = BudgetReached { assistant: assistant.clone(), day, level, spent, budget };
                        all.push(LevelReached { cause: used.by, reached });
                    }
                }
            }
        }
        self.sums_changed |= !all.is_empty();
        all
    }

    /// The rows that changed since the last time.
    pub fn changed_rows(&mut self) -> Vec<LedgerRow> {
        let sums = std::mem::take(&mut self.sums_changed).then(|| (RowOf::Day, json!(self.sums)));
        let sessions = std::mem::take(&mut self.changed).into_iter().map(|session| {
            let attempts = self.under_way.get(&session);
            (RowOf::Session(session), attempts.map_or(Value::Null, |attempts| json!(attempts)))
        });
        sums.into_iter().chain(sessions).collect()
    }

    fn begin(&mut self, session: SessionId, attempt: UnderWay) {
        let attempts = self.under_way.entry(session).or_default();
        if attempts.len() == UNDER_WAY {
            attempts.remove(0);
        }
        attempts.push(attempt);
        self.changed.insert(session);
    }

    /// The assistant of an attempt that is under way no longer.
    fn end(&mut self, session: SessionId, run: RunId, attempt: u32) -> Option<String> {
        let attempts = self.under_way.get_mut(&session)?;
        let place = attempts.iter().position(|other| (other.run, other.attempt) == (run, attempt))?;
        let ended = attempts.remove(place);
        if attempts.is_empty() {
            self.under_way.remove(&session);
        }
        self.changed.insert(session);
        Some(ended.assistant)
    }

    /// A new day has sums of its own. Attempts whose end never came are forgotten then.
    fn turn_to(&mut self, day: Date, at: Timestamp) {
        if self.sums.day.is_some_and(|current| current >= day) {
            return;
        }
        self.sums = Sums { day: Some(day), ..Sums::default() };
        for (session, attempts) in &mut self.under_way {
            let before = attempts.len();
            attempts.retain(|attempt| at.duration_since(attempt.deadline) < LATE);
            if attempts.len() < before {
                self.changed.insert(*session);
            }
        }
        self.under_way.retain(|_, attempts| !attempts.is_empty());
    }
}

impl Used {
    fn add(&mut self, tokens: u64, cost: Option<&Cost>, by: Uuid) {
        self.tokens = self.tokens.saturating_add(tokens);
        if let Some(cost) = cost {
            let money = self.money.entry(cost.currency.clone()).or_default();
            *money = money.saturating_add(cost.micros);
        }
        self.by = by;
    }

    /// What was used, counted as this is.
    fn like(&self, budget: &Amount) -> Amount {
        match budget {
            Amount::Tokens(_) => Amount::Tokens(self.tokens),
            Amount::Money(Cost { currency, .. }) => {
                let micros = self.money.get(currency).copied().unwrap_or_default();
                Amount::Money(Cost { micros, currency: currency.clone() })
            }
        }
    }
}

fn is_reached(spent: &Amount, budget: &Amount, level: BudgetLevel) -> bool {
    u128::from(spent.number()) * 100 >= u128::from(budget.number()) * u128::from(level.percent())
}
