//! The file that tells the next start up to where the log was looked through (`searched.rs`).

use super::{
    connection::Connection,
    fault::Fault,
    read,
    searched::{Searched, Tail},
};
use crate::{event::Position, port::Identity};

/// What an earlier process looked through, if the log still has the record that it reached.
pub(super) async fn recalled(connection: &Connection, identity: Identity) -> Result<Option<Tail>, Fault> {
    let path = connection.settings().searched_file();
    let Some(tail) = path.and_then(|path| Tail::read(path, identity)) else { return Ok(None) };
    match read::record_at(connection, tail.reached).await {
        Ok(record) => Ok((record == Some(tail.record)).then_some(tail)),
        Err(fault) if fault.may_be_position() => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Writes down the stretch behind our last event, if there is one. Without it the next start takes longer.
pub(super) async fn remember(connection: &Connection, searched: &Searched, identity: Identity, last: Position) {
    let reached = searched.beyond(last);
    let Some(path) = connection.settings().searched_file().filter(|_| reached != last) else { return };
    let Ok(Some(record)) = read::record_at(connection, reached).await else { return };
    if let Err(error) = Tail::new(identity, last, reached, record).write(path) {
        tracing::warn!(
            path = %path.display(),
            error = &error as &dyn std::error::Error,
            "cannot write down up to where the log was looked through"
        );
    }
}
