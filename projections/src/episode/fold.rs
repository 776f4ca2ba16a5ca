//! The rows of episodes.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    SessionId,
    session::{Event, event::RatingGiven},
};
use event_store::sql::{SqlError, Transaction, Value};
use journal::Decoded;

use crate::{projection::Projection, rows};

/// Folds the beginnings, ends and ratings of episodes.
#[derive(Debug)]
pub struct EpisodesProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/episode.sql")];
const PLAIN: &[&str] = &["session"];
const INSERT: &str = "insert into episode (session, episode, began, started_at)";
const KEEP: &str = "on conflict (session, episode) do nothing";
const CLOSE: &str = "update episode set ended = $2, ended_at = $3 where session = $1 and ended is null and began < $2";
const RATE: &str = "update episode set rating = $3, rated = $4
    where session = $1 and episode = $2 and (rated is null or rated < $4)";

#[async_trait]
impl Projection for EpisodesProjection {
    fn name(&self) -> &'static str {
        "episode"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let mut begun = Begun::default();
        for decoded in events {
            let Some((session, event)) = decoded.event().session() else { continue };
            match event {
                Event::CustomerMessageSent(sent) => begun.note(session, sent.episode, decoded),
                Event::Closed(_) => {
                    begun.write(tx).await?;
                    let session = session.to_string();
                    let (position, at) = (decoded.position().0, decoded.at_us());
                    tx.execute(CLOSE, &[(&*session).into(), position.into(), at.into()]).await?;
                }
                Event::RatingGiven(given) => {
                    begun.write(tx).await?;
                    rate(tx, session, decoded, given).await?;
                }
                _within_an_episode => {}
            }
        }
        begun.write(tx).await
    }
}

async fn rate(
    tx: &mut Transaction,
    session: SessionId,
    decoded: &Decoded,
    given: &RatingGiven,
) -> Result<(), SqlError> {
    let session = session.to_string();
    let score = u64::from(u8::from(given.score));
    let values = [(&*session).into(), u64::from(given.episode).into(), score.into(), decoded.position().0.into()];
    tx.execute(RATE, &values).await?;
    Ok(())
}

/// Episodes of a batch that may have begun in it: most messages of a batch are not the first of their episode.
#[derive(Default)]
struct Begun {
    seen: BTreeSet<(SessionId, u32)>,
    rows: Vec<(String, u32, u64, i64)>,
}

impl Begun {
    fn note(&mut self, session: SessionId, episode: u32, decoded: &Decoded) {
        if self.seen.insert((session, episode)) {
            self.rows.push((session.to_string(), episode, decoded.position().0, decoded.at_us()));
        }
    }

    async fn write(&mut self, tx: &mut Transaction) -> Result<(), SqlError> {
        let values: Vec<_> = self.rows.iter().map(values).collect();
        rows::insert(tx, INSERT, KEEP, &values).await?;
        drop(values);
        self.rows.clear();
        Ok(())
    }
}

fn values((session, episode, began, at): &(String, u32, u64, i64)) -> Vec<Value<'_>> {
    vec![session.as_str().into(), u64::from(*episode).into(), (*began).into(), (*at).into()]
}
