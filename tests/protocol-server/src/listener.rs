//! Connections: a port that stays the server's own while nobody listens, and connections that can be cut.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures::Stream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tonic::transport::server::Connected;

/// How long a connection that is to be cut goes on, so that what was sent just before has a chance to arrive.
const LAST_MOMENT: Duration = Duration::from_millis(20);
/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;

/// A port of 127.0.0.1 that nobody else gets, though nobody listens there: a server that is gone and comes back is found
/// where it was. Another program that is to listen there must allow the port to be shared, as `protocol-server` does.
#[derive(Debug)]
pub struct ReservedPort {
    _socket: TcpSocket,
    address: SocketAddr,
}

impl ReservedPort {
    /// Takes a port; 0: any that is free.
    ///
    /// # Errors
    /// Somebody else has it.
    pub fn take(port: u16) -> io::Result<Self> {
        let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let address = socket.local_addr()?;
        Ok(Self { _socket: socket, address })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to listen there. Needs a runtime.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        bind(self.address)?.listen(BACKLOG)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The connections of a node.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, std::net::TcpStream>>,
    numbers: AtomicU64,
}

impl Connections {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, std::net::TcpStream>> {
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

    fn enter(self: &Arc<Self>, stream: TcpStream) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, stream.try_clone()?);
        let line = Line { connections: self.clone(), number };
        Ok(Connection { stream: TcpStream::from_std(stream)?, line })
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
    stream: TcpStream,
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
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The connections that come in.
pub(crate) fn incoming(
    listener: TcpListener,
    connections: Arc<Connections>,
) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold((listener, connections), |(listener, connections)| async move {
        let accepted = listener.accept().await.and_then(|(stream, _)| connections.enter(stream));
        Some((accepted, (listener, connections)))
    })
}
