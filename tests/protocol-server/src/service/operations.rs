//! `Operations`, of which there is the scavenge and the resignation of a leader. Only `$admins` and `$ops` may ask.

use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::Node;
use crate::{
    cluster::Role,
    proto::operations::{
        ScavengeResp, SetNodePriorityReq, StartScavengeReq, StopScavengeReq, operations_server::Operations,
        scavenge_resp::ScavengeResult,
    },
    statuses,
};

#[tonic::async_trait]
impl Operations for Node {
    async fn start_scavenge(&self, request: Request<StartScavengeReq>) -> Result<Response<ScavengeResp>, Status> {
        self.caller(&request)?.may_operate()?;
        let cluster = self.cluster.clone();
        let scavenged = tokio::task::spawn_blocking(move || cluster.store.scavenge()).await;
        match scavenged {
            Ok(Some(Ok(_))) => Ok(Response::new(ScavengeResp {
                scavenge_id: Uuid::new_v4().to_string(),
                scavenge_result: ScavengeResult::Started.into(),
            })),
            _ => Err(statuses::not_ready()),
        }
    }

    async fn resign_node(&self, request: Request<()>) -> Result<Response<()>, Status> {
        self.caller(&request)?.may_operate()?;
        let others = (0..self.cluster.members.len()).filter(|node| *node != self.number);
        let next = others.into_iter().find(|node| self.cluster.role(*node) == Role::Follower);
        if let (Some(next), Role::Leader) = (next, self.cluster.role(self.number)) {
            self.cluster.set_leader(Some(next));
        }
        Ok(Response::new(()))
    }

    async fn stop_scavenge(&self, _: Request<StopScavengeReq>) -> Result<Response<ScavengeResp>, Status> {
        Err(absent())
    }

    async fn shutdown(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Err(absent())
    }

    async fn merge_indexes(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Err(absent())
    }

    async fn set_node_priority(&self, _: Request<SetNodePriorityReq>) -> Result<Response<()>, Status> {
        Err(absent())
    }

    async fn restart_persistent_subscriptions(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Err(absent())
    }
}

fn absent() -> Status {
    Status::unimplemented("the protocol test server does not do this")
}
