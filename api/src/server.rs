//! The HTTP server: starts listening when everything behind it runs, and shuts down in order.

mod metrics_port;
mod waiting;

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, Request, body::MessageBody};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App as ActixApp, Error,
    dev::{AppConfig, ServerHandle, ServiceResponse},
    middleware::{Compress, from_fn},
    web::Data,
};
use event_store::Clock;
use rustls::ServerConfig;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};

use crate::{
    auth::bootstrap_admin::PASSWORD_FILE,
    data_dir::DataDir,
    middleware::{
        self, Middleware, base_path, connection, connection_limits::ConnectionLimits, redirect,
        refusal_lines::RefusalLines, tls, trace,
    },
    open_files,
    open_streams::{OpenStreams, StreamLimits},
    routes,
    services::Services,
    settings::Settings,
    startup::{self, Running, followers},
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
pub async fn serve(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), AnyError> {
    let listener = bind(settings.listen)?;
    if settings.dev {
        tracing::warn!("--dev: for a developer's own machine");
    }
    let data_dir = DataDir::lock(&settings.data_dir)?;
    waiting::wait(&settings, &listener).await?;
    let running = startup::start(settings, data_dir, clock).await?;
    let address = listener.local_addr()?;
    let server = http(listener, running.app.clone())?;
    metrics_port::open(&running.app);
    announce(address, &running.app)?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    stop_signal().await?;
    shut_down(running, handle).await;
    serving.await??;
    tracing::info!("stopped");
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpListener, AnyError> {
    let listener = TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Prints one line with the address once the server accepts requests.
fn announce(address: SocketAddr, app: &Services) -> Result<(), AnyError> {
    let scheme = if app.settings.tls.is_some() { "https" } else { "http" };
    let mut out = std::io::stdout();
    writeln!(
        out,
        "desk is ready: {scheme}://{address}/  (a demo shop; /workbench/ is for agents, /docs/ lists the API){}",
        first_password(app)
    )?;
    out.flush()?;
    Ok(())
}

/// Where the first password is, as long as nobody has changed it.
fn first_password(app: &Services) -> String {
    let file = app.settings.data_dir.join(PASSWORD_FILE);
    if file.exists() { format!("; sign in as admin with the password in {}", file.display()) } else { String::new() }
}

/// The HTTP server over these services, to be awaited.
///
/// # Errors
/// The listener, or a file or address of the settings, cannot be used.
pub fn http(listener: TcpListener, app: Arc<Services>) -> Result<Server, AnyError> {
    let tls = app.settings.tls.as_ref().map(tls::open).transpose()?;
    let redirect_listen = app.settings.redirect_listen;
    let secure_port = Data::new(redirect::SecurePort::of(listener.local_addr()?));
    let middleware = Data::new(Middleware::new(config(&app.settings), app.callers()));
    let streams = Data::new(OpenStreams::new(StreamLimits::of(&app.settings)));
    let refusal_lines = Data::new(RefusalLines::new());
    let limits = Arc::new(connection_limits(&app.settings));
    let app = move || {
        ActixApp::new()
            .app_data(middleware.clone())
            .app_data(streams.clone())
            .app_data(refusal_lines.clone())
            .configure(|config| app.register(config))
            .wrap(from_fn(base_path::around_pages))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::around))
            .wrap(from_fn(trace::around))
            .configure(routes::configure)
    };
    let server = Server::build().disable_signals().shutdown_timeout(GRACE.as_secs());
    // Each worker might have all of them.
    let server = server.max_concurrent_connections(limits.all());
    let server = listen(server, listener, tls, limits.clone(), app)?;
    let Some(address) = redirect_listen else { return Ok(server.run()) };
    let plain = move || ActixApp::new().app_data(secure_port.clone()).configure(redirect::configure);
    Ok(listen(server, bind(address)?, None, limits, plain)?.run())
}

fn connection_limits(settings: &Settings) -> ConnectionLimits {
    let files = open_files::raise_limit();
    let (per_address, at_most) = (settings.connections_per_address, settings.connections_at_most);
    ConnectionLimits::new(per_address, at_most, files, settings.trusted_proxies.clone())
}

fn config(settings: &Settings) -> middleware::Config {
    middleware::Config {
        trusted_proxies: settings.trusted_proxies.clone(),
        base_path: settings.base_path.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        widget_origins: settings.widget_origins.clone(),
        frame_ancestors: settings.frame_ancestors.clone(),
        hsts_subdomains: settings.hsts_subdomains,
        docs: settings.docs,
        chat_rate_per_minute: settings.chat_rate_per_minute,
        rate_per_second: settings.rate_per_second,
    }
}

/// As actix's own `HttpServer` does, but over connections of ours, which are timed; and HTTP/1.1 alone, because its HTTP/2
/// lets a stranger send heads of 16 MB and any number of requests at once. A proxy before it may speak HTTP/2.
fn listen<F, I, S, B>(
    server: ServerBuilder,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    limits: Arc<ConnectionLimits>,
    factory: F,
) -> std::io::Result<ServerBuilder>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    S::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let (name, stopping) = (listener.local_addr()?.to_string(), server.graceful_shutdown_signal());
    server.listen(name, listener, move || {
        let (tls, limits, stopping) = (tls.clone(), limits.clone(), stopping.clone());
        let routes = factory().into_factory().map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(connection::HEAD_TIME)
            .h1_write_buffer_size(connection::UNREAD_BYTES)
            .on_connect_ext(connection::remember)
            .finish(map_config(routes, |()| AppConfig::default()));
        fn_service(move |tcp| connection::accept(tcp, tls.clone(), limits.clone()))
            .map_err(drop)
            .and_then(http.map_err(drop))
    })
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
    let Running { app, runner, stop, databases, .. } = &mut running;
    stop.send_replace(true);
    handle.stop(true).await;
    // Both begin runs.
    app.supervisor.stop(followers::ASSISTANT_RUN).await;
    app.supervisor.stop(followers::DISPATCHER).await;
    let idle = async {
        while !runner.is_idle() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(RUNS_GRACE, idle).await.is_err() {
        tracing::info!("answers in the making are left to the next life");
    }
    app.supervisor.stop_all().await;
    if let Err(error) = app.log.flush().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the log was not settled; its -wal file belongs to it"
        );
    }
    for database in databases {
        if let Err(error) = database.flush().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a database was not settled");
        }
    }
}
