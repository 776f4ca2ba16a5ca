//! A copied log has the same events, byte for byte, in the same order; positions depend on the target.

use event_store::{Identity, Position, position_map::PositionMap};
use tests::test_scale::seed;

use super::{
    Place, copy,
    place::{positions, unplaced},
    proves_itself, shop, text,
};

/// Copies each place to the next, and compares all of them with the first.
async fn there_and_back(places: Vec<Place>, generations: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let first = places[0].events().await;
    let log_id = places[0].reader().await.identity().await.unwrap().log_id;
    assert!(first.len() >= 1000, "{}", first.len());
    for (n, pair) in places.windows(2).enumerate() {
        let map = folder.path().join(format!("map-{n}"));
        let said = copy(&pair[0], &pair[1], &["--map", &text(&map)]).await;
        assert!(said.contains(&format!("copied     {} events", first.len())), "{said}");
        let (before, copied) = (pair[0].events().await, pair[1].events().await);
        assert_eq!(unplaced(&copied), unplaced(&first), "copy {n}");
        let reader = pair[1].reader().await;
        assert_eq!(reader.identity().await.unwrap(), Identity { log_id, generation: generations[n + 1] });
        assert_eq!(reader.head().await.unwrap(), copied.last().unwrap().position);
        proves_itself(&pair[1]).await;
        if generations[n] == generations[n + 1] {
            assert_eq!(positions(&copied), positions(&before));
            assert!(!map.exists(), "nothing has moved");
            continue;
        }
        let map = PositionMap::read(&map).unwrap();
        for (old, new) in before.iter().zip(&copied) {
            assert_eq!(map.position(old.position), Some(new.position));
        }
        assert_eq!(map.cursor(Position(u64::MAX)), copied.last().unwrap().position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_sqlite_to_postgres_and_back_keeps_every_position() {
    let first = shop(3_000, seed("copy over PostgreSQL")).await;
    there_and_back(vec![first, Place::postgres().await, Place::folder()], &[1, 1, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_sqlite_to_kurrentdb_and_back_raises_the_generation_each_time() {
    let first = shop(1_500, seed("copy over KurrentDB")).await;
    there_and_back(vec![first, Place::kurrent(), Place::folder()], &[1, 2, 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_postgres_to_kurrentdb_twice_and_back_keeps_every_event() {
    let first = shop(1_000, seed("copy over all")).await;
    let places = vec![first, Place::postgres().await, Place::kurrent(), Place::kurrent(), Place::postgres().await];
    there_and_back(places, &[1, 1, 2, 3, 4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_log_can_be_copied_repeatedly() {
    let (first, second) = (Place::folder(), Place::postgres().await);
    event_store::sqlite::SqliteStore::open(&first.path().join("events.db")).await.unwrap();
    copy(&first, &second, &[]).await;
    let said = copy(&first, &second, &[]).await;
    assert!(said.contains("0 events") && second.events().await.is_empty(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_copy_writes_nothing_and_compares_everything() {
    let first = shop(1_000, 7).await;
    for target in [Place::folder(), Place::postgres().await, Place::kurrent()] {
        copy(&first, &target, &[]).await;
        let there = target.events().await;
        let said = copy(&first, &target, &[]).await;
        assert!(said.contains("1000 events") && said.contains(" 0 of them now"), "{said}");
        assert_eq!(target.events().await, there);
    }
}
