//! The port of its own that metrics are collected from, so that no collector needs a key and no stranger who reaches the shop's port
//! reaches them. It answers `GET /metrics` and nothing else.
//!
//! Invariant: a port that is taken, as by another desk on the machine, keeps nothing from starting: it is tried again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_server::Server;
use actix_web::{App, HttpResponse, web};
use tokio::time::sleep;

use super::{AnyError, bind, connection_limits, listen};
use crate::{error_chain::chain, routes::metrics::scrape, services::Services};

/// Between attempts at a port that is taken.
const TRY_AGAIN: Duration = Duration::from_secs(10);
const PATH: &str = "/metrics";

/// Opens the port, in a task of its own, unless it is switched off. It closes when the process is about to end.
pub(super) fn open(app: &Arc<Services>) {
    if let Some(address) = app.settings.metrics_listen.0 {
        drop(tokio::spawn(serve(address, app.clone())));
    }
}

async fn serve(address: SocketAddr, app: Arc<Services>) {
    let mut stopping = app.stopping.clone();
    let server = tokio::select! {
        server = opened(address, &app) => server,
        _ = stopping.wait_for(|stops| *stops) => return,
    };
    let handle = server.handle();
    let serving = tokio::spawn(server);
    drop(stopping.wait_for(|stops| *stops).await);
    handle.stop(false).await;
    drop(serving.await);
}

/// The server, as soon as the port is free.
async fn opened(address: SocketAddr, app: &Arc<Services>) -> Server {
    let mut is_told = false;
    loop {
        match try_open(address, app) {
            Ok(server) => {
                tracing::info!(%address, "metrics can be collected from a port of their own");
                return server;
            }
            Err(error) if !is_told => {
                let error = chain(&*error);
                tracing::warn!(error, "metrics_listen: metrics are at /api/metrics alone; the port is tried again");
                is_told = true;
            }
            Err(_again) => {}
        }
        sleep(TRY_AGAIN).await;
    }
}

fn try_open(address: SocketAddr, app: &Arc<Services>) -> Result<Server, AnyError> {
    let listener = bind(address)?;
    let limits = Arc::new(connection_limits(&app.settings));
    let app = app.clone();
    let routes = move || {
        let nothing = || async { HttpResponse::NotFound().finish() };
        App::new()
            .configure(|config| app.register(config))
            .service(web::resource(PATH).route(web::get().to(scrape)).default_service(web::to(nothing)))
            .default_service(web::to(nothing))
    };
    let server = Server::build().disable_signals().workers(1);
    Ok(listen(server, listener, None, limits, routes)?.run())
}
