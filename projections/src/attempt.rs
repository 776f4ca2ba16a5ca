//! The view of attempts: one row for each time that an assistant was asked, from the event that began it to the one that ended
//! it, with what it came to, how long it took and what it cost. Analysts count from it; budgets and operators' figures are
//! read from it.
//!
//! Invariants: every attempt has one row, in the session that it was made for; what an attempt itself says of its end goes before
//! what another one says of it.

mod fold;
mod usage;

use domain::{
    RunId, SessionId,
    session::event::{Cost, FailureCode, Outcome, Tokens},
};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{error::ViewsError, reading::Reading, rows};
pub use fold::AttemptsProjection;
pub use usage::{SessionUsage, Usage, UsageBy};

/// One attempt of an assistant to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// Position of the event that began it.
    pub began: Position,
    /// The run, the same over all attempts at one answer.
    pub run: RunId,
    /// From 1.
    pub attempt: u32,
    /// The session.
    pub session: SessionId,
    /// Who was asked.
    pub assistant: String,
    /// The variant that the session was in, if an experiment ran.
    pub variant: Option<String>,
    /// Since when.
    pub began_at: Timestamp,
    /// How and when it ended; `None` while nothing is known of that.
    pub ended: Option<(AttemptEnd, Timestamp)>,
    /// Why it failed.
    pub failure: Option<FailureCode>,
    /// The other side's code for that.
    pub error_code: Option<String>,
    /// What the model counted.
    pub tokens: Option<Tokens>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// Position of the newest event that changed it.
    pub position: Position,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// It answers the question.
    Answered,
    /// It offers several answers to choose from.
    Offered,
    /// The assistant said that it does not know.
    DoesNotKnow,
    /// The assistant asks for a person.
    HandsOver,
    /// The other side refused to speak about it.
    Blocked,
    /// The answer ended at a limit of its length.
    CutOff,
    /// It failed, and as no other attempt was left the customer got the fallback reply.
    Unavailable,
    /// It failed, and another attempt followed.
    Failed,
    /// Its reply came too late and was not given.
    Withheld,
    /// Its node died, and another attempt took its place.
    Retaken,
}

impl From<Outcome> for AttemptEnd {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered => Self::Answered,
            Outcome::Offered => Self::Offered,
            Outcome::DoesNotKnow => Self::DoesNotKnow,
            Outcome::HandsOver => Self::HandsOver,
            Outcome::Blocked => Self::Blocked,
            Outcome::CutOff => Self::CutOff,
            Outcome::Unavailable => Self::Unavailable,
        }
    }
}

const COLUMNS: &str =
    "select began, run, attempt, session, assistant, variant, began_at, ended_at, outcome, failure_code,
    error_code, tokens_in, tokens_out, cost_micros, currency, position from assistant_attempt";

impl Reading {
    /// All attempts in a session, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn attempts(&mut self, session: SessionId) -> Result<Vec<AttemptView>, ViewsError> {
        let sql = format!("{COLUMNS} where session = $1 order by began");
        let rows = self.rows.fetch(&sql, &[(&*session.to_string()).into()]).await?;
        Ok(rows.iter().map(AttemptView::from_row).collect::<Result<_, _>>()?)
    }
}

impl AttemptView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            began: rows::position(row, 0)?,
            run: rows::id(row, 1)?,
            attempt: row.int(2)?.try_into().map_err(rows::malformed)?,
            session: rows::id(row, 3)?,
            assistant: row.text(4)?,
            variant: row.optional_text(5)?,
            began_at: rows::time(row, 6)?,
            ended: rows::both("end", rows::optional_coded(row, 8)?, rows::optional_time(row, 7)?)?,
            failure: rows::optional_coded(row, 9)?,
            error_code: row.optional_text(10)?,
            tokens: rows::both("count of tokens", optional_count(row, 11)?, optional_count(row, 12)?)?
                .map(|(input, output)| Tokens { input, output }),
            cost: rows::both("cost", optional_count(row, 13)?, row.optional_text(14)?)?
                .map(|(micros, currency)| Cost { micros, currency }),
            position: rows::position(row, 15)?,
        })
    }
}

fn optional_count(row: &Row, column: usize) -> Result<Option<u64>, SqlError> {
    row.optional_int(column)?.map(|count| count.try_into().map_err(rows::malformed)).transpose()
}
