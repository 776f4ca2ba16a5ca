//! The real server over a log, in this process and without process managers, so that the test alone determines what happens.

use std::{net::TcpListener, path::Path, sync::Arc};

use api::{
    server::http,
    settings::{Layers, Settings},
};
use domain::VisitorId;
use event_store::{
    EventStore, Log,
    sql::{Access, Database},
    sqlite::SqliteStore,
};
use journal::{Journal, Tail};
use projections::{Views, ViewsLocation};
use reqwest::{StatusCode, Url};
use tempfile::TempDir;
use tests::{app_without_processes, postgres::FreshDatabase};
use tokio::{sync::watch, task::JoinHandle};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Staff,
    Customer(VisitorId),
}

/// An answer, unparsed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// A running server.
pub(crate) struct Fixture {
    pub(crate) log: Log,
    /// For `desk-replay`.
    pub(crate) store: String,
    pub(crate) folder: TempDir,
    address: String,
    client: reqwest::Client,
    serving: JoinHandle<std::io::Result<()>>,
    projecting: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl Fixture {
    pub(crate) async fn on_sqlite() -> Self {
        Self::over(|store| store).await
    }

    /// Over a store made of one in SQLite.
    pub(crate) async fn over(of: impl FnOnce(Arc<dyn EventStore>) -> Arc<dyn EventStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("events.db")).await.unwrap();
        let keys = Database::sqlite(&folder.path().join("keys.db"), Access::Durable).await.unwrap();
        let (at, views) = (folder.path().display().to_string(), ViewsLocation::Folder(folder.path().to_owned()));
        Self::open(folder, of(Arc::new(store)), keys, at, views).await
    }

    pub(crate) async fn on_postgres(database: &FreshDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, store) = (database.url(), database.open().await);
        let keys = Database::postgres(&url, "vault", 2).await.unwrap();
        Self::open(folder, Arc::new(store), keys, url.clone(), ViewsLocation::Postgres { url }).await
    }

    async fn open(
        folder: TempDir,
        store: Arc<dyn EventStore>,
        keys: Database,
        at: String,
        views: ViewsLocation,
    ) -> Self {
        let log = testkit::log_over(store.clone(), &keys, &folder.path().join("master-key")).await;
        let journal = Journal::new(log.reader(), log.vault().clone());
        let tail = Tail::start(log.reader(), log.reader().head().await.unwrap());
        let views = Views::open(views, journal, tail).await.unwrap();
        let projecting = tokio::spawn(views.clone().run());
        let (stop, stopping) = watch::channel(false);
        let app = app_without_processes::app(store, log.clone(), views, settings(folder.path()), stopping).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(http(listener, Arc::new(app)).unwrap());
        let client = tests::http_client::client();
        Self { log, store: at, folder, address, client, serving, projecting, _stop: stop }
    }

    pub(crate) fn master_key(&self) -> std::path::PathBuf {
        self.folder.path().join("master-key")
    }

    /// Asks for a session, by what the caller calls it.
    pub(crate) async fn ask(&self, caller: &Caller, name: &str, query: &[(&str, &str)]) -> Answer {
        let mut url = Url::parse(&self.address).unwrap();
        url.path_segments_mut().unwrap().extend(["api", "sessions", name]);
        url.query_pairs_mut().extend_pairs(query);
        let token = match caller {
            Caller::Staff => app_without_processes::staff_token(),
            Caller::Customer(visitor) => app_without_processes::visitor_token(*visitor),
        };
        let response = self.client.get(url).bearer_auth(token).send().await.unwrap();
        Answer { status: response.status(), body: response.text().await.unwrap() }
    }

    /// Requests a path with a token.
    pub(crate) async fn get(&self, token: &str, path: &str, accept: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.address)).bearer_auth(token).header("Accept", accept);
        request.send().await.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.serving.abort();
        self.projecting.abort();
    }
}

fn settings(folder: &Path) -> Settings {
    let mut layers = Layers::default();
    layers.flag("data_dir", Some(folder.display().to_string()));
    layers.flag("rate_per_second", Some("0".into()));
    Settings::parse(&layers).unwrap()
}
