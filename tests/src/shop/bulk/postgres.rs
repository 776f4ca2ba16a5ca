//! Rows into the schema `log` of a PostgreSQL server, past its guards, a few thousand in a statement.

use std::sync::Arc;

use event_store::{
    RecordedEvent,
    postgres::{PostgresSettings, PostgresStore},
};
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

use super::Failure;

/// As the program's own sequencer has it, so that the guards find what they look for by index; and nothing waits for the
/// disk before the end.
const SETTINGS: [(&str, &str); 4] =
    [("enable_seqscan", "off"), ("enable_bitmapscan", "off"), ("jit", "off"), ("synchronous_commit", "off")];

const INSERT: &str = "insert into log.event select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], \
     $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bytea[], $10::text[], $11::bytea[], $12::bytea[], \
     $13::text[], $14::bytea[], $15::bytea[], $16::bytea[])";

pub(super) struct PostgresRows(PgConnection);

impl PostgresRows {
    /// The program makes the schema. A log with events in it is refused.
    pub(super) async fn open(url: &str) -> Result<Self, Failure> {
        drop(PostgresStore::open(PostgresSettings::new(url)).await?);
        let options: PgConnectOptions = url.parse()?;
        let mut connection = PgConnection::connect_with(&options.options(SETTINGS)).await?;
        let head = sqlx::query("select position from log.head").fetch_one(&mut connection).await?;
        if head.try_get::<i64, _>(0)? > 0 {
            return Err("the database has a log already; name an empty one with --database-url".into());
        }
        Ok(Self(connection))
    }

    pub(super) async fn insert(&mut self, rows: &[Arc<RecordedEvent>]) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(INSERT)
            .bind(column(rows, |row| row.position.0.cast_signed()))
            .bind(column(rows, |row| row.stream.as_str()))
            .bind(column(rows, |row| row.version.0.cast_signed()))
            .bind(column(rows, |row| row.event.event_id.as_bytes().as_slice()))
            .bind(column(rows, |row| &*row.event.event_type))
            .bind(column(rows, |row| i64::from(row.event.schema)))
            .bind(column(rows, |row| row.recorded_at_text()))
            .bind(column(rows, |row| row.event.actor.as_str()))
            .bind(column(rows, |row| row.event.subject.as_ref().map(|id| id.as_bytes().as_slice())))
            .bind(column(rows, |row| row.event.key_id.as_deref()))
            .bind(column(rows, |row| row.event.correlation_id.as_bytes().as_slice()))
            .bind(column(rows, |row| row.event.causation_id.as_ref().map(|id| id.as_bytes().as_slice())))
            .bind(column(rows, |row| &*row.event.data))
            .bind(column(rows, |row| row.event.personal.as_deref()))
            .bind(column(rows, |row| row.prev_hash.as_slice()))
            .bind(column(rows, |row| row.hash.as_slice()))
            .execute(&mut self.0)
            .await?;
        Ok(())
    }

    /// Everything to the disk: a commit that waits for it takes along what was committed before. And what a server that has
    /// run for a while knows about its tables.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        sqlx::query("set synchronous_commit to on").execute(&mut self.0).await?;
        sqlx::query("analyze log.event").execute(&mut self.0).await?;
        Ok(self.0.close().await?)
    }
}

fn column<'a, T>(rows: &'a [Arc<RecordedEvent>], of: impl Fn(&'a RecordedEvent) -> T) -> Vec<T> {
    rows.iter().map(|row| of(row)).collect()
}
