//! What is answered while a start waits for its servers: the process lives, it is not ready, and everything else comes later.
//!
//! Invariant: nothing is answered here before there is something to wait for, and requests that come while the real server takes over
//! wait in the listener that both have.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_server::Server;
use actix_web::{
    App as ActixApp, HttpResponse,
    middleware::from_fn,
    web::{self, Data},
};
use tokio::{pin, sync::watch};

use super::{AnyError, listen};
use crate::{
    metrics::Metrics,
    middleware::{refusal_lines::RefusalLines, tls, trace},
    problem::Problem,
    routes::health::{ReadyAnswer, lives},
    settings::Settings,
    startup::wait_for_servers,
};

/// When to ask again.
const SOON: Duration = Duration::from_secs(2);
/// How long a request that is being answered is waited for at the end.
const GRACE_SECONDS: u64 = 2;

/// Waits for the servers of the settings; answers requests meanwhile.
///
/// # Errors
/// A server cannot be used in time, or waiting does not help; the listener cannot be used.
pub(super) async fn wait(settings: &Settings, listener: &TcpListener) -> Result<(), AnyError> {
    let (awaited, mut awaiting) = watch::channel(Vec::new());
    let waiting = wait_for_servers(settings, &awaited);
    pin!(waiting);
    tokio::select! {
        ended = &mut waiting => return Ok(ended?),
        _ = awaiting.wait_for(|awaited| !awaited.is_empty()) => {}
    }
    let server = answering(settings, listener.try_clone()?, awaiting.clone())?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let ended = waiting.await;
    handle.stop(true).await;
    serving.await??;
    Ok(ended?)
}

fn answering(
    settings: &Settings,
    listener: TcpListener,
    awaited: watch::Receiver<Vec<String>>,
) -> Result<Server, AnyError> {
    let tls = settings.tls.as_ref().map(tls::open).transpose()?;
    let (awaited, metrics) = (Data::new(awaited), Data::new(Metrics::default()));
    let refusal_lines = Data::new(RefusalLines::new());
    let app = move || {
        ActixApp::new()
            .app_data(awaited.clone())
            .app_data(metrics.clone())
            .app_data(refusal_lines.clone())
            .wrap(from_fn(trace::around))
            .route("/healthz", web::get().to(process_lives))
            .route("/readyz", web::get().to(not_ready))
            .default_service(web::to(later))
    };
    let server = Server::build().workers(1).disable_signals().shutdown_timeout(GRACE_SECONDS);
    let limits = Arc::new(super::connection_limits(settings));
    Ok(listen(server, listener, tls, limits, app)?.run())
}

async fn process_lives() -> HttpResponse {
    lives()
}

async fn not_ready(awaited: Data<watch::Receiver<Vec<String>>>) -> HttpResponse {
    let awaited = awaited.borrow().clone();
    HttpResponse::ServiceUnavailable().json(ReadyAnswer::waiting(awaited))
}

async fn later() -> Result<HttpResponse, Problem> {
    Err(Problem::unavailable("STARTING", "desk is starting and waits for a database; try again", SOON))
}
