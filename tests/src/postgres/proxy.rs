//! A network that fails at a chosen word: it passes on what a client sends until a message holds the word, and cuts or
//! freezes that one connection just after. Later connections pass.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What happens to the connection on which the word was sent, after the server has received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Both sides are closed as soon as the server has answered; the answer is lost.
    Close,
    /// Both sides stay open, and nothing passes any more.
    Freeze,
}

/// A proxy before a server on 127.0.0.1; it ends when it is dropped.
pub struct Proxy {
    port: u16,
    armed: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts one, not armed: everything passes.
    pub async fn start(server_port: u16, word: &'static str, cut: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let armed = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(accept(listener, server_port, word, cut, armed.clone()));
        Self { port, armed, task }
    }

    /// The next message with the word is the last one of its connection.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Whether it has cut since it was armed.
    #[must_use]
    pub fn has_cut(&self) -> bool {
        !self.armed.load(Ordering::SeqCst)
    }

    /// The same URL through the proxy.
    #[must_use]
    pub fn through(&self, url: &str, server_port: u16) -> String {
        url.replace(&format!(":{server_port}/"), &format!(":{}/", self.port))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server_port: u16, word: &'static str, cut: Cut, armed: Arc<AtomicBool>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let armed = armed.clone();
        connections.spawn(async move {
            drop(pass(client, server_port, word, cut, &armed).await);
        });
    }
}

async fn pass(client: TcpStream, server_port: u16, word: &str, cut: Cut, armed: &AtomicBool) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server_port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::select! {
        result = pass_until(&mut from_client, &mut to_server, word, armed) => result?,
        result = tokio::io::copy(&mut from_server, &mut to_client) => return result.map(drop),
    }
    match cut {
        Cut::Close => from_server.read(&mut [0]).await.map(drop),
        Cut::Freeze => std::future::pending().await,
    }
}

/// Returns after the word has passed while the proxy was armed, or at the end.
async fn pass_until(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    word: &str,
    armed: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(&buffer[..length]).await?;
        let holds_word = buffer[..length].windows(word.len()).any(|window| window == word.as_bytes());
        if holds_word && armed.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
    }
}
