//! What attempts came to and what they cost, summed up.
//!
//! Invariants: amounts of different currencies are never added up; sums are exact up to 2^53 and do not overflow beyond.

use domain::{
    RunId, SessionId,
    session::event::{Cost, Tokens},
};
use event_store::sql::{Row, SqlError, Value};
use jiff::{SignedDuration, Timestamp};

use crate::{error::ViewsError, reading::Reading, rows};

/// What is summed up together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageBy {
    /// What one assistant was asked in one period for one variant.
    Day,
    /// What one assistant was asked for one variant.
    Assistant,
    /// What was asked in one session.
    Session,
    /// What was asked in one run.
    Run,
}

/// What attempts came to that began in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// By day: when the period began.
    pub day: Option<Timestamp>,
    /// By day and by assistant: which.
    pub assistant: Option<String>,
    /// By day and by assistant: which variant, if an experiment ran.
    pub variant: Option<String>,
    /// By session and by run: which.
    pub session: Option<SessionId>,
    /// By run: which.
    pub run: Option<RunId>,
    /// All of them, whatever they came to.
    pub attempts: u64,
    /// Attempts that ended as `answered`.
    pub answered: u64,
    /// Attempts that ended as `offered`.
    pub offered: u64,
    /// Attempts that ended as `does_not_know`.
    pub does_not_know: u64,
    /// Attempts that ended as `hands_over`.
    pub hands_over: u64,
    /// Attempts that ended as `failed` or `unavailable`.
    pub failed: u64,
    /// Attempts that ended as `withheld`.
    pub withheld: u64,
    /// What models counted.
    pub tokens: Tokens,
    /// What they cost, by currency.
    pub cost: Vec<Cost>,
    /// Of those that ended: the shortest time that at least half of them did not exceed, at least 0.
    pub p50: Option<SignedDuration>,
    /// The same for 99 of 100.
    pub p99: Option<SignedDuration>,
}

/// What a session's attempts cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionUsage {
    /// How many there were.
    pub attempts: u64,
    /// What models counted.
    pub tokens: Tokens,
    /// What they cost, by currency.
    pub cost: Vec<Cost>,
}

const USAGE: &str = include_str!("../sql/assistant_usage.sql");
const OF_SESSION: &str = "select currency, count(*),
    cast(coalesce(sum(cast(tokens_in as double precision)), 0) as double precision),
    cast(coalesce(sum(cast(tokens_out as double precision)), 0) as double precision),
    cast(coalesce(sum(cast(cost_micros as double precision)), 0) as double precision)
    from assistant_attempt where session = $1 group by currency order by currency";

impl UsageBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Day, Self::Assistant, Self::Session, Self::Run];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Assistant => "assistant",
            Self::Session => "session",
            Self::Run => "run",
        }
    }

    /// The five columns of a group; those that do not divide it are the same in all rows.
    fn keys(self) -> &'static str {
        match self {
            Self::Day => {
                "d.start as day, a.assistant as assistant, coalesce(a.variant, '') as variant, '' as session, '' as run"
            }
            Self::Assistant => {
                "cast(0 as bigint) as day, a.assistant as assistant, coalesce(a.variant, '') as variant,
                '' as session, '' as run"
            }
            Self::Session => {
                "cast(0 as bigint) as day, '' as assistant, '' as variant, a.session as session, '' as run"
            }
            Self::Run => "cast(0 as bigint) as day, '' as assistant, '' as variant, a.session as session, a.run as run",
        }
    }
}

impl Reading {
    /// What attempts came to that began in these periods (from, until), which do not overlap: a page of groups, ordered by
    /// their first attempt, days in the order of the calendar.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn usage(
        &mut self,
        by: UsageBy,
        periods: &[(Timestamp, Timestamp)],
        limit: u32,
        offset: u64,
    ) -> Result<Vec<Usage>, ViewsError> {
        if periods.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (0..periods.len()).map(|n| format!("(${}, ${})", 2 * n + 3, 2 * n + 4)).collect();
        let sql = USAGE.replace("{periods}", &places.join(", ")).replace("{keys}", by.keys());
        let mut values: Vec<Value<'_>> = vec![u64::from(limit).into(), offset.into()];
        let times = periods.iter().flat_map(|(from, until)| [*from, *until]);
        values.extend(times.map(|at| Value::from(at.as_microsecond())));
        let mut groups: Vec<Usage> = Vec::new();
        for row in self.rows.fetch(&sql, &values).await? {
            let (usage, cost) = (Usage::from_row(by, &row)?, cost(&row, 16)?);
            match groups.last_mut() {
                Some(last) if last.is_of_group(&usage) => last.cost.extend(cost),
                Some(_) | None => groups.push(Usage { cost: cost.into_iter().collect(), ..usage }),
            }
        }
        Ok(groups)
    }

    /// What a session's attempts cost so far.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session_usage(&mut self, session: SessionId) -> Result<SessionUsage, ViewsError> {
        let mut usage = SessionUsage::default();
        for row in self.rows.fetch(OF_SESSION, &[(&*session.to_string()).into()]).await? {
            usage.attempts += row.count(1)?;
            usage.tokens.input = usage.tokens.input.saturating_add(whole(row.float(2)?));
            usage.tokens.output = usage.tokens.output.saturating_add(whole(row.float(3)?));
            let micros = whole(row.float(4)?);
            usage.cost.extend(row.optional_text(0)?.map(|currency| Cost { micros, currency }));
        }
        Ok(usage)
    }
}

impl Usage {
    fn from_row(by: UsageBy, row: &Row) -> Result<Self, SqlError> {
        let (is_by_day, is_by_run) = (by == UsageBy::Day, by == UsageBy::Run);
        let is_by_assistant = is_by_day || by == UsageBy::Assistant;
        let time = |column| Ok::<_, SqlError>(row.optional_int(column)?.map(SignedDuration::from_micros));
        Ok(Self {
            day: is_by_day.then(|| rows::time(row, 0)).transpose()?,
            assistant: is_by_assistant.then(|| row.text(1)).transpose()?,
            variant: Some(row.text(2)?).filter(|variant| !variant.is_empty()),
            session: (!is_by_assistant).then(|| rows::id(row, 3)).transpose()?,
            run: is_by_run.then(|| rows::id(row, 4)).transpose()?,
            attempts: row.count(5)?,
            answered: row.count(6)?,
            offered: row.count(7)?,
            does_not_know: row.count(8)?,
            hands_over: row.count(9)?,
            failed: row.count(10)?,
            withheld: row.count(11)?,
            tokens: Tokens { input: whole(row.float(12)?), output: whole(row.float(13)?) },
            cost: Vec::new(),
            p50: time(14)?,
            p99: time(15)?,
        })
    }

    fn is_of_group(&self, other: &Self) -> bool {
        let group =
            |usage: &Self| (usage.day, usage.assistant.clone(), usage.variant.clone(), usage.session, usage.run);
        group(self) == group(other)
    }
}

fn cost(row: &Row, column: usize) -> Result<Option<Cost>, SqlError> {
    let Some(currency) = row.optional_text(column)? else { return Ok(None) };
    Ok(Some(Cost { micros: whole(row.float(column + 1)?), currency }))
}

/// A sum of whole numbers.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sums of counts; beyond 2^64 it is the most"
)]
fn whole(sum: f64) -> u64 {
    sum as u64
}
