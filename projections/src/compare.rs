//! The views compared with the log, row by row: what they hold at a position, and what folding the log up to that very
//! position gives.
//!
//! Which tables there are, their columns and their keys, is read from the tables that each projection's own statements make,
//! so a new view is compared without further work. Invariants: nothing is written but a nameless database that ends
//! with the process; one state of the views is compared, also while they are written; memory does not grow with the rows.

mod cell;
mod expected;
mod found;
mod result;
mod side_by_side;
mod table;

use std::sync::Arc;

use event_store::{EventReader, Position, Vault};
use journal::Journal;

pub use cell::Cell;
use expected::Expected;
use found::{Erasures, Found};
pub use result::{Comparison, Difference, Named, What};

use crate::{
    catalogue,
    error::ViewsError,
    storage::{Storage, ViewsLocation},
};

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
    let storage = Storage::open_to_read(location).await?;
    let projections = catalogue::all();
    let journal = Journal::new(reader.clone(), vault.clone());
    let mut expected = Expected::new(projections.clone(), journal).await?;
    // Most of the way first: a state of the views that is held for long keeps desk's database from cleaning up.
    let near = Found::take(&storage, &projections, &*reader).await?.position();
    expected.fold_to(near, &mut reached).await?;
    let mut found = Found::take(&storage, &projections, &*reader).await?;
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
        side_by_side::compare(table, &mut rows, &mut found, &mut erasures, &mut comparison, limit).await?;
    }
    if found.is_disturbed(&storage) {
        return Err(ViewsError::Disturbed);
    }
    Ok(comparison)
}
