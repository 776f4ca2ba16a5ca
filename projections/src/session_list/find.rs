//! Sessions that fit a filter, in an order, page by page: each page goes on where the one before ended, whatever moved meanwhile.
//!
//! Invariants: page and total are read from one state; a search of texts looks at no more than [`LOOKED_AT`] sessions for a page,
//! and a page may have fewer rows than wanted for it: the cursor says where to look on; a total counts no further than
//! [`COUNTED`], and with a keyword only among the sessions that were updated last.

use domain::SessionId;
use event_store::{
    Position,
    sql::{Row, SqlError, Value},
};

use super::{
    SessionSummary,
    filter::{SessionFilter, Where},
    order::{PageCursor, Segment, SessionOrder},
};
use crate::{error::ViewsError, reading::Reading, rows};

/// So many sessions a search of texts looks at for one page: a few milliseconds on a slow disk.
pub const LOOKED_AT: u64 = 5_000;
/// A total counts no further than this, unless counts are kept for it.
pub const COUNTED: u64 = 10_000;

/// Which rows of a list.
#[derive(Debug, Clone, Default)]
pub struct SessionPage {
    /// Those that fit this.
    pub filter: SessionFilter,
    /// In this order.
    pub order: SessionOrder,
    /// At most so many.
    pub limit: u32,
    /// Without so many of the first, in an order of one segment; a place is what others go on from.
    pub offset: u64,
    /// After the place where a page ended.
    pub after: Option<PageCursor>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSessions {
    /// Its sessions.
    pub sessions: Vec<SessionSummary>,
    /// How many there are that fit, as far as they are counted.
    pub total: u64,
    /// Where the next page begins; `None` where this is the last one.
    pub next: Option<PageCursor>,
}

/// A session and what it is ordered by.
struct Place {
    session: SessionId,
    cursor: PageCursor,
}

impl Reading {
    /// A page of the sessions that fit a filter.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn find(&mut self, page: &SessionPage) -> Result<FoundSessions, ViewsError> {
        let (places, next) = self.places(page).await?;
        let mut known = self.summaries(places.iter().map(|place| place.session)).await?;
        let sessions = places.iter().filter_map(|place| known.remove(&place.session)).collect();
        Ok(FoundSessions { sessions, total: self.total(&page.filter).await?, next })
    }

    /// The sessions of a page, and where the next one begins.
    async fn places(&mut self, page: &SessionPage) -> Result<(Vec<Place>, Option<PageCursor>), ViewsError> {
        let limit = page.limit as usize;
        let segments = page.order.segments();
        let offset = if segments.len() == 1 { page.offset } else { 0 };
        let mut places: Vec<Place> = Vec::new();
        for segment in &segments {
            if page.after.is_some_and(|after| segment.number < after.segment) {
                continue;
            }
            let after = page.after.filter(|after| after.segment == segment.number);
            let wanted = (page.limit as usize + 1 - places.len(), offset);
            let (found, end) = self.segment(&page.filter, segment, after, wanted).await?;
            places.extend(found);
            if places.len() > limit || end.is_some() {
                let next = if places.len() > limit { Some(places[limit - 1].cursor) } else { end };
                places.truncate(limit);
                return Ok((places, next));
            }
        }
        Ok((places, None))
    }

    /// The sessions of one segment, and where a search stopped that did not reach its end.
    async fn segment(
        &mut self,
        filter: &SessionFilter,
        segment: &Segment,
        after: Option<PageCursor>,
        wanted: (usize, u64),
    ) -> Result<(Vec<Place>, Option<PageCursor>), ViewsError> {
        let base = Where::of(filter).and_segment(segment, after);
        let found = self.ids(filter, segment, &base, wanted).await?;
        let is_filled = found.len() == wanted.0;
        let end = match filter.keyword {
            Some(_) if !is_filled => self.last_looked_at(segment, &base).await?,
            Some(_) | None => None,
        };
        Ok((found, end))
    }

    async fn ids(
        &mut self,
        filter: &SessionFilter,
        segment: &Segment,
        base: &Where,
        (limit, offset): (usize, u64),
    ) -> Result<Vec<Place>, ViewsError> {
        let (key, direction) = (segment.key, segment.direction());
        let mut values = base.values();
        let sql = match filter.pattern() {
            None => format!(
                "select s.id, s.{key}, s.position from session s where {} order by s.{key} {direction}, s.position {direction}",
                base.sql()
            ),
            Some(_) => format!(
                "select s.id, s.{key}, s.position from ({}) s {} order by s.{key} {direction}, s.position {direction}",
                looked_at(segment, base),
                matching(values.len() + 1)
            ),
        };
        let pattern = filter.pattern();
        values.extend(pattern.as_deref().map(Value::from));
        let sql = format!("{sql} limit ${} offset ${}", values.len() + 1, values.len() + 2);
        values.extend([limit as u64, offset.min(i64::MAX.unsigned_abs())].map(Value::from));
        let rows = self.rows.fetch(&sql, &values).await?;
        Ok(rows.iter().map(|row| Place::from_row(row, segment)).collect::<Result<_, _>>()?)
    }

    /// The last session that a search looks at, if it looks at as many as it may.
    async fn last_looked_at(&mut self, segment: &Segment, base: &Where) -> Result<Option<PageCursor>, ViewsError> {
        let (key, direction) = (segment.key, segment.direction());
        let sql = format!(
            "select s.id, s.{key}, s.position from session s where {} order by s.{key} {direction}, s.position {direction}
             limit 1 offset {}",
            base.sql(),
            LOOKED_AT - 1
        );
        let rows = self.rows.fetch(&sql, &base.values()).await?;
        Ok(rows.first().map(|row| Place::from_row(row, segment)).transpose()?.map(|place| place.cursor))
    }

    /// How many fit.
    async fn total(&mut self, filter: &SessionFilter) -> Result<u64, ViewsError> {
        if let Some(status) = filter.is_status_alone() {
            let counts = self.count_by_status().await?;
            return Ok(match status {
                Some(status) => counts.get(&status).copied().unwrap_or_default(),
                None => counts.values().sum(),
            });
        }
        let base = Where::of(filter);
        let Some(pattern) = filter.pattern() else { return self.count(&base, COUNTED).await };
        let newest = &SessionOrder::Newest.segments()[0];
        let mut values = base.values();
        let sql = format!("select count(*) from ({}) s {}", looked_at(newest, &base), matching(values.len() + 1));
        values.push(pattern.as_str().into());
        self.number(&sql, &values).await
    }

    /// How many fit, counted up to a limit.
    async fn count(&mut self, base: &Where, limit: u64) -> Result<u64, ViewsError> {
        let mut values = base.values();
        let sql = format!(
            "select count(*) from (select 1 from session s where {} limit ${}) s",
            base.sql(),
            values.len() + 1
        );
        values.push(limit.into());
        self.number(&sql, &values).await
    }

    async fn number(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, ViewsError> {
        Ok(self.rows.fetch(sql, values).await?.first().map_or(Ok(0), |row| row.count(0))?)
    }
}

/// The sessions that a search of texts looks at.
fn looked_at(segment: &Segment, base: &Where) -> String {
    let (key, direction) = (segment.key, segment.direction());
    format!(
        "select s.id, s.visitor, s.{key}, s.position from session s where {}
         order by s.{key} {direction}, s.position {direction} limit {LOOKED_AT}",
        base.sql()
    )
}

/// Those of them with the keyword in the session's name, the customer's, or the beginning of the last message.
fn matching(place: usize) -> String {
    let like = |column: &str| format!("{column} like ${place} escape '\\'");
    let any = ["t.name", "t.last_text", "c.name"].map(like).join(" or ");
    format!("left join session_text t on t.session = s.id left join customer c on c.visitor = s.visitor where ({any})")
}

impl Place {
    fn from_row(row: &Row, segment: &Segment) -> Result<Self, SqlError> {
        let position: Position = rows::position(row, 2)?;
        let cursor = PageCursor { order: segment.order, segment: segment.number, key: row.int(1)?, position };
        Ok(Self { session: rows::id(row, 0)?, cursor })
    }
}
