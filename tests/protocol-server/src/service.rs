//! The services of a node. Each call says who calls, over which connection, and whether only the leader may answer.

mod append;
mod batch_append;
mod convert;
mod delete;
mod features;
mod gossip;
mod operations;
mod outlet;
mod read;
mod subscribe;

pub(crate) use convert::uuid;

use std::sync::Arc;

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    access::Caller,
    cluster::{Cluster, requires_leader},
    connections::Line,
    proto::streams::{
        AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp, TombstoneReq,
        TombstoneResp, streams_server::Streams,
    },
};

/// A node, as its callers meet it.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) number: usize,
}

/// What every call tells beside its message.
struct Call {
    requires_leader: bool,
    line: Option<Line>,
}

impl Call {
    fn of<T>(request: &Request<T>) -> Self {
        Self { requires_leader: requires_leader(request.metadata()), line: request.extensions().get::<Line>().cloned() }
    }

    fn cut(&self) {
        if let Some(line) = &self.line {
            line.cut();
        }
    }
}

impl Node {
    fn caller<T>(&self, request: &Request<T>) -> Result<Caller<'_>, Status> {
        Caller::of(request.metadata(), &self.cluster.options.users)
    }

    /// Up to where this node shows the log.
    fn until(&self) -> u64 {
        self.cluster.until(self.number)
    }

    fn may_answer(&self, call: &Call) -> Result<(), Status> {
        self.cluster.may_answer(self.number, call.requires_leader)
    }
}

#[tonic::async_trait]
impl Streams for Node {
    type ReadStream = outlet::Answers<ReadResp>;
    type BatchAppendStream = ReceiverStream<Result<BatchAppendResp, Status>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        read::read(self, request).await
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.cluster.counts.call("append");
        append::append(self, request).await
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        self.cluster.counts.call("delete");
        delete::delete(self, request).await
    }

    async fn tombstone(&self, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        self.cluster.counts.call("tombstone");
        delete::tombstone(self, request).await
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        self.cluster.counts.call("batch_append");
        batch_append::batch_append(self, request)
    }
}
