//! `Gossip`: all nodes, where they are and what they do at the moment. Anybody may ask but who gives
//! a wrong password, and any node answers.

use tonic::{Request, Response, Status};

use super::{Node, convert};
use crate::{
    cluster::Role,
    event::ticks,
    proto::gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server::Gossip, member_info::VNodeState},
};

#[tonic::async_trait]
impl Gossip for Node {
    async fn read(&self, request: Request<()>) -> Result<Response<ClusterInfo>, Status> {
        self.cluster.counts.call("gossip");
        self.caller(&request)?;
        let members = self.cluster.members.iter().enumerate().map(|(number, member)| {
            let role = self.cluster.role(number);
            let state = match role {
                Role::Leader => VNodeState::Leader,
                Role::Follower => VNodeState::Follower,
                Role::Unknown => VNodeState::Unknown,
                Role::Down => VNodeState::Shutdown,
            };
            let address = member.address;
            MemberInfo {
                instance_id: Some(convert::structured(member.id)),
                time_stamp: ticks(),
                state: state.into(),
                is_alive: role != Role::Down,
                http_end_point: Some(EndPoint { address: address.ip().to_string(), port: address.port().into() }),
            }
        });
        Ok(Response::new(ClusterInfo { members: members.collect() }))
    }
}
