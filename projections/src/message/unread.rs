//! How many of the customer's messages somebody has not read.
//!
//! Invariant: it costs the same however long a session is: no more than a hundred messages are looked at beside those of others.

use std::collections::HashMap;

use domain::SessionId;
use event_store::{
    Position,
    sql::{SqlError, Value},
};
use jiff::Timestamp;

use crate::{error::ViewsError, reading::Reading, rows};

/// Unread messages of a session are counted no further.
const COUNTED: u32 = 100;

impl Reading {
    /// How many messages the customer wrote in each of these sessions behind a position and not before a time, counted up to
    /// a hundred.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn unread(
        &mut self,
        read: &[(SessionId, Position)],
        since: Timestamp,
    ) -> Result<HashMap<SessionId, u64>, ViewsError> {
        if read.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = read.iter().map(|(session, _)| session.to_string()).collect();
        let mut values: Vec<Value<'_>> = vec![since.as_microsecond().into()];
        for (id, (_, position)) in ids.iter().zip(read) {
            values.push(id.as_str().into());
            values.push(i64::try_from(position.0).unwrap_or(i64::MAX).into());
        }
        let rows = self.rows.fetch(&sql(read.len()), &values).await?;
        Ok(rows.iter().map(|row| Ok((rows::id(row, 0)?, row.count(1)?))).collect::<Result<_, SqlError>>()?)
    }
}

fn sql(sessions: usize) -> String {
    let row = |number: usize| format!("(cast(${} as text), cast(${} as bigint))", number * 2 + 2, number * 2 + 3);
    let rows: Vec<String> = (0..sessions).map(row).collect();
    format!(
        "with marked (session, read) as (values {})
         select marked.session, (select count(*) from (select 1 from message m where m.session = marked.session
             and m.position > marked.read and m.role = 'user' and m.at >= $1 limit {COUNTED}) unread)
         from marked",
        rows.join(", ")
    )
}
