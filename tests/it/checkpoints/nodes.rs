//! Two nodes on PostgreSQL: each signs the same log with its own key into its own folder.

use event_store::EventReader as _;
use futures::future::join_all;
use tests::{
    desk::{Desk, Setup},
    postgres::Postgres,
};

use super::{NoteFolder, are_true_of, public_key};
use crate::crash::on;

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_of_two_nodes_agree() {
    let database = Postgres::shared().await.fresh_database().await;
    let folders = [NoteFolder::new(), NoteFolder::new()];
    let setups = folders.each_ref().map(|notes| Setup { environment: vec![notes.setting()], ..on(&database) });
    let mut nodes: Vec<Desk> = tokio::task::block_in_place(|| setups.into_iter().map(Desk::start).collect());
    let chats = nodes.iter().enumerate().map(async |(n, node)| {
        let (customer, session) = (node.customer(), format!("node {n}"));
        customer.arrive(&session).await.unwrap();
        customer.chat(&session, "多久发货？").await.unwrap();
    });
    join_all(chats).await;

    let keys: Vec<_> = nodes.iter().map(public_key).collect();
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[0].name(), keys[1].name(), "both are of this log");
    let log = database.open().await;
    for ((node, notes), key) in nodes.iter_mut().zip(&folders).zip(&keys) {
        let head = log.head().await.unwrap();
        assert_eq!(tokio::task::block_in_place(|| node.terminate()), Some(0), "{}", node.log());
        let newest = are_true_of(&log, key, notes.notes().into_values()).await;
        assert!(newest.position >= head, "{newest:?}, and the head was {head}");
    }
}
