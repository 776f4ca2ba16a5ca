//! The servers that a start needs: asked one by one whether they can be used, and waited for while they cannot yet.
//!
//! Invariant: only what may come by itself is waited for. A server that is set up otherwise than the settings say ends the start at
//! once, with the sentence that says so.

use std::{path::PathBuf, time::Duration};

use event_store::{
    kurrentdb::{KurrentError, KurrentLog, KurrentSettings},
    postgres::{PostgresError, check_server},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::databases::server_urls;
use crate::{
    error_chain::chain,
    settings::{EventStoreLocation, Settings},
};

/// Pause between two looks at a server that is not there yet.
const PAUSE: Duration = Duration::from_millis(500);

/// What is waited for, in words for anybody: empty before and after.
pub(crate) type Awaited = watch::Sender<Vec<String>>;

/// A server that cannot be used, by the setting that names it.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {}", chain(.error))]
pub(crate) struct NotReached {
    setting: &'static str,
    error: ServerError,
}

#[derive(Debug, thiserror::Error)]
enum ServerError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error(transparent)]
    Kurrent(#[from] KurrentError),
}

impl ServerError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Postgres(error) => error.may_pass(),
            Self::Kurrent(error) => error.may_pass(),
        }
    }
}

struct Needed {
    setting: &'static str,
    server: Server,
}

enum Server {
    Postgres { url: String },
    Kurrent { url: String, credentials_file: Option<PathBuf> },
}

impl Needed {
    fn all(settings: &Settings) -> Vec<Self> {
        let postgres = server_urls(settings).into_iter();
        let postgres = postgres.map(|(setting, url)| Self { setting, server: Server::Postgres { url } });
        let EventStoreLocation::Kurrent { url, credentials_file } = &settings.log else { return postgres.collect() };
        let server = Server::Kurrent { url: url.0.clone(), credentials_file: credentials_file.clone() };
        postgres.chain([Self { setting: "event_store_url", server }]).collect()
    }

    async fn reach(&self) -> Result<(), ServerError> {
        match &self.server {
            Server::Postgres { url } => Ok(check_server(url).await?),
            Server::Kurrent { url, credentials_file } => {
                let settings = KurrentSettings::parse(url).map_err(KurrentError::from)?;
                Ok(KurrentLog::check_server(settings.with_credentials_file(credentials_file.clone())).await?)
            }
        }
    }

    /// For anybody: why it cannot be used is for whoever reads the log.
    fn in_words(&self) -> String {
        let product = match self.server {
            Server::Postgres { .. } => "PostgreSQL",
            Server::Kurrent { .. } => "KurrentDB",
        };
        format!("the start waits for the {product} server that {} names; the log says why", self.setting)
    }
}

/// Waits until every server can be used, no longer than `server_wait_seconds` in all. Each cause is logged once.
///
/// # Errors
/// One cannot be used then, or waiting would not help.
pub(crate) async fn wait_for_servers(settings: &Settings, awaited: &Awaited) -> Result<(), NotReached> {
    let began = Instant::now();
    let mut has_waited = false;
    for needed in Needed::all(settings) {
        let mut told = None;
        while let Err(error) = needed.reach().await {
            let not_reached = NotReached { setting: needed.setting, error };
            if !not_reached.error.may_pass() || began.elapsed() + PAUSE > settings.server_wait_seconds {
                return Err(not_reached);
            }
            awaited.send_replace(vec![needed.in_words()]);
            has_waited = true;
            let why = not_reached.to_string();
            if told.as_ref() != Some(&why) {
                tracing::warn!(why, "a server cannot be used yet: the start waits for it");
                told = Some(why);
            }
            sleep(PAUSE).await;
        }
        awaited.send_replace(Vec::new());
    }
    if has_waited {
        let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(waited_ms, "every server can be used: the start goes on");
    }
    Ok(())
}
