//! Connections, which can be cut: all of a node, or the one over which a call came.

mod wire;

use std::{
    collections::HashMap,
    io,
    net::Shutdown,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures::Stream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tonic::transport::server::Connected;

use wire::Wire;
pub(crate) use wire::acceptor;

/// How long a connection that is to be cut goes on, so that what was sent just before has a chance to arrive.
const LAST_MOMENT: Duration = Duration::from_millis(20);

/// How connections are made.
#[derive(Clone)]
pub(crate) struct Manner {
    pub(crate) tls: Option<tokio_rustls::TlsAcceptor>,
}

/// The connections of a node.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, std::net::TcpStream>>,
    numbers: AtomicU64,
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, std::net::TcpStream>> {
        self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Cuts all connections.
    pub(crate) fn cut_all(&self) {
        for (_, socket) in self.open().drain() {
            // One that is closed already is cut enough.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn cut(&self, number: u64) {
        if let Some(socket) = self.open().remove(&number) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn enter(self: &Arc<Self>, stream: TcpStream, manner: &Manner) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, stream.try_clone()?);
        let line = Line { connections: self.clone(), number };
        Ok(Connection { wire: Wire::new(TcpStream::from_std(stream)?, manner.tls.as_ref()), line })
    }
}

/// The connection over which a call came, to be cut by whoever answers it.
#[derive(Clone)]
pub(crate) struct Line {
    connections: Arc<Connections>,
    number: u64,
}

impl Line {
    /// Cuts the connection in a moment.
    pub(crate) fn cut(&self) {
        let line = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LAST_MOMENT).await;
            line.connections.cut(line.number);
        });
    }
}

/// A connection that leaves the list of those open when it ends.
pub(crate) struct Connection {
    wire: Wire,
    line: Line,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.line.connections.open().remove(&self.line.number);
    }
}

impl Connected for Connection {
    type ConnectInfo = Line;

    fn connect_info(&self) -> Line {
        self.line.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

/// The connections that come in.
pub(crate) fn incoming(
    listener: TcpListener,
    connections: Arc<Connections>,
    manner: Manner,
) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold((listener, connections, manner), |(listener, connections, manner)| async move {
        let accepted = listener.accept().await.and_then(|(stream, _)| connections.enter(stream, &manner));
        Some((accepted, (listener, connections, manner)))
    })
}
