//! `compare`: compares the views with the log, row by row at the same position; the log is verified before.
//!
//! Invariant: values that may be personal are never printed, neither expected nor found.

use std::collections::BTreeMap;

use event_store::{Identity, Position, verify::FirstFlaw};
use projections::compare::{Cell, Comparison, Difference, Named, What};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Finding,
    cli::CompareArgs,
    erasures::WITHOUT_RECORD,
    failure::Failure,
    progress::Progress,
    render::Screen,
    source::Source,
    verify::{self, Verified},
};

/// Printed instead of a value that may be personal.
const PERSONAL: &str = "[personal]";

#[derive(Serialize)]
struct Document {
    ok: bool,
    log_id: uuid::Uuid,
    generation: u64,
    head: Position,
    views_generation: u64,
    position: Position,
    rows: Vec<Rows>,
    difference_count: u64,
    differences: Vec<Shown>,
    erased_since: u64,
    /// The first key that is gone without an erasure on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    destroyed_without_record: Option<FirstFlaw>,
}

#[derive(Serialize)]
struct Rows {
    view: &'static str,
    table: String,
    rows: u64,
}

/// A difference; values that may be personal are left out.
#[derive(Serialize)]
struct Shown {
    view: &'static str,
    table: String,
    key: BTreeMap<String, Value>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    personal: bool,
}

/// Compares the current views with the log; `Differences` if a row differs.
///
/// # Errors
/// There is no master key, no views of this version and log, or a database is unavailable.
pub async fn compare(source: &Source, wanted: &CompareArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let vault = source.vault().ok_or(Failure::CompareNeedsKey)?;
    let Verified::Intact { lost_key } = verify::before_folding(source, screen).await? else {
        return Ok(Finding::Differences);
    };
    let progress = Progress::new("comparing", source.reader().head().await?);
    let compared =
        projections::compare::compare(source.views()?, source.shared_reader(), vault, wanted.limit, |position| {
            progress.reached(position)
        });
    let compared = compared.await.map_err(Failure::Compare)?;
    drop(progress);
    let document = document(source, compared, lost_key).await?;
    if screen.json_wanted() {
        screen.json(&document)?;
    } else {
        print(&document, screen)?;
    }
    Ok(if document.ok { Finding::AsExpected } else { Finding::Differences })
}

async fn document(source: &Source, compared: Comparison, lost_key: Option<FirstFlaw>) -> Result<Document, Failure> {
    let Identity { log_id, generation } = source.reader().identity().await?;
    let rows = compared.rows.into_iter().map(|(view, table, rows)| Rows { view, table, rows });
    Ok(Document {
        ok: compared.count == 0 && lost_key.is_none(),
        log_id,
        generation,
        head: source.reader().head().await?,
        views_generation: compared.generation,
        position: compared.position,
        rows: rows.collect(),
        difference_count: compared.count,
        differences: compared.differences.into_iter().map(Shown::of).collect(),
        erased_since: compared.erased_since,
        destroyed_without_record: lost_key,
    })
}

impl Shown {
    fn of(difference: Difference) -> Self {
        let key = difference.key.iter().map(|named| (named.column.clone(), shown(named, &named.cell)));
        let bare = Self {
            view: difference.view,
            table: difference.table,
            key: key.collect(),
            kind: "column",
            column: None,
            expected: None,
            found: None,
            personal: false,
        };
        match difference.what {
            What::Missing => Self { kind: "missing", ..bare },
            What::Unexpected => Self { kind: "unexpected", ..bare },
            What::Column { expected, found } if expected.is_plain => {
                let (ours, theirs) = (Some(json(&expected.cell)), Some(json(&found)));
                Self { column: Some(expected.column), expected: ours, found: theirs, ..bare }
            }
            What::Column { expected, .. } => Self { column: Some(expected.column), personal: true, ..bare },
        }
    }

    fn line(&self) -> String {
        let key: Vec<String> = self.key.iter().map(|(column, value)| format!("{column} {}", plain(value))).collect();
        let row = format!("{}, {}", self.table, key.join(", "));
        let column = self.column.as_deref().unwrap_or_default();
        match (self.kind, &self.expected, &self.found) {
            ("missing", ..) => format!("{row}: the row is missing"),
            ("unexpected", ..) => format!("{row}: the log gives no such row"),
            (_, Some(expected), Some(found)) => {
                format!("{row}: {column} is {}, and should be {}", plain(found), plain(expected))
            }
            _ => format!("{row}: {column} is not what the log gives (it may be personal, so it is not shown)"),
        }
    }
}

fn shown(named: &Named, cell: &Cell) -> Value {
    if named.is_plain { json(cell) } else { Value::from(PERSONAL) }
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(value) => (*value).into(),
        Cell::Float(value) => (*value).into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::Bytes(_) | Cell::Unreadable => cell.to_string().into(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn print(document: &Document, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.field("log", &format!("{}, generation {}", document.log_id, document.generation))?;
    let (views, position) = (document.views_generation, document.position);
    screen.field("views", &format!("generation {views}, at position {position} of {}", document.head))?;
    for Rows { table, rows, .. } in &document.rows {
        screen.field("compared", &format!("{rows} rows of {table}"))?;
    }
    for difference in &document.differences {
        screen.field("differs", &difference.line())?;
    }
    let unnamed = document.difference_count - document.differences.len() as u64;
    if unnamed > 0 {
        screen.field("differs", &format!("and {unnamed} more; --limit N names more of them"))?;
    }
    if document.erased_since > 0 {
        let since = document.erased_since;
        screen.field(
            "erased",
            &format!("{since} texts erased since still stand in the views: rebuild takes them away"),
        )?;
    }
    if let Some(lost) = &document.destroyed_without_record {
        screen.field("erased", &format!("{WITHOUT_RECORD} {lost}"))?;
    }
    match document.difference_count {
        0 if !document.ok => screen.field("result", "DIFFERENCES: every row is as the log gives it, but keys are gone"),
        0 => screen.field("result", "every row is as the log gives it"),
        count => screen.field("result", &format!("DIFFERENCES: {count}")),
    }
}
