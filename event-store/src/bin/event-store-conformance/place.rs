//! Opens the log under test, as often as needed.

use std::{
    fmt,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use event_store::{
    EventStore,
    conformance::Fresh,
    location::{Location, NoLocation},
    postgres::{PostgresSettings, PostgresStore},
    sqlite::SqliteStore,
};

use crate::{Failure, options::Options};

/// The log's location, and the command that restarts its server.
#[derive(Clone)]
pub(crate) struct Place {
    location: Location,
    #[cfg_attr(not(feature = "kurrentdb"), expect(dead_code, reason = "only KurrentDB has them"))]
    credentials_file: Option<PathBuf>,
    #[cfg_attr(not(feature = "kurrentdb"), expect(dead_code, reason = "only KurrentDB has one"))]
    max_append_bytes: Option<usize>,
    restart: Option<String>,
    back_within: Duration,
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error(transparent)]
    Nowhere(#[from] NoLocation),
    #[error("this program was built without KurrentDB: --features kurrentdb,conformance")]
    #[cfg_attr(feature = "kurrentdb", expect(dead_code, reason = "it was built with it"))]
    WithoutKurrent,
    #[error("the log at {at} cannot be opened")]
    Closed {
        at: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Place {
    pub(crate) fn of(options: &Options) -> Result<Self, PlaceError> {
        Ok(Self {
            location: Location::parse(options.url.as_deref().unwrap_or_default(), "events.db")?,
            credentials_file: options.credentials_file.clone(),
            max_append_bytes: options.max_append_bytes,
            restart: options.restart.clone(),
            back_within: Duration::from_secs(options.back_within),
        })
    }

    pub(crate) async fn open(&self) -> Result<Arc<dyn EventStore>, PlaceError> {
        let closed = |source| PlaceError::Closed { at: self.to_string(), source };
        Ok(match &self.location {
            Location::Sqlite(path) => Arc::new(SqliteStore::open(path).await.map_err(|error| closed(error.into()))?),
            Location::Postgres(url) => {
                let settings = PostgresSettings::new(url.as_str());
                Arc::new(PostgresStore::open(settings).await.map_err(|error| closed(error.into()))?)
            }
            Location::Kurrent(url) => self.open_kurrent(url).await?,
        })
    }

    #[cfg(feature = "kurrentdb")]
    async fn open_kurrent(&self, url: &str) -> Result<Arc<dyn EventStore>, PlaceError> {
        use event_store::kurrentdb::{KurrentLog, KurrentSettings, MAX_APPEND_BYTES};
        let closed = |source| PlaceError::Closed { at: self.to_string(), source };
        let settings = KurrentSettings::parse(url).map_err(|error| closed(error.into()))?;
        let settings = settings.with_credentials_file(self.credentials_file.clone());
        let settings = settings.with_max_append_bytes(self.max_append_bytes.unwrap_or(MAX_APPEND_BYTES));
        Ok(Arc::new(KurrentLog::open(settings).await.map_err(|error| closed(error.into()))?))
    }

    #[cfg(not(feature = "kurrentdb"))]
    async fn open_kurrent(&self, _url: &str) -> Result<Arc<dyn EventStore>, PlaceError> {
        Err(PlaceError::WithoutKurrent)
    }

    /// Opens the log once its server is available again.
    pub(crate) async fn open_patiently(&self) -> Result<Arc<dyn EventStore>, PlaceError> {
        let began = Instant::now();
        loop {
            match self.open().await {
                Err(PlaceError::Closed { .. }) if began.elapsed() < self.back_within => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                opened => return opened,
            }
        }
    }

    /// Restarts the server, if there is a command for it.
    pub(crate) async fn restart(&self) -> Result<bool, Failure> {
        let Some(command) = &self.restart else { return Ok(false) };
        let mut shell = tokio::process::Command::new("sh");
        let status = shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).status().await;
        match status {
            Ok(status) if status.success() => Ok(true),
            Ok(_) | Err(_) => Err(Failure::Restart(command.clone())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)
    }
}

#[async_trait]
impl Fresh for Place {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        self.open_patiently().await.expect("the log can be opened")
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        self.restart().await.expect("the server can be restarted");
        Some(self.open_patiently().await.expect("the log can be opened again"))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }
}
