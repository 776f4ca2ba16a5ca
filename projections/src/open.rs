//! Opening the views of this program: alone, or beside other processes.

use std::sync::Arc;

use journal::{Journal, Tail};

use crate::{catalogue, error::ViewsError, storage::ViewsLocation, views::Views};

impl Views {
    /// Opens the views, making them if there are none. They can be asked at once; [`Self::run`] brings them up to date.
    ///
    /// # Errors
    /// They belong to another log, or log or database do not answer.
    pub async fn open(location: ViewsLocation, journal: Journal, tail: Arc<Tail>) -> Result<Arc<Self>, ViewsError> {
        Self::open_with(location, journal, tail, catalogue::all()).await
    }

    /// Opens views that another process may have open as well, even in a folder: a generation that it owns is left to it as
    /// long as it lives.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_beside_others(
        location: ViewsLocation,
        journal: Journal,
        tail: Arc<Tail>,
    ) -> Result<Arc<Self>, ViewsError> {
        Self::open_as(location, journal, tail, catalogue::all(), true).await
    }
}
