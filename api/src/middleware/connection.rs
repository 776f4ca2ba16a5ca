//! A client's connection, plain or TLS, with timeouts. The HTTP library times only the first head of a connection; a later head
//! that never ends, a refused body that never ends, and a client that does not read are cut off here.
//!
//! Invariant: a connection without a request in progress, or on which a response makes no progress, ends within its limit.

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_http::Protocol;
use actix_web::{
    HttpRequest,
    dev::{Extensions, ServiceRequest},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::connection_limits::{ConnectionLimits, ConnectionPlace};

/// How long a head may take to arrive.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);
/// Bytes of responses that wait for the client to read; what a body hands over at a time comes on top.
pub(crate) const UNREAD_BYTES: usize = 16 << 10;
/// How long a connection may be between two requests: the library's keep-alive of 5 s, and then a head.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(15);
/// The same for a connection of the reserve.
const RESERVED: Duration = Duration::from_secs(3);
/// How long a response may wait for the client to read.
const STUCK: Duration = Duration::from_secs(60);
/// How long the TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// What a request knows of its connection, and whether one is in progress on it.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    is_tls: bool,
    answering: Cell<u32>,
    is_read_to_end: Cell<bool>,
    place: ConnectionPlace,
}

impl ConnectionState {
    /// How long nothing need come between two requests.
    fn patience(&self) -> Duration {
        if self.place.is_reserved { RESERVED } else { BETWEEN_REQUESTS }
    }
}

/// Whether a request came over TLS that ends here.
pub(super) fn is_tls(request: &ServiceRequest) -> bool {
    request.conn_data::<Rc<ConnectionState>>().is_some_and(|connection| connection.is_tls)
}

/// Whether a request came on a connection of the reserve.
pub(super) fn is_reserved(request: &HttpRequest) -> bool {
    request.conn_data::<Rc<ConnectionState>>().is_some_and(|connection| connection.place.is_reserved)
}

/// Marks the connection as having a request in progress until it is dropped.
pub(super) struct Answering(Option<Rc<ConnectionState>>);

impl Answering {
    /// Begins with this request.
    pub(super) fn begin(request: &ServiceRequest) -> Self {
        let connection = request.conn_data::<Rc<ConnectionState>>().cloned();
        if let Some(connection) = &connection {
            connection.answering.set(connection.answering.get() + 1);
        }
        Self(connection)
    }

    /// Whether the client has closed the connection, or its half of it.
    pub(super) fn is_abandoned(&self) -> bool {
        self.0.as_ref().is_some_and(|connection| connection.is_read_to_end.get())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.answering.set(connection.answering.get() - 1);
        }
    }
}

/// Makes the connection's state available to its requests.
pub(crate) fn remember(connection: &Connection, extensions: &mut Extensions) {
    extensions.insert(connection.state.clone());
}

/// The connection's bytes.
pub(crate) struct Connection {
    stream: Stream,
    state: Rc<ConnectionState>,
    quiet: Timeout,
    stuck: Timeout,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Accepts a connection.
///
/// # Errors
/// There is no place for it, or it does not speak TLS where it should, or not in time.
pub(crate) async fn accept(
    tcp: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: Arc<ConnectionLimits>,
) -> io::Result<(Connection, Protocol, Option<SocketAddr>)> {
    let peer = tcp.peer_addr()?;
    let place = limits.enter(peer.ip()).ok_or(io::ErrorKind::ConnectionRefused)?;
    tcp.set_nodelay(true)?;
    let stream = match tls {
        None => Stream::Plain(tcp),
        Some(config) => Stream::Tls(Box::new(timeout(HANDSHAKE, TlsAcceptor::from(config).accept(tcp)).await??)),
    };
    let is_tls = matches!(stream, Stream::Tls(_));
    let state = Rc::new(ConnectionState { is_tls, answering: Cell::new(0), is_read_to_end: Cell::new(false), place });
    let connection = Connection { stream, state, quiet: Timeout::default(), stuck: Timeout::default() };
    Ok((connection, Protocol::Http1, Some(peer)))
}

/// A timeout that allocates nothing until it is first polled.
#[derive(Default)]
struct Timeout {
    sleep: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl Timeout {
    /// Whether the time is over; wakes the task when it will be.
    fn is_over(&mut self, limit: Duration, context: &mut Context<'_>) -> bool {
        let timer = self.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.is_running {
            timer.as_mut().reset(Instant::now() + limit);
            self.is_running = true;
        }
        timer.as_mut().poll(context).is_ready()
    }

    fn stop(&mut self) {
        self.is_running = false;
    }
}

impl Connection {
    fn stream(&mut self) -> Pin<&mut dyn Both> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp),
            Stream::Tls(tls) => Pin::new(&mut **tls),
        }
    }

    fn timed<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck.stop();
            self.quiet.stop();
        } else if self.stuck.is_over(STUCK, context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        if connection.state.answering.get() > 0 || connection.stuck.is_running {
            connection.quiet.stop();
        } else if connection.quiet.is_over(connection.state.patience(), context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = into.filled().len();
        let read = connection.stream().poll_read(context, into);
        if matches!(read, Poll::Ready(Ok(()))) && into.filled().len() == before && into.remaining() > 0 {
            connection.state.is_read_to_end.set(true);
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let connection = self.get_mut();
        let written = connection.stream().poll_write(context, bytes);
        connection.timed(written, context)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        let flushed = connection.stream().poll_flush(context);
        if flushed.is_pending() { connection.timed(flushed, context) } else { flushed }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_shutdown(context)
    }
}
