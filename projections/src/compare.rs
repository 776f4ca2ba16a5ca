//! The views compared with the log, row by row: what stands in them at a position, and what folding the log up to that very
//! position gives.
//!
//! Which tables there are, their columns and their keys, is read from the tables that each view's own statements make, so
//! a new view is compared without anybody thinking of it. Invariants: nothing is written but a nameless database that ends
//! with the process; one state of the views is compared, also while they are written; memory does not grow with the rows.

mod cell;
mod expected;
mod found;
mod table;

use std::sync::Arc;

use event_store::{EventReader, Position, Vault};

pub use cell::Cell;
use expected::Expected;
use found::{Erasures, Found};

use crate::{
    place::{Place, ViewsLocation},
    view,
    views::ViewsError,
};

/// What a comparison came to.
#[derive(Debug)]
pub struct Comparison {
    /// The generation that was compared.
    pub generation: u64,
    /// Where the views were.
    pub position: Position,
    /// Rows that the log gives, by table.
    pub rows: Vec<(&'static str, String, u64)>,
    /// The first differences, as many as were asked for.
    pub differences: Vec<Difference>,
    /// All of them: one for each column of a row, and one for each row that only one side has.
    pub count: u64,
    /// Texts that still stand in the views and were erased since: they go with the next rebuild.
    pub erased_since: u64,
}

/// A row that is not as the log gives it.
#[derive(Debug)]
pub struct Difference {
    /// Whose table it is.
    pub view: &'static str,
    /// The table.
    pub table: String,
    /// Columns of the primary key with their values; a value that may be personal is not plain.
    pub key: Vec<Named>,
    /// What is wrong.
    pub what: What,
}

/// A value under its column's name.
#[derive(Debug)]
pub struct Named {
    /// The column.
    pub column: String,
    /// The value.
    pub cell: Cell,
    /// Whether it holds nothing personal.
    pub is_plain: bool,
}

/// What is wrong with a row.
#[derive(Debug)]
pub enum What {
    /// The log gives the row; the views do not have it.
    Missing,
    /// The views have a row that the log does not give.
    Unexpected,
    /// A column holds something else.
    Column {
        /// What the log gives.
        expected: Named,
        /// What stands there.
        found: Cell,
    },
}

/// Compares the serving generation with the log, naming up to `limit` differences. Tells `reached` how far it has folded.
///
/// # Errors
/// There are no views of this program's version and this log, or log, vault or database do not answer.
pub async fn compare(
    location: ViewsLocation,
    reader: Arc<dyn EventReader>,
    vault: Arc<Vault>,
    limit: usize,
    mut reached: impl FnMut(Position),
) -> Result<Comparison, ViewsError> {
    let place = Place::open_to_read(location).await?;
    let views = view::all();
    let mut expected = Expected::new(views.clone(), reader.clone(), vault.clone()).await?;
    // The long way first: a state that is held for long keeps desk's database from cleaning up.
    let near = Found::take(&place, &views, &*reader).await?.position();
    expected.fold_to(near, &mut reached).await?;
    let mut found = Found::take(&place, &views, &*reader).await?;
    expected.fold_to(found.position(), &mut reached).await?;
    if expected.position() != found.position() {
        return Err(ViewsError::WentBack { from: expected.position(), to: found.position() });
    }
    let mut erasures = Erasures::new(reader, vault);
    let mut comparison = Comparison {
        generation: found.generation(),
        position: found.position(),
        rows: Vec::new(),
        differences: Vec::new(),
        count: 0,
        erased_since: 0,
    };
    for table in expected.tables().iter() {
        let mut rows = expected.rows().await?;
        table::compare(table, &mut rows, &mut found, &mut erasures, &mut comparison, limit).await?;
    }
    if found.is_disturbed(&place) {
        return Err(ViewsError::Disturbed);
    }
    Ok(comparison)
}
