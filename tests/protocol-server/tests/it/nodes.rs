//! Several nodes: who leads, who redirects, who lags, who is gone.

use eventstore::{AppendToStreamOptions, ReadStreamOptions};
use protocol_server::{
    Options,
    proto::gossip::{gossip_client::GossipClient, member_info::VNodeState},
};
use tonic::Code;
use uuid::Uuid;

use crate::{
    harness::{Started, client, event, start_with, within},
    raw::{Asking, Expected, channel, event_of, of_all, of_stream, proposed, raw_of, success},
};

fn three() -> Started {
    start_with(Options { nodes: 3, ..Options::default() })
}

async fn gossip(started: &Started, node: usize) -> Vec<(VNodeState, bool, u32)> {
    let mut gossip = GossipClient::new(channel(started.server.address(node)).await);
    let members = gossip.read(()).await.unwrap().into_inner().members;
    members.into_iter().map(|member| (member.state(), member.is_alive, member.http_end_point.unwrap().port)).collect()
}

#[tokio::test]
async fn gossip_lists_the_roles() {
    let mut started = three();
    let ports: Vec<u32> = (0..3).map(|node| started.server.address(node).port().into()).collect();
    let expected = [VNodeState::Leader, VNodeState::Follower, VNodeState::Follower];
    let members = gossip(&started, 2).await;
    assert_eq!(members, expected.into_iter().zip(&ports).map(|(state, port)| (state, true, *port)).collect::<Vec<_>>());
    started.server.go_down(0);
    let states = |members: Vec<(VNodeState, bool, u32)>| {
        members.into_iter().map(|(state, is_alive, _)| (state, is_alive)).collect::<Vec<_>>()
    };
    let leaderless = [(VNodeState::Shutdown, false), (VNodeState::Unknown, true), (VNodeState::Unknown, true)];
    assert_eq!(states(gossip(&started, 1).await), leaderless);
    started.server.lead(Some(2));
    let moved = [(VNodeState::Shutdown, false), (VNodeState::Follower, true), (VNodeState::Leader, true)];
    assert_eq!(states(gossip(&started, 1).await), moved);
}

#[tokio::test]
async fn follower_redirects_to_the_leader() {
    let started = three();
    let mut follower = raw_of(&started.server, 1).await;
    raw_of(&started.server, 0).await.write("a", &["x"]).await;
    // Who does not care is answered.
    assert_eq!(follower.texts("a").await.unwrap(), ["x"]);
    follower.write("a", &["forwarded"]).await;
    follower.requires_leader = true;
    let append = follower.append("a", Expected::Any(()), vec![proposed(Uuid::new_v4(), "y")]).await.unwrap_err();
    let read = follower.read(of_stream("a")).await.unwrap_err();
    let all = follower.read(of_all()).await.unwrap_err();
    let tombstone = follower.tombstone("a").await.unwrap_err();
    let port = started.server.address(0).port().to_string();
    for refused in [append, read, all, tombstone] {
        assert_eq!(refused.code(), Code::NotFound);
        let trailers = refused.metadata();
        assert_eq!(trailers.get("exception").unwrap(), "not-leader");
        assert_eq!(trailers.get("leader-endpoint-host").unwrap(), "127.0.0.1");
        assert_eq!(trailers.get("leader-endpoint-port").unwrap(), &*port);
    }
}

#[tokio::test]
async fn a_subscription_that_wants_the_leader_is_confirmed_and_then_sent_there() {
    let started = three();
    let mut follower = raw_of(&started.server, 1).await;
    follower.requires_leader = true;
    let mut answers = follower.open(of_all().subscribe()).await.unwrap();
    assert!(event_of(within(answers.message()).await.unwrap().unwrap().content.unwrap()).is_none());
    let refused = within(answers.message()).await.unwrap_err();
    assert_eq!(refused.metadata().get("exception").unwrap(), "not-leader");
}

#[tokio::test]
async fn the_official_client_follows_the_leader() {
    let started = three();
    let follower = client(&format!("{}&nodePreference=follower", started.server.url()));
    let options = AppendToStreamOptions::default().requires_leader(true);
    let refused = follower.append_to_stream("a", &options, event(0)).await.unwrap_err();
    let eventstore::Error::NotLeaderException(leader) = refused else { panic!("{refused:?}") };
    assert_eq!(leader.port, u32::from(started.server.address(0).port()));
    follower.append_to_stream("a", &options, event(0)).await.unwrap();
    let mut read = follower.read_stream("a", &ReadStreamOptions::default().requires_leader(true)).await.unwrap();
    assert!(read.next().await.unwrap().is_some());
}

#[tokio::test]
async fn leadership_can_be_moved() {
    let started = three();
    let mut nodes = Vec::new();
    for node in 0..3 {
        let mut raw = raw_of(&started.server, node).await;
        raw.requires_leader = true;
        nodes.push(raw);
    }
    nodes[0].write("a", &["x"]).await;
    started.server.lead(Some(2));
    assert_eq!(started.server.leader(), Some(2));
    nodes[2].write("a", &["y"]).await;
    assert!(nodes[0].read(of_stream("a")).await.is_err());
    assert_eq!(nodes[2].texts("a").await.unwrap(), ["x", "y"]);
    nodes[2].requires_leader = false;
    assert_eq!(nodes[2].events(of_stream("$epoch-information")).await.unwrap().len(), 2, "each leader has its epoch");
}

#[tokio::test]
async fn a_new_leader_does_not_remember_what_another_wrote() {
    let started = three();
    let event = vec![proposed(Uuid::new_v4(), "x")];
    let node = raw_of(&started.server, 0).await;
    success(node.append("a", Expected::Any(()), event.clone()).await.unwrap());
    started.server.lead(Some(1));
    let (again, _) = success(node.append("a", Expected::Any(()), event.clone()).await.unwrap());
    assert_eq!(again, 1, "an unconditional repeat is known to the node that wrote it");
    let (at_its_place, _) = success(node.append("a", Expected::NoStream(()), event).await.unwrap());
    assert_eq!(at_its_place, 0, "with an expectation it is known to all");
}

#[tokio::test]
async fn without_a_leader_nothing_is_answered() {
    let started = three();
    let raw = raw_of(&started.server, 1).await;
    raw.write("a", &["x"]).await;
    started.server.lead(None);
    let append = raw.append("a", Expected::Any(()), vec![proposed(Uuid::new_v4(), "y")]).await.unwrap_err();
    let read = raw.read(of_stream("a")).await.unwrap_err();
    for refused in [append, read] {
        assert_eq!((refused.code(), refused.message()), (Code::Unavailable, "Server Is Not Ready"));
    }
    assert_eq!(gossip(&started, 1).await.len(), 3);
    started.server.lead(Some(0));
    assert_eq!(raw.texts("a").await.unwrap(), ["x"]);
}

#[tokio::test]
async fn lagging_follower_shows_fewer_events_until_released() {
    let started = three();
    let (leader, follower) = (raw_of(&started.server, 0).await, raw_of(&started.server, 1).await);
    leader.write("a", &["old"]).await;
    started.server.hold(1);
    let mut subscribed = follower.open(of_stream("a").at_end().subscribe()).await.unwrap();
    within(subscribed.message()).await.unwrap();
    within(subscribed.message()).await.unwrap();
    leader.write("a", &["new"]).await;
    leader.set_metadata("a", r#"{"$tb":1}"#).await;
    assert_eq!(follower.texts("a").await.unwrap(), ["old"]);
    assert_eq!(leader.texts("a").await.unwrap(), ["new"]);
    started.server.release(1);
    let event = within(subscribed.message()).await.unwrap().unwrap().content.and_then(event_of).unwrap();
    assert_eq!(event.stream_revision, 1);
    assert_eq!(follower.texts("a").await.unwrap(), ["new"]);
}

#[tokio::test]
async fn a_leader_may_resign() {
    let started = three();
    let channel = channel(started.server.address(0)).await;
    protocol_server::proto::operations::operations_client::OperationsClient::new(channel)
        .resign_node(())
        .await
        .unwrap();
    assert_eq!(started.server.leader(), Some(1));
}

#[tokio::test]
async fn cluster_survives_its_leader() {
    let mut started = three();
    let url = format!("{}&nodePreference=leader", started.server.url());
    client(&url).append_to_stream("a", &Default::default(), event(0)).await.unwrap();
    started.server.go_down(0);
    started.server.lead(Some(1));
    within(async {
        // A client of 1.2.0 that lost its node keeps to that node: a new one looks for another.
        while client(&url).append_to_stream("a", &Default::default(), event(1)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let follower = raw_of(&started.server, 2).await;
    assert_eq!(follower.events(of_stream("a")).await.unwrap().len(), 2);
}
