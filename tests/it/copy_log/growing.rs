//! A source that grows during the copy, because its desk still runs.

use std::time::Duration;

use tests::{
    desk::Desk,
    test_scale::{rng, seed},
};
use tokio::{sync::watch, task::block_in_place};

use super::{Place, copy, place::unplaced, proves_itself};
use crate::crash::{customers::Chatter, on, until};

#[tokio::test(flavor = "multi_thread")]
async fn copy_of_a_growing_log_catches_up_and_completes_after_desk_stops() {
    let (Place::Postgres(database), target) = (Place::postgres().await, Place::kurrent()) else { unreachable!() };
    let seed = seed("growing source");
    let mut desk = block_in_place(|| Desk::start(on(&database).with_patient_rules()));
    let (stop, stopping) = watch::channel(false);
    let chatting: Vec<_> = (0..6)
        .map(|n| tokio::spawn(Chatter::new(&desk, n).chat_until(stopping.clone(), rng(seed, n as u64))))
        .collect();
    let source = Place::Postgres(database);
    let reader = source.reader().await;
    until("customers write", Duration::from_secs(30), async || reader.head().await.unwrap().0 > 60).await;

    let folder = tempfile::tempdir().unwrap();
    let map = super::text(&folder.path().join("map"));
    let before = reader.head().await.unwrap();
    copy(&source, &target, &["--map", &map]).await;
    let copied = unplaced(&target.events().await);
    assert!(copied.len() as u64 >= before.0, "what was there is copied");
    until("customers write more", Duration::from_secs(30), async || {
        reader.head().await.unwrap().0 > copied.len() as u64 + 20
    })
    .await;
    stop.send_replace(true);
    for chatter in chatting {
        chatter.await.unwrap();
    }
    assert_eq!(block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());

    copy(&source, &target, &["--map", &map]).await;
    let all = unplaced(&source.events().await);
    assert_eq!(unplaced(&target.events().await), all);
    assert_eq!(copied, all[..copied.len()]);
    proves_itself(&target).await;
}
