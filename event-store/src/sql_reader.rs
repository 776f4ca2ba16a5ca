//! The reading half of the log in SQL, shared by the adapters for SQLite and PostgreSQL.
//!
//! A macro instead of a generic type, because sqlx's drivers have no common types for pools and rows.

/// Implements [`crate::EventReader`] for a reader with the fields `identity` and `head` and the methods `fetch`, `row` and
/// `copy`, in a module with the function `end_of`. `event` is the table of events, `head` selects the head record.
macro_rules! sql_event_reader {
    ($reader:ty, event: $event:literal, head: $head:literal) => {
        #[async_trait::async_trait]
        impl EventReader for $reader {
            async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
                let sql = format!("select {COLUMNS} from {} where event_id = $1 and stream = $2", $event);
                let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().to_vec());
                Ok(self.fetch(query.bind(stream.as_str().to_owned())).await?.pop())
            }

            async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
                let sql = format!("select {COLUMNS} from {} where event_id = $1", $event);
                let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().to_vec());
                Ok(self.fetch(query).await?.pop().map(|event| event.stream.clone()))
            }

            async fn head(&self) -> Result<Position, ReadError> {
                let row = self.row(concat!("select position, recorded_at, hash from ", $head)).await;
                let row = row.map_err(read_error)?.ok_or_else(|| read_error(sqlx::Error::RowNotFound))?;
                Ok(end_of(&row).position)
            }

            async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
                let row = self.row(concat!("select position, recorded_at, hash from ", $head)).await;
                Ok(Some(row.map_err(read_error)?.as_ref().map_or_else(no_end, end_of)))
            }

            async fn identity(&self) -> Result<Identity, ReadError> {
                Ok(self.identity)
            }

            async fn is_complete(&self) -> Result<bool, ReadError> {
                let copy = self.copy().await.map_err(read_error)?;
                Ok(CopyMark::is_complete(copy.as_ref()))
            }

            async fn times_rise_after(&self) -> Result<Position, ReadError> {
                let copy = self.copy().await.map_err(read_error)?;
                Ok(CopyMark::times_rise_after(copy.as_ref()))
            }

            async fn exemption(&self) -> Result<Exemption, ReadError> {
                Ok(self.copy().await.map_err(read_error)?.into())
            }

            fn positions(&self) -> Positions {
                Positions::Dense
            }

            async fn read_stream(
                &self,
                stream: &StreamName,
                after: StreamVersion,
                limit: usize,
            ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                let sql = format!(
                    "select {COLUMNS} from {} where stream = $1 and version > $2 order by version limit $3",
                    $event
                );
                let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str().to_owned());
                self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
            }

            async fn read_stream_after_position(
                &self,
                stream: &StreamName,
                after: Position,
                limit: usize,
            ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                let sql = format!(
                    "select {COLUMNS} from {} where stream = $1 and position > $2 order by version limit $3",
                    $event
                );
                let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str().to_owned());
                self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
            }

            async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                let sql = format!("select {COLUMNS} from {} where position > $1 order by position limit $2", $event);
                // From the start without a lower bound, so that a forged row at 0 or below is found.
                let after_number = if after == Position::START { i64::MIN } else { number(after.0) };
                let query = sqlx::query(AssertSqlSafe(sql)).bind(after_number).bind(page_size(limit));
                let page = self.fetch(query).await?;
                check_dense(after, &page)?;
                Ok(page)
            }

            fn subscribe(&self, after: Position) -> EventStream {
                subscription::follow(Arc::new(self.clone()), self.head.clone(), after)
            }
        }
    };
}
pub(crate) use sql_event_reader;
