//! A wrong value in every column of every table: all non-key columns in one comparison, all keys in another.

use std::sync::Arc;

use event_store::{EventReader, Vault};
use projections::{
    ViewsLocation,
    compare::{Comparison, Difference, What, compare},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};

use super::{compared, plain};
use crate::rebuild::fixture::Fixture;

/// The rows of the views, for changes.
enum Rows {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A column, and whether it is part of the key and whether it holds a number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    table: String,
    name: String,
    key: String,
    is_key: bool,
    is_number: bool,
}

impl Rows {
    async fn of(fixture: &Fixture) -> Self {
        match &fixture.database {
            None => {
                let file = fixture.data_dir().join("views-1.db");
                Self::Sqlite(SqliteConnection::connect(file.to_str().unwrap()).await.unwrap())
            }
            Some(database) => {
                let mut connection = PgConnection::connect(&database.admin_url()).await.unwrap();
                sqlx::raw_sql("set search_path to views_1").execute(&mut connection).await.unwrap();
                Self::Postgres(connection)
            }
        }
    }

    async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
            Self::Postgres(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
        }
    }

    async fn texts(&mut self, sql: &str) -> Vec<Option<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Every column but those of the cursor, read from the database.
    async fn columns(&mut self) -> Vec<Column> {
        let sql = match self {
            Self::Sqlite(_) => {
                "select t.name || char(9) || c.name || char(9) || (c.pk > 0) || char(9) || lower(c.type) || char(9)
                     || (select group_concat(k.name, ' || '' '' || ') from pragma_table_info(t.name) k where k.pk > 0)
                 from sqlite_master t, pragma_table_info(t.name) c
                 where t.type = 'table' and t.name <> 'checkpoint' order by 1"
            }
            Self::Postgres(_) => {
                "select c.table_name || chr(9) || c.column_name || chr(9)
                     || case when k.columns like '%' || quote_ident(c.column_name) || '%' then 1 else 0 end || chr(9)
                     || c.data_type || chr(9) || k.columns
                 from information_schema.columns c
                 join (select table_name, string_agg(quote_ident(column_name), ' || '' '' || ' order by ordinal_position) as columns
                     from information_schema.key_column_usage where table_schema = 'views_1' group by table_name) k
                     on k.table_name = c.table_name
                 where c.table_schema = 'views_1' and c.table_name <> 'checkpoint' order by 1"
            }
        };
        let lines = self.texts(sql).await;
        lines.into_iter().map(|line| Column::of(&line.unwrap())).collect()
    }

    /// Changes one value; returns the statement that restores it.
    async fn spoil(&mut self, column: &Column) -> String {
        let Column { table, name, key, is_key, is_number } = column;
        let rows = format!("select cast({key} as text) from {table}");
        // Preferably in a row that has a value.
        let filled = self.texts(&format!("{rows} where {name} is not null order by 1 limit 1")).await;
        let any = self.texts(&format!("{rows} order by 1 limit 1")).await;
        let row = filled.into_iter().chain(any).next().flatten().unwrap_or_else(|| panic!("{table} is empty"));
        let place = format!("cast({key} as text) = '{}'", row.replace('\'', "''"));
        let value = self.texts(&format!("select cast({name} as text) from {table} where {place}")).await.remove(0);
        let (wrong, right) = if *is_number {
            let wrong = value.as_ref().map_or(7, |value| value.parse::<i64>().unwrap() + 1_000_000).to_string();
            (wrong, value.unwrap_or("null".into()))
        } else {
            let quoted = value.as_ref().map(|value| format!("'{}'", value.replace('\'', "''")));
            ("'spoilt'".to_owned(), quoted.unwrap_or("null".into()))
        };
        self.run(&format!("update {table} set {name} = {wrong} where {place}")).await;
        let spoilt = if *is_key { format!("{name} = {wrong}") } else { place };
        format!("update {table} set {name} = {right} where {spoilt}")
    }
}

impl Column {
    fn of(line: &str) -> Self {
        let [table, name, is_key, kind, key] = *line.split('\t').collect::<Vec<_>>() else { panic!("{line}") };
        let [table, name, key] = [table, name, key].map(str::to_owned);
        Self { table, name, key, is_key: is_key == "1", is_number: kind != "text" }
    }
}

struct Seeded {
    fixture: Fixture,
    reader: Arc<dyn EventReader>,
    vault: Arc<Vault>,
    rows: Rows,
}

impl Seeded {
    async fn of(fixture: Fixture) -> Self {
        let fixture = compared(fixture).await;
        let log = fixture.log().await;
        let rows = Rows::of(&fixture).await;
        Self { reader: log.reader(), vault: log.vault().clone(), fixture, rows }
    }

    async fn compare(&self) -> Comparison {
        let location = match &self.fixture.database {
            None => ViewsLocation::Folder(self.fixture.data_dir()),
            Some(database) => ViewsLocation::Postgres { url: database.app_url() },
        };
        compare(location, self.reader.clone(), self.vault.clone(), 1_000, |_| ()).await.unwrap()
    }

    /// One value of each column is wrong at the same time: `compare` names every one of them, and nothing else.
    async fn names_what_is_spoilt(&mut self, columns: &[Column], names: impl Fn(&Column) -> Vec<(String, String)>) {
        let mut undo = Vec::new();
        for column in columns {
            undo.push(self.rows.spoil(column).await);
        }
        let compared = self.compare().await;
        let mut found: Vec<_> = compared.differences.iter().map(named).collect();
        let mut expected: Vec<_> = columns.iter().flat_map(names).collect();
        found.sort();
        expected.sort();
        assert_eq!((found, compared.count), (expected.clone(), expected.len() as u64));
        for statement in undo.iter().rev() {
            self.rows.run(statement).await;
        }
    }

    async fn is_honest(&self) {
        let compared = self.compare().await;
        assert_eq!((compared.count, compared.erased_since), (0, 0), "{compared:?}");
    }
}

/// Table and column of a difference, or which row is on one side only.
fn named(difference: &Difference) -> (String, String) {
    let what = match &difference.what {
        What::Missing => "missing".to_owned(),
        What::Unexpected => "unexpected".to_owned(),
        What::Column { expected, .. } => expected.column.clone(),
    };
    (difference.table.clone(), what)
}

/// The first column of each table, and the others.
fn one_of_each_table(columns: Vec<Column>) -> (Vec<Column>, Vec<Column>) {
    let mut tables = std::collections::BTreeSet::new();
    columns.into_iter().partition(|column| tables.insert(column.table.clone()))
}

async fn every_column_is_compared(fixture: Fixture) {
    let mut seeded = Seeded::of(fixture).await;
    seeded.is_honest().await;
    let columns = seeded.rows.columns().await;
    let tables: std::collections::BTreeSet<&str> = columns.iter().map(|column| &*column.table).collect();
    assert!(tables.is_superset(&["audit_entry", "escalation", "message", "session"].into()), "{tables:?}");
    let (keys, values): (Vec<Column>, Vec<Column>) = columns.into_iter().partition(|column| column.is_key);
    let is_named = |column: &Column, what: &str| (column.table.clone(), what.to_owned());
    seeded.names_what_is_spoilt(&values, |column| vec![is_named(column, &column.name)]).await;
    let both_rows = |column: &Column| vec![is_named(column, "missing"), is_named(column, "unexpected")];
    // One column of a key at a time: a row with two wrong ones is still one row that is missing and one too many.
    let (mut round, mut rest) = one_of_each_table(keys);
    while !round.is_empty() {
        seeded.names_what_is_spoilt(&round, both_rows).await;
        (round, rest) = one_of_each_table(rest);
    }
    seeded.is_honest().await;
}

async fn a_row_that_is_missing_or_too_many_is_named(fixture: Fixture) {
    let mut seeded = Seeded::of(fixture).await;
    for table in ["audit_entry", "escalation", "message"] {
        seeded.rows.run(&format!("create table kept as select * from {table}")).await;
        seeded.rows.run(&format!("delete from {table} where position = (select max(position) from {table})")).await;
        let compared = seeded.compare().await;
        assert_eq!(compared.differences.iter().map(named).collect::<Vec<_>>(), [(table.into(), "missing".into())]);
        seeded.rows.run(&format!("delete from {table}; insert into {table} select * from kept; drop table kept")).await;

        seeded.rows.run(&format!("create table kept as select * from {table} order by position limit 1")).await;
        seeded.rows.run(&format!("update kept set position = 5000000; insert into {table} select * from kept")).await;
        let compared = seeded.compare().await;
        assert_eq!(compared.differences.iter().map(named).collect::<Vec<_>>(), [(table.into(), "unexpected".into())]);
        seeded.rows.run(&format!("delete from {table} where position = 5000000; drop table kept")).await;
    }
    seeded.is_honest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_names_a_wrong_value_in_every_column_on_sqlite() {
    every_column_is_compared(Fixture::on_sqlite(16).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_names_a_wrong_value_in_every_column_on_postgres() {
    every_column_is_compared(Fixture::on_postgres(16).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_names_missing_and_unexpected_rows_on_sqlite() {
    a_row_that_is_missing_or_too_many_is_named(Fixture::on_sqlite(16).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_names_missing_and_unexpected_rows_on_postgres() {
    a_row_that_is_missing_or_too_many_is_named(Fixture::on_postgres(16).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_prints_differences_and_no_personal_text() {
    let mut seeded = Seeded::of(Fixture::on_sqlite(16).await).await;
    seeded.rows.run("update message set content = 'a secret text' where position = 2").await;
    seeded.rows.run("update session set ai_fail_count = 41 where status = 'manual_live'").await;
    let document = seeded.fixture.replayed(true, &["compare"]).await.with_code(1);
    let differences = document["differences"].as_array().unwrap();
    let secret = differences.iter().find(|one| one["table"] == "message").unwrap();
    assert_eq!((&secret["column"], &secret["key"]["position"]), (&"content".into(), &2.into()), "{secret}");
    assert_eq!((&secret["personal"], secret.get("found"), secret.get("expected")), (&true.into(), None, None));
    let plain_one = differences.iter().find(|one| one["table"] == "session").unwrap();
    assert_eq!((&plain_one["found"], &plain_one["expected"]), (&41.into(), &0.into()), "{plain_one}");
    assert_eq!(document["difference_count"], differences.len());

    let output = plain(&seeded.fixture).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("message, position 2: content is not what the log gives"), "{text}");
    assert!(text.contains("ai_fail_count is 41, and should be 0"), "{text}");
    assert!(!text.contains("secret") && !text.contains("续航"), "{text}");
    let few = seeded.fixture.replayed(true, &["compare", "--limit", "1"]).await.with_code(1);
    assert_eq!(few["differences"].as_array().unwrap().len(), 1);
    assert_eq!(few["difference_count"], document["difference_count"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_refuses_views_whose_cursor_hash_is_not_in_the_log() {
    let mut seeded = Seeded::of(Fixture::on_sqlite(16).await).await;
    seeded.rows.run("update checkpoint set hash = upper(hash)").await;
    let refused = seeded.fixture.replayed(true, &["compare"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("the log does not have at position"), "{refused:?}");
}
