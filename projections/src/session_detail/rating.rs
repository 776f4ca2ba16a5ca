//! What the customer was asked for at the end of a service, and what it said.
//!
//! Invariant: a row that holds an answer or a part of the question, and not all of the question, is malformed.

use std::fmt;

use domain::session::{event::RatingGiven, rating::Score};
use event_store::sql::{Row, SqlError, Value};
use jiff::Timestamp;

use super::hand_off::us;
use crate::rows;

/// The rating that was last asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct RatingView {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// From then on it is too late.
    pub open_until: Timestamp,
    /// What was given for it last.
    pub score: Option<Score>,
    /// In the customer's words; `None` where there are none, and once erased.
    pub comment: Option<String>,
}

impl fmt::Debug for RatingView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RatingView")
            .field("asked_at", &self.asked_at)
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}

impl RatingView {
    pub(super) fn asked(asked_at: Timestamp, open_until: Timestamp) -> Self {
        Self { asked_at, open_until, score: None, comment: None }
    }

    pub(super) fn give(&mut self, given: &RatingGiven) {
        self.score = Some(given.score);
        let comment = given.remark.known().and_then(|remark| remark.comment.as_ref());
        self.comment = comment.map(|comment| comment.as_str().to_owned());
    }

    /// The columns from this one on.
    pub(crate) fn from_row(row: &Row, first: usize) -> Result<Option<Self>, SqlError> {
        let (asked_at, open_until) = (rows::optional_time(row, first)?, rows::optional_time(row, first + 1)?);
        let (score, comment) = (score(row, first + 2)?, row.optional_text(first + 3)?);
        match (asked_at, open_until) {
            (None, None) if score.is_none() && comment.is_none() => Ok(None),
            (Some(asked_at), Some(open_until)) => Ok(Some(Self { asked_at, open_until, score, comment })),
            (Some(_), None) | (None, _) => Err(rows::malformed("a part of a rating")),
        }
    }

    /// In the order of `sql/session_insert.sql`.
    pub(super) fn values(rating: Option<&Self>) -> [Value<'_>; 4] {
        let score = rating.and_then(|rating| rating.score).map(|score| i64::from(u8::from(score)));
        [
            us(rating.map(|rating| rating.asked_at)),
            us(rating.map(|rating| rating.open_until)),
            Value::Int(score),
            rating.and_then(|rating| rating.comment.as_deref()).into(),
        ]
    }
}

/// A score, or null.
pub(crate) fn score(row: &Row, column: usize) -> Result<Option<Score>, SqlError> {
    let Some(score) = row.optional_int(column)? else { return Ok(None) };
    let score = u8::try_from(score).map_err(rows::malformed)?;
    Ok(Some(Score::try_from(score).map_err(rows::malformed)?))
}
