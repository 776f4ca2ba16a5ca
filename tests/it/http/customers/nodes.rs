//! Two nodes on one PostgreSQL: an identity token works once on both together, and a sign-out on one takes effect on the other.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tests::{
    desk::write_private,
    postgres::{FreshDatabase, Postgres},
};

use super::{
    super::{LIMIT, eventually},
    *,
};
use crate::crash::on;

struct Nodes {
    here: Desk,
    there: Desk,
    _database: FreshDatabase,
    _keys: TempDir,
}

impl Nodes {
    async fn start() -> Self {
        let database = Postgres::shared().await.fresh_database().await;
        let folder = tempfile::tempdir().unwrap();
        let (visitors, identities) = (folder.path().join("token-key"), folder.path().join("identity-keys"));
        write_private(&visitors, &"22".repeat(32));
        write_keys(&identities);
        let environment = vec![
            ("DESK_TOKEN_KEY_FILE", visitors.display().to_string()),
            ("DESK_IDENTITY_KEYS_FILE", identities.display().to_string()),
        ];
        let start = || {
            let setup = Setup { environment: environment.clone(), ..on(&database) };
            tokio::task::block_in_place(|| Desk::start(setup))
        };
        Self { here: start(), there: start(), _database: database, _keys: folder }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_token_is_used_once_across_nodes_and_sign_out_reaches_both() {
    let nodes = Nodes::start().await;
    a_token_is_good_once(&nodes).await;
    one_visitor_at_both_is_one(&nodes).await;
    who_leaves_here_has_left_there(&nodes).await;
}

async fn a_token_is_good_once(nodes: &Nodes) {
    for _round in 0..5 {
        let token = token_for("4711");
        let strangers: Vec<Customer> =
            (0..20).map(|n| if n % 2 == 0 { nodes.here.customer() } else { nodes.there.customer() }).collect();
        let answers = join_all(strangers.iter().map(|stranger| identify(stranger, &token))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 19, "{statuses:?}");
    }
}

async fn one_visitor_at_both_is_one(nodes: &Nodes) {
    let here = nodes.here.customer();
    here.arrive("s").await.unwrap();
    let there = here.at(nodes.there.url());
    let token = token_for("4712");
    let answers = join_all((0..10).map(|n| identify(if n % 2 == 0 { &here } else { &there }, &token))).await;
    let mut told = Vec::new();
    for answer in answers {
        told.push(ok(answer).await);
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    let stream = format!("customer-{}", visitor_of(&here));
    let log = nodes.there.staff().log().await.unwrap();
    assert_eq!(log.iter().filter(|event| event["stream"] == stream).count(), 1);
}

async fn who_leaves_here_has_left_there(nodes: &Nodes) {
    let here = nodes.here.customer();
    here.arrive("open").await.unwrap();
    ok(identify(&here, &token_for("4713")).await).await;
    let there = here.at(nodes.there.url());
    assert_eq!(who(&there).await["is_identified"], true);
    let mut frames = there.follow("open", None).await.unwrap();
    assert_eq!(frames.next().await.unwrap().event.as_deref(), Some("session.opened"));
    sign_out(&here).await;
    let left_at = Instant::now();
    let refused = eventually(
        || async { there.get("/api/sessions/open").await.unwrap() },
        |answer| answer.status().as_u16() == 401,
    )
    .await;
    problem(refused, 401, "UNAUTHORIZED").await;
    let last = frames.next_within(LIMIT).await.unwrap();
    assert_eq!(last.event.as_deref(), Some("reauthenticate"));
    assert!(left_at.elapsed() < Duration::from_secs(1), "{:?}", left_at.elapsed());
    assert_eq!(frames.next_within(LIMIT).await, None);
}
