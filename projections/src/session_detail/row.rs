//! A session's row in the database, read and written: the columns of `sql/session_select.sql` and `sql/session_insert.sql`.
//!
//! Invariant: a row that is written reads back the same.

use domain::text::Skill;
use event_store::{
    Position,
    sql::{Row, SqlError, Value},
};
use serde::de::DeserializeOwned;

use super::{
    hand_off::{HandOffTexts, MailView, OfferView, TransferView, us},
    rating::RatingView,
    view::{EscalationView, SessionView},
};
use crate::rows;

impl SessionView {
    pub(super) fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            session: rows::id(row, 0)?,
            visitor: rows::id(row, 1)?,
            name: row.optional_text(2)?,
            status: rows::coded(row, 3)?,
            context: rows::id(row, 4)?,
            language: rows::optional_coded(row, 5)?,
            episode: u32::try_from(row.int(6)?).map_err(rows::malformed)?,
            escalation: EscalationView::from_row(row)?,
            agent: rows::optional_id(row, 12)?,
            waiting_since: rows::optional_time(row, 13)?,
            taken_over_at: rows::optional_time(row, 14)?,
            created_at: rows::time(row, 15)?,
            updated_at: rows::time(row, 16)?,
            last_manual_end_at: rows::optional_time(row, 17)?,
            ai_fail_count: u32::try_from(row.int(18)?).map_err(rows::malformed)?,
            position: rows::position(row, 19)?,
            last_message: optional_position(row, 20)?,
            cleared_at: rows::position(row, 21)?,
            live_since: rows::optional_time(row, 22)?,
            first_waiting_at: rows::optional_time(row, 23)?,
            class: rows::coded(row, 24)?,
            group: rows::optional_coded(row, 25)?,
            mail: MailView::from_row(row, 26)?,
            has_email: row.int(30)? != 0,
            email: row.optional_text(31)?,
            offer: OfferView::from_row(row, 32)?,
            transfer: TransferView::from_row(row, 35)?,
            tags: rows::json(row, 41)?,
            notes: row.count(42)?,
            rating: RatingView::from_row(row, 43)?,
            parameters: rows::both("message's parameters", optional_json(row, 47)?, optional_position(row, 48)?)?,
        })
    }
}

fn optional_position(row: &Row, column: usize) -> Result<Option<Position>, SqlError> {
    Ok(row.optional_int(column)?.map(|position| Position(position.unsigned_abs())))
}

fn optional_json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>, SqlError> {
    row.optional_text(column)?.map(|json| serde_json::from_str(&json).map_err(rows::malformed)).transpose()
}

impl EscalationView {
    fn from_row(row: &Row) -> Result<Option<Self>, SqlError> {
        let Some(reason) = rows::optional_coded(row, 7)? else { return Ok(None) };
        let (rule, severity) = (row.text(8)?, rows::coded(row, 9)?);
        Ok(Some(Self { reason, rule, severity, details: row.optional_text(10)?, trigger_at: rows::time(row, 11)? }))
    }
}

/// The columns of a session that are stored as texts, for the statement's values to borrow.
pub(super) struct RowTexts {
    ids: [String; 3],
    agent: Option<String>,
    language: Option<String>,
    reason: Option<String>,
    severity: Option<String>,
    hand_off: HandOffTexts,
    tags: String,
    parameters: Option<String>,
}

impl RowTexts {
    pub(super) fn of(session: &SessionView) -> Self {
        let escalation = session.escalation.as_ref();
        Self {
            ids: [session.session.to_string(), session.visitor.to_string(), session.context.to_string()],
            agent: session.agent.map(|agent| agent.to_string()),
            language: session.language.map(|language| rows::code(&language)),
            reason: escalation.map(|escalation| rows::code(&escalation.reason)),
            severity: escalation.map(|escalation| rows::code(&escalation.severity)),
            hand_off: HandOffTexts::of(session),
            tags: rows::to_json(&session.tags),
            parameters: session.parameters.as_ref().map(|(parameters, _)| rows::to_json(parameters)),
        }
    }

    /// In the order of `sql/session_insert.sql`.
    pub(super) fn values<'a>(&'a self, session: &'a SessionView) -> Vec<Value<'a>> {
        let escalation = session.escalation.as_ref();
        let mut values = vec![
            (&*self.ids[0]).into(),
            (&*self.ids[1]).into(),
            session.name.as_deref().into(),
            session.status.as_str().into(),
            (&*self.ids[2]).into(),
            self.language.as_deref().into(),
            u64::from(session.episode).into(),
            self.reason.as_deref().into(),
            escalation.map(|escalation| &*escalation.rule).into(),
            self.severity.as_deref().into(),
            escalation.and_then(|escalation| escalation.details.as_deref()).into(),
            us(escalation.map(|escalation| escalation.trigger_at)),
            self.agent.as_deref().into(),
            us(session.waiting_since),
            us(session.taken_over_at),
            us(Some(session.created_at)),
            us(Some(session.updated_at)),
            us(session.last_manual_end_at),
            u64::from(session.ai_fail_count).into(),
            session.position.0.into(),
            Value::Int(session.last_message.map(|position| position.0.cast_signed())),
            session.cleared_at.0.into(),
            us(session.live_since),
            us(session.first_waiting_at),
            session.class.as_str().into(),
            session.group.as_ref().map(Skill::as_str).into(),
        ];
        values.extend(self.hand_off.values(session));
        values.push((&*self.tags).into());
        values.push(session.notes.into());
        values.extend(RatingView::values(session.rating.as_ref()));
        values.push(self.parameters.as_deref().into());
        values.push(Value::Int(session.parameters.as_ref().map(|(_, position)| position.0.cast_signed())));
        values
    }
}
