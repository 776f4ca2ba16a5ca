//! The rows of tags.
//!
//! Invariant: this projection takes a batch before that of the sessions, whose rows say which events were taken before.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    SessionId,
    session::{Event, event::TagsChanged},
};
use event_store::{
    Position,
    sql::{SqlError, Transaction, Value},
};
use journal::Decoded;

use crate::{projection::Projection, rows};

/// Folds changes of tags.
#[derive(Debug)]
pub struct TagsProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/tag.sql")];
const INDEXES: &[&str] = &[
    // The sessions of a tag.
    "create index if not exists tag_by_name on tag (tag, session)",
];
const PLAIN: &[&str] = &["session", "tag"];
const INSERT: &str = "insert into tag (session, tag)";
const KEEP: &str = "on conflict (session, tag) do nothing";
const DELETE: &str = "delete from tag where session = $1 and tag = $2";

#[async_trait]
impl Projection for TagsProjection {
    fn name(&self) -> &'static str {
        "tag"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let changes: Vec<_> = events.iter().filter_map(change).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let taken = positions(tx, &changes).await?;
        for (session, position, changed) in changes {
            if taken.get(&session).is_none_or(|taken| *taken < position) {
                apply(tx, session, changed).await?;
            }
        }
        Ok(())
    }
}

type Change<'a> = (SessionId, Position, &'a TagsChanged);

fn change(decoded: &Decoded) -> Option<Change<'_>> {
    match decoded.event().session()? {
        (session, Event::TagsChanged(changed)) => Some((session, decoded.position(), changed)),
        (_, _of_no_tag) => None,
    }
}

/// The newest event of each session that its row holds.
async fn positions(tx: &mut Transaction, changes: &[Change<'_>]) -> Result<BTreeMap<SessionId, Position>, SqlError> {
    let mut ids: Vec<String> = changes.iter().map(|(session, ..)| session.to_string()).collect();
    ids.sort();
    ids.dedup();
    let found = rows::with_ids(tx, "select id, position from session", "id", &ids).await?;
    found.iter().map(|row| Ok((rows::id(row, 0)?, rows::position(row, 1)?))).collect()
}

async fn apply(tx: &mut Transaction, session: SessionId, changed: &TagsChanged) -> Result<(), SqlError> {
    let session = session.to_string();
    let row = |tag| -> Vec<Value<'_>> { vec![(&*session).into(), tag] };
    for tag in &changed.removed {
        tx.execute(DELETE, &row(tag.as_str().into())).await?;
    }
    let added: Vec<_> = changed.added.iter().map(|tag| row(tag.as_str().into())).collect();
    rows::insert(tx, INSERT, KEEP, &added).await
}
