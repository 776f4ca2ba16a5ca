//! Whether events can be written, learned from the appends themselves: a failed one raises an alarm that the next success ends, be
//! it an append or a probe.
//!
//! Invariant: what is wrong is said to operators in log lines and the detailed health, and to nobody else. A full disk is known by
//! the databases' codes.

use std::{convert::Infallible, error::Error, future::Future, io::ErrorKind, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

/// How often writing is tried while the alarm stands.
pub(crate) const PROBE: Duration = Duration::from_secs(5);

/// Why events cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFailure {
    /// For an operator: the causes, after what to do where that is known.
    pub what: String,
}

/// How writing goes; shared by all who append to one log.
#[derive(Debug, Clone)]
pub struct WriteHealth(Arc<watch::Sender<Option<WriteFailure>>>);

impl Default for WriteHealth {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl WriteHealth {
    /// Why the last attempt failed; `None` if it succeeded.
    #[must_use]
    pub fn failure(&self) -> Option<WriteFailure> {
        self.0.borrow().clone()
    }

    /// An attempt succeeded.
    pub(crate) fn succeeded(&self) {
        let was_failing = self.0.send_if_modified(|failure| failure.take().is_some());
        if was_failing {
            tracing::info!("events can be written again");
        }
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, error: &(dyn Error + 'static)) {
        let new = WriteFailure { what: what_of(error) };
        let is_news = self.0.send_if_modified(|failure| {
            let is_news = failure.as_ref() != Some(&new);
            *failure = Some(new.clone());
            is_news
        });
        if is_news {
            tracing::error!(
                what = new.what,
                "events cannot be written: /readyz is 503 until an append or a probe succeeds"
            );
        }
    }

    /// Tries again while the last attempt has failed, so that the alarm ends without anybody writing. Does not end.
    pub(crate) async fn probe<F, E>(&self, pause: Duration, probe: impl Fn() -> F) -> Infallible
    where
        F: Future<Output = Result<(), E>>,
        E: Error + 'static,
    {
        let mut state = self.0.subscribe();
        loop {
            // The other end is held by this value, so waiting does not fail.
            drop(state.wait_for(Option::is_some).await);
            sleep(pause).await;
            match probe().await {
                Ok(()) => self.succeeded(),
                Err(error) => self.failed(&error),
            }
        }
    }
}

const FULL: &str = "the disk is full: make room";

fn what_of(error: &(dyn Error + 'static)) -> String {
    let chain = chain(error);
    let mut causes: Vec<String> = chain.iter().map(ToString::to_string).collect();
    // Some errors repeat their source.
    causes.dedup_by(|next, before| before.ends_with(&**next));
    let causes = causes.join(": ");
    if chain.iter().any(|error| says_full(*error)) { format!("{FULL} ({causes})") } else { causes }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let (mut chain, mut next) = (vec![error], error.source());
    while let Some(cause) = next {
        chain.push(cause);
        next = cause.source();
    }
    chain
}

fn says_full(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    }
    let Some(sqlx::Error::Database(error)) = error.downcast_ref() else { return false };
    // SQLITE_FULL, and PostgreSQL's disk_full.
    error.code().is_some_and(|code| code == "13" || code == "53100")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sql::{Access, Database};

    #[tokio::test]
    async fn a_full_disk_is_named_and_a_probe_finds_it_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&folder.path().join("small.db"), Access::Durable).await.unwrap();
        let Database::Sqlite { writer, .. } = &database else { unreachable!() };
        sqlx::raw_sql("create table filler (x); pragma max_page_count = 3").execute(writer).await.unwrap();
        let fill = sqlx::raw_sql("insert into filler values (zeroblob(100000))").execute(writer).await;
        let health = WriteHealth::default();
        health.failed(&fill.expect_err("it is full"));
        assert!(health.failure().unwrap().what.starts_with("the disk is full"), "{:?}", health.failure());
        assert_eq!(health.failure(), health.clone().failure(), "it is shared");
        database.probe_write().await.unwrap();
        health.succeeded();
        assert_eq!(health.failure(), None);
    }

    #[tokio::test]
    async fn a_probe_ends_the_alarm_without_an_append() {
        let health = WriteHealth::default();
        let probing = health.clone();
        tokio::spawn(async move {
            probing.probe(Duration::from_millis(20), || async { Ok::<_, std::io::Error>(()) }).await
        });
        health.failed(&std::io::Error::from(ErrorKind::StorageFull));
        assert!(health.failure().is_some());
        let over = async { health.0.subscribe().wait_for(Option::is_none).await.map(drop) };
        tokio::time::timeout(Duration::from_secs(10), over).await.unwrap().unwrap();
    }
}
