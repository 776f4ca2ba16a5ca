//! Mistakes in single columns: every column of every table that the views have made is wrong by one in some rows, and the
//! comparison with the oracle must report each.
//!
//! Tables and columns are read from the database, so that a new view is covered without a change here.

use std::path::{Path, PathBuf};

use domain::SessionId;
use rand::{Rng, RngExt as _, seq::IndexedRandom as _};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

/// Columns that no served figure depends on. `desk-replay compare` finds mistakes in them.
pub(super) const UNSEEN: [(&str, &str, &str); 5] = [
    (
        "escalation",
        "position",
        "an episode tells the last one wherever in it that was, and other events stand around it",
    ),
    ("session_text", "position", WHICH_IS_NEWER),
    ("customer", "position", WHICH_IS_NEWER),
    ("quick_reply", "position", WHICH_IS_NEWER),
    ("quick_reply_use", "position", WHICH_IS_NEWER),
];
const WHICH_IS_NEWER: &str = "only folding asks for it, so that an event that comes twice changes nothing";

/// Columns that matter in some rows only.
pub(super) const SELDOM: [(&str, &str, &str); 8] = [
    ("message", "answers", "it matters where the customer cleared the screen between a message and its answer"),
    ("session_text", "session", "one whose texts are erased is not found by them"),
    ("quick_reply", "id", REMOVED),
    ("quick_reply", "owner", REMOVED),
    ("quick_reply", "category", REMOVED),
    ("quick_reply", "language", REMOVED),
    ("quick_reply", "version", REMOVED),
    ("quick_reply", "updated_at", REMOVED),
];
const REMOVED: &str = "of one that was removed nothing is shown";

/// Columns that matter in some rows only, and a log may have none of those.
pub(super) const BY_CHANCE: [(&str, &str, &str); 3] = [
    ("customer", "visitor", "one without a name whom the shop does not count among its best is found by nothing"),
    ("escalation", "session", "an episode tells the last of its escalations; figures count those of all sessions"),
    ("escalation", "reason", "likewise; figures count the reasons of sessions"),
];

/// Tables about which no question of one session asks.
const OF_NO_SESSION: [&str; 5] = ["quick_reply", "quick_reply_use", "session_count", "session_text", "customer"];

/// More than any number in a table that has a unique key.
const FAR: i64 = 1_000_000;

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) table: String,
    pub(super) name: String,
    is_number: bool,
}

impl Column {
    pub(super) fn is_in(&self, columns: &[(&str, &str, &str)]) -> bool {
        columns.iter().any(|(table, name, _)| (*table, *name) == (&*self.table, &*self.name))
    }
}

/// The value of a column in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held {
    Nothing,
    Number(i64),
    Text(String),
}

/// A wrong value and the right one.
#[derive(Debug)]
pub(super) struct Mistake {
    column: Column,
    row: i64,
    right: Held,
    #[expect(dead_code, reason = "printed")]
    wrong: Held,
}

impl Mistake {
    pub(super) fn is_in(&self, column: &Column) -> bool {
        (&self.column.table, &self.column.name) == (&column.table, &column.name)
    }
}

/// The rows of a generation, opened past the views that serve it.
pub(super) struct Rows(SqliteConnection);

impl Rows {
    pub(super) async fn open(folder: &Path) -> Self {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let is_generation = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.strip_prefix("views-")
                .and_then(|name| name.strip_suffix(".db"))
                .is_some_and(|n| n.parse::<u64>().is_ok())
        };
        let generations: Vec<PathBuf> = files.filter(is_generation).collect();
        assert_eq!(generations.len(), 1, "{generations:?}");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&generations[0]);
        Self(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// Every column of the tables about sessions. Those about accounts are compared with the domain's fold in
    /// `projections`.
    pub(super) async fn columns(&mut self) -> Vec<Column> {
        let sql = "select m.name, c.name, lower(c.type) <> 'text' from sqlite_master m, pragma_table_info(m.name) c
            where m.type = 'table' and m.name not in ('checkpoint', 'agent', 'sign_in', 'api_key') order by m.name, c.cid";
        let columns: Vec<(String, String, bool)> = sqlx::query_as(sql).fetch_all(&mut self.0).await.unwrap();
        columns.into_iter().map(|(table, name, is_number)| Column { table, name, is_number }).collect()
    }

    /// Rows with a value in a column; all rows if there is none.
    pub(super) async fn held(&mut self, column: &Column) -> Vec<(i64, Held)> {
        let Column { table, name, is_number } = column;
        // Of the audit trail the oracle tells that of sessions.
        let told = if table == "audit_entry" { "where target like 'session-%'" } else { "" };
        let sql = |kind: &str| {
            AssertSqlSafe(format!("select rowid, cast({name} as {kind}) from {table} {told} order by rowid"))
        };
        let mut rows: Vec<(i64, Held)> = if *is_number {
            let rows: Vec<(i64, Option<i64>)> = sqlx::query_as(sql("integer")).fetch_all(&mut self.0).await.unwrap();
            rows.into_iter().map(|(row, value)| (row, value.map_or(Held::Nothing, Held::Number))).collect()
        } else {
            let rows: Vec<(i64, Option<String>)> = sqlx::query_as(sql("text")).fetch_all(&mut self.0).await.unwrap();
            rows.into_iter().map(|(row, value)| (row, value.map_or(Held::Nothing, Held::Text))).collect()
        };
        if rows.iter().any(|(_, held)| *held != Held::Nothing) {
            rows.retain(|(_, held)| *held != Held::Nothing);
        }
        rows
    }

    /// The session that a row is about.
    pub(super) async fn session_of(&mut self, table: &str, row: i64) -> SessionId {
        // Every question is asked.
        if OF_NO_SESSION.contains(&table) {
            return SessionId(uuid::Uuid::nil());
        }
        let owner = match table {
            "session" => "id",
            "audit_entry" => "target",
            _ => "session",
        };
        let sql = AssertSqlSafe(format!("select {owner} from {table} where rowid = $1"));
        let (id,): (String,) = sqlx::query_as(sql).bind(row).fetch_one(&mut self.0).await.unwrap();
        id.trim_start_matches("session-").parse().unwrap()
    }

    /// Puts a wrong value into a column of a row; `None` if every attempt violates a unique key.
    pub(super) async fn plant(
        &mut self,
        column: &Column,
        (row, right): &(i64, Held),
        all: &[(i64, Held)],
        random: &mut impl Rng,
    ) -> Option<Mistake> {
        for wrong in wrong_values(right, all, column.is_number, random) {
            if self.set(column, *row, &wrong).await {
                return Some(Mistake { column: column.clone(), row: *row, right: right.clone(), wrong });
            }
        }
        None
    }

    pub(super) async fn mend(&mut self, mistake: &Mistake) {
        assert!(self.set(&mistake.column, mistake.row, &mistake.right).await, "{mistake:?} is mended");
    }

    async fn set(&mut self, Column { table, name, .. }: &Column, row: i64, value: &Held) -> bool {
        let sql = AssertSqlSafe(format!("update {table} set {name} = $1 where rowid = $2"));
        let update = match value {
            Held::Nothing => sqlx::query(sql).bind(None::<i64>),
            Held::Number(number) => sqlx::query(sql).bind(*number),
            Held::Text(text) => sqlx::query(sql).bind(text.clone()),
        };
        match update.bind(row).execute(&mut self.0).await {
            Ok(done) => done.rows_affected() == 1,
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => false,
            Err(error) => panic!("{table}.{name}: {error}"),
        }
    }
}

/// A number is off by one, or by far where those beside it are taken; a flag is inverted, a text is that of another row or has an extra letter.
fn wrong_values(right: &Held, all: &[(i64, Held)], is_number: bool, random: &mut impl Rng) -> Vec<Held> {
    match right {
        Held::Number(0 | 1) if all.iter().all(|(_, held)| matches!(held, Held::Number(0 | 1))) => {
            vec![Held::Number(i64::from(*right == Held::Number(0)))]
        }
        Held::Number(number) => {
            let step = if random.random_bool(0.5) { 1 } else { -1 };
            vec![Held::Number(number + step), Held::Number(number - step), Held::Number(number + FAR)]
        }
        Held::Text(text) => {
            let others: Vec<&Held> = all.iter().map(|(_, held)| held).filter(|held| *held != right).collect();
            others
                .choose(random)
                .map(|held| (*held).clone())
                .into_iter()
                .chain([Held::Text(format!("{text}x"))])
                .collect()
        }
        Held::Nothing if is_number => vec![Held::Number(1)],
        Held::Nothing => vec![Held::Text("8d0f5c9e-3f0b-4d57-a2a2-6c1c1f0d7b11".to_owned())],
    }
}
