//! 200 agents take over one session at the same instant over two servers, while the assistant's answer streams at both.

use futures::future::join_all;
use tests::test_scale::count;

use super::{accounts::signed_in, answers::assert_silent_after_takeover, *};

async fn one_takes_over_and_the_others_are_told_who(backend: Backend, agents: usize) {
    let nodes = Nodes::start(backend).await;
    let crowd = signed_in(&nodes, agents as u128).await;
    let session = nodes.session("shared").await;
    let mut here = session.ask(&session.here).await;
    let mut there = session.ask(&session.there).await;
    let mut shown = [until_shown(&mut here, 100).await, until_shown(&mut there, 100).await];
    let path = format!("/api/sessions/{}/takeover", session.id);
    let takeovers = crowd.iter().enumerate().map(async |(number, agent)| {
        let desk = if number % 2 == 0 { &nodes.here } else { &nodes.there };
        let response = agent.at(desk).post(&path, &json!({"from": "any"})).await.unwrap();
        let status = response.status().as_u16();
        (&agent.name, status, response.json::<Value>().await.unwrap())
    });
    let (rest_here, rest_there, answers) = tokio::join!(rest(&mut here), rest(&mut there), join_all(takeovers));
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, status, _)| *status == 200);
    let [(winner, ..)] = won.as_slice() else { panic!("{} have the session", won.len()) };
    assert_eq!(lost.len(), agents - 1);
    for (loser, status, refused) in lost {
        assert_eq!((status, &refused["code"]), (409, &json!("ALREADY_TAKEN")), "{loser}: {refused}");
        assert_eq!(refused["detail"], format!("ALREADY_TAKEN: 会话已被坐席【{winner}】接入"));
    }
    shown[0].extend(rest_here);
    shown[1].extend(rest_there);
    shown.iter().for_each(|frames| assert_silent_after_takeover(frames));
    let log = nodes.there.staff().log().await.unwrap();
    let taken = log.iter().filter(|event| event["type"] == "session.agent_took_over").count();
    assert_eq!(taken, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_agents_at_two_servers_one_takes_over_and_199_are_told_who() {
    one_takes_over_and_the_others_are_told_who(Backend::postgres().await, 200).await;
}

/// Fewer agents in every run: each append is read back, and the test server is slow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_agents_at_two_servers_one_takes_over_with_the_log_on_kurrentdb() {
    one_takes_over_and_the_others_are_told_who(Backend::kurrent().await, count(12, 200)).await;
}
