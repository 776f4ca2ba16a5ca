//! A server in the same process: started, asked for faults, stopped, started again.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::task::JoinHandle;
use tonic::transport::Server as Transport;

use crate::{
    cluster::Cluster,
    connections::{Connections, Manner, acceptor, incoming},
    counts::Counts,
    event::{Proposed, STATS_STREAM, STATS_TYPE},
    faults::Faults,
    index::expectation::Expected,
    listener::ReservedPort,
    log::LogError,
    options::Options,
    proto::{
        gossip::gossip_server::GossipServer, operations::operations_server::OperationsServer,
        server_features::server_features_server::ServerFeaturesServer, streams::streams_server::StreamsServer,
    },
    service::Node,
    store::{Habits, Store},
    threads::Threads,
};

/// The largest message that a node takes, in bytes: that of a record in KurrentDB's log.
const MESSAGE: usize = 16 * 1024 * 1024;

/// So many foreign events are written at once.
const FOREIGN_AT_ONCE: usize = 10_000;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its events cannot be had.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It cannot listen.
    #[error("the server cannot listen")]
    Listen(#[from] io::Error),
}

/// The protocol test server: KurrentDB's protocol over a file, on threads of its own.
///
/// Whoever drops it has it stopped.
pub struct Server {
    threads: Threads,
    folder: PathBuf,
    cluster: Arc<Cluster>,
    faults: Arc<Faults>,
    counts: Arc<Counts>,
    ports: Vec<ReservedPort>,
    nodes: Vec<Listening>,
    manner: Manner,
}

/// A node's listener and its connections.
#[derive(Default)]
struct Listening {
    connections: Arc<Connections>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server over the events in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// [`StartError`]: the folder is in use or cannot be read, or a port is taken.
    pub fn start(folder: &Path, options: Options) -> Result<Self, StartError> {
        let threads = Threads::start()?;
        let ports = {
            let _inside = threads.enter();
            let wanted = (0..options.nodes.max(1)).map(|node| options.ports.get(node).copied().unwrap_or(0));
            wanted.map(ReservedPort::take).collect::<io::Result<Vec<_>>>()?
        };
        let tls = options.tls.as_ref().map(acceptor).transpose()?;
        let manner = Manner { tls };
        let faults = Arc::new(Faults::default());
        let counts = Arc::new(Counts::default());
        let cluster = cluster(folder, options, &faults, &counts, &ports)?;
        let nodes = ports.iter().map(|_| Listening::default()).collect();
        let mut server = Self { threads, folder: folder.to_owned(), cluster, faults, counts, ports, nodes, manner };
        server.listen_everywhere()?;
        Ok(server)
    }

    /// The connection string, which names all nodes.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_with("")
    }

    /// The connection string with a name and password, `name:password@`, or nothing.
    #[must_use]
    pub fn url_with(&self, credentials: &str) -> String {
        let nodes: Vec<String> = self.ports.iter().map(|port| port.address().to_string()).collect();
        self.connection_string(credentials, &nodes.join(","))
    }

    /// The connection string of one node alone.
    #[must_use]
    pub fn url_of(&self, node: usize) -> String {
        self.connection_string("", &self.address(node).to_string())
    }

    fn connection_string(&self, credentials: &str, nodes: &str) -> String {
        let tls = self.manner.tls.is_some();
        // The client waits so many milliseconds before it connects at all; by default half a second.
        format!("kurrentdb://{credentials}{nodes}?tls={tls}&discoveryInterval=20")
    }

    /// Where a node listens, or would.
    ///
    /// # Panics
    /// There is no such node.
    #[must_use]
    pub fn address(&self, node: usize) -> SocketAddr {
        self.ports[node].address()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// What is to go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Stops: connections are cut, the file is closed, and nobody listens.
    pub fn stop(mut self) {
        self.halt();
    }

    /// Stops and starts again, on the same events and the same ports; what is only in memory is gone. Takes the faults along.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.go_down_everywhere();
        self.cluster.store.stop();
        self.cluster = cluster(&self.folder, self.cluster.options.clone(), &self.faults, &self.counts, &self.ports)?;
        self.listen_everywhere()
    }

    /// All nodes are gone: connections are cut, new ones are refused. The events stay.
    pub fn go_down_everywhere(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.go_down(node));
    }

    /// A node is gone: its connections are cut, new ones are refused.
    ///
    /// # Panics
    /// There is no such node.
    pub fn go_down(&mut self, node: usize) {
        self.cluster.set_up(node, false);
        if let Some(task) = self.nodes[node].task.take() {
            // First nobody accepts any more.
            self.threads.end(task);
        }
        self.nodes[node].connections.cut_all();
    }

    /// All nodes are back.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub fn listen_everywhere(&mut self) -> Result<(), StartError> {
        (0..self.nodes.len()).try_for_each(|node| self.come_back(node))
    }

    /// A node is back, where it was.
    ///
    /// # Errors
    /// Its port cannot be listened on.
    ///
    /// # Panics
    /// There is no such node.
    pub fn come_back(&mut self, node: usize) -> Result<(), StartError> {
        if self.nodes[node].task.is_some() {
            return Ok(());
        }
        let listener = {
            let _inside = self.threads.enter();
            self.ports[node].listen()?
        };
        let connections = self.nodes[node].connections.clone();
        let service = Node { cluster: self.cluster.clone(), number: node };
        let serving = Transport::builder()
            .add_service(StreamsServer::new(service.clone()).max_decoding_message_size(MESSAGE))
            .add_service(GossipServer::new(service.clone()))
            .add_service(ServerFeaturesServer::new(service.clone()))
            .add_service(OperationsServer::new(service))
            .serve_with_incoming(incoming(listener, connections, self.manner.clone()));
        self.cluster.set_up(node, true);
        self.nodes[node].task = Some(self.threads.spawn(async move {
            // It ends when it is aborted.
            let _ = serving.await;
        }));
        Ok(())
    }

    /// Cuts all connections of all nodes; new ones are accepted.
    pub fn cut_connections(&self) {
        self.nodes.iter().for_each(|node| node.connections.cut_all());
    }

    /// Makes a node the leader; none: there is no leader, and nothing is answered.
    pub fn lead(&self, node: Option<usize>) {
        self.cluster.set_leader(node);
    }

    /// Which node leads.
    #[must_use]
    pub fn leader(&self) -> Option<usize> {
        self.cluster.leader()
    }

    /// From now on a node gets to know nothing new, as a follower that lags.
    pub fn hold(&self, node: usize) {
        self.cluster.hold(node, true);
    }

    /// A node that was held gets to know everything again.
    pub fn release(&self, node: usize) {
        self.cluster.hold(node, false);
    }

    /// Removes for good what deletions and stream metadata hide, and says how many events that were.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn scavenge(&self) -> Result<usize, LogError> {
        self.cluster.store.scavenge().unwrap_or_else(|| Err(io::Error::other("the server has stopped").into()))
    }

    /// Writes events as the server writes them for itself (`$statsCollected`), many at once.
    ///
    /// # Errors
    /// The server has stopped, or the file cannot be written.
    pub fn write_foreign(&self, count: usize) -> Result<(), LogError> {
        for first in (0..count).step_by(FOREIGN_AT_ONCE) {
            let events = (first..count.min(first + FOREIGN_AT_ONCE))
                .map(|_| Proposed::system(STATS_TYPE, &serde_json::json!({ "proc-id": 0 })))
                .collect();
            let cluster = self.cluster.clone();
            let write = async move { cluster.store.append(STATS_STREAM.to_owned(), Expected::Any, events).await };
            self.threads.wait(write).flatten().ok_or_else(|| io::Error::other("the server has stopped"))?;
        }
        Ok(())
    }

    /// How often each kind of call was made: `append`, `batch_append`, `read_stream`, `read_all`, `subscribe`, `gossip` and so on.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.counts.calls()
    }

    /// How many events filtered reads and subscriptions have looked at, whether they let them pass or not.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.counts.looked_at()
    }

    fn halt(&mut self) {
        self.go_down_everywhere();
        self.cluster.store.stop();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.halt();
    }
}

fn cluster(
    folder: &Path,
    options: Options,
    faults: &Arc<Faults>,
    counts: &Arc<Counts>,
    ports: &[ReservedPort],
) -> Result<Arc<Cluster>, StartError> {
    let habits = Habits { stats_every: options.stats_every, visible_after: options.visible_after };
    let store = Store::open(folder, habits)?;
    let addresses: Vec<SocketAddr> = ports.iter().map(ReservedPort::address).collect();
    Ok(Arc::new(Cluster::new(options, store, faults.clone(), counts.clone(), &addresses)))
}
