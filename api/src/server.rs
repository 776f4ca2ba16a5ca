//! The HTTP server: opens the doors when everything behind them runs, and closes them in order.

use std::{io::Write as _, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App as ActixApp, HttpServer,
    dev::ServerHandle,
    middleware::{Compress, from_fn},
    web::Data,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};

use crate::{
    app::App,
    request, routes,
    settings::Settings,
    sign_in::first::PASSWORD_FILE,
    startup::{self, Running},
};

/// How long requests may take to end once the process is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long answers in the making are waited for; what is not done by then the next life takes over.
const RUNS_GRACE: Duration = Duration::from_secs(5);

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Something could not be started.
pub async fn serve(settings: Settings) -> Result<(), AnyError> {
    let listen = settings.listen;
    let listener = TcpListener::bind(listen).map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    listener.set_nonblocking(true)?;
    if settings.dev {
        tracing::warn!("--dev: for a developer's own machine");
    }
    let running = startup::start(settings).await?;
    announce(&listener, &running.app)?;
    let server = doors(listener, running.app.clone())?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    stop_signal().await?;
    shut_down(running, handle).await;
    serving.await??;
    tracing::info!("stopped");
    Ok(())
}

/// One line with the address when it is ready, and where to look.
fn announce(listener: &TcpListener, app: &App) -> Result<(), AnyError> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout();
    writeln!(out, "desk is ready: http://{address}/  (chat page; /docs/ lists the API){}", first_password(app))?;
    out.flush()?;
    Ok(())
}

/// Where the first password is, as long as nobody has changed it.
fn first_password(app: &App) -> String {
    let file = app.settings.data_dir.join(PASSWORD_FILE);
    if file.exists() { format!("; sign in as admin with the password in {}", file.display()) } else { String::new() }
}

/// The HTTP server over an app, to be awaited.
///
/// # Errors
/// The listener cannot be used.
pub fn doors(listener: TcpListener, app: Arc<App>) -> Result<actix_web::dev::Server, AnyError> {
    let data = Data::from(app);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .wrap(Compress::default())
            .wrap(from_fn(request::around))
            .configure(routes::configure)
    })
    .disable_signals()
    .shutdown_timeout(GRACE.as_secs())
    .client_request_timeout(Duration::from_secs(10))
    .listen(listener)?
    .run();
    Ok(server)
}

async fn stop_signal() -> Result<(), AnyError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Streams end first (their clients come back to the next life), then requests, then policies, then runs, then views;
/// what they have left on the log gets the last checkpoint.
async fn shut_down(mut running: Running, handle: ServerHandle) {
    tracing::info!("stopping");
    let Running { app, runner, stop, keeper, signer, databases, .. } = &mut running;
    stop.send_replace(true);
    handle.stop(true).await;
    // It begins runs as well.
    drop(timeout(GRACE, keeper).await);
    let idle = async {
        while !runner.is_idle() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(RUNS_GRACE, idle).await.is_err() {
        tracing::info!("answers in the making are left to the next life");
    }
    app.views.stop();
    signer.stop().await;
    if let Err(error) = app.log.settle().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the log was not settled; its -wal file belongs to it"
        );
    }
    for database in databases {
        if let Err(error) = database.settle().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a database was not settled");
        }
    }
}
