//! New versions of views: built beside the old, switched to, and what a crash leaves.

use std::sync::Arc;

use async_trait::async_trait;
use domain::session::event::Outcome;
use event_store::{
    Position,
    sql::{Access, Database, SqlError, Transaction},
};
use journal::Decoded;
use testkit::SessionDriver;

use super::fixture::{Fixture, dump, eventually};
use crate::{Projection, ProjectionSet, Rebuild, Views, ViewsLocation, catalogue, projection, storage::pointer};

/// All views, that of the sessions in another version; 1 is this program's.
fn version(version: u32, usable_since: u32) -> ProjectionSet {
    let newer = |inner: &Arc<dyn Projection>| {
        let before = inner.version() - 1;
        Arc::new(Newer { inner: inner.clone(), version: before + version, usable_since: before + usable_since })
    };
    catalogue::all().iter().map(|one| if one.name() == "session" { newer(one) } else { one.clone() }).collect()
}

struct Newer {
    inner: Arc<dyn Projection>,
    version: u32,
    usable_since: u32,
}

#[async_trait]
impl Projection for Newer {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn usable_since(&self) -> u32 {
        self.usable_since
    }

    fn schema(&self) -> &'static [&'static str] {
        self.inner.schema()
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        self.inner.apply(tx, events).await
    }
}

fn files(fixture: &Fixture) -> Vec<String> {
    let names = std::fs::read_dir(fixture.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".db"));
    names.sort();
    names
}

/// Reads without waiting for any position, until some time after the switch.
async fn never_sees_less(views: Arc<crate::Views>) {
    let (mut seen, mut after_switch) = (0, 0);
    while after_switch < 50 {
        after_switch += u32::from(views.generation() == 2);
        let total = views.list(None, 1, 0).await.unwrap().1;
        assert!(total >= seen, "{total} after {seen}");
        seen = total;
    }
}

async fn talk(fixture: &Fixture, customers: usize) -> Position {
    for number in 0..customers {
        SessionDriver::new(&fixture.log, &format!("s{number}")).asks("a", "b", Outcome::Answered).write().await;
    }
    fixture.head().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_built_beside_the_old_and_readers_never_see_less() {
    let fixture = Fixture::new();
    let before = talk(&fixture, 300).await;
    fixture.caught_up().await.kill().await;

    let views = fixture.open(fixture.folder.path(), version(2, 1)).await.unwrap();
    assert_eq!((views.generation(), views.position()), (1, before), "the old one serves at once");
    let total = async || views.list(None, 1, 0).await.unwrap().1;
    assert_eq!(total().await, 300);
    let task = tokio::spawn(views.clone().run());
    let reader = tokio::spawn(never_sees_less(views.clone()));
    let mut seen = 300;
    for number in 0..200 {
        let last = SessionDriver::new(&fixture.log, &format!("t{number}")).says("a").write().await.unwrap();
        views.wait_for(last, super::fixture::LONG).await.unwrap();
        let now = total().await;
        assert_eq!(now, seen + 1, "after a switch as before");
        seen = now;
    }
    eventually("the switch", async || views.generation() == 2).await;
    reader.await.unwrap();
    assert_eq!(pointer::read_file(fixture.folder.path()).unwrap(), Some(2));
    assert_eq!(dump(&views).await, fixture.folded_afresh().await);
    assert_eq!(files(&fixture), ["views-1.db", "views-2.db"], "the old one stays until the new is accepted");
    task.abort();
    let _ = task.await;
    drop(views);

    let third = fixture.run_in(fixture.folder.path(), version(3, 1)).await;
    eventually("the next switch", async || third.views.generation() == 3).await;
    eventually("clean-up", async || files(&fixture) == ["views-2.db", "views-3.db"]).await;
}

#[tokio::test]
async fn a_half_built_generation_is_continued_by_the_program_that_began_it() {
    let fixture = Fixture::new();
    talk(&fixture, 200).await;
    fixture.caught_up().await.kill().await;
    drop(fixture.open(fixture.folder.path(), version(2, 1)).await.unwrap());
    let again = fixture.run_in(fixture.folder.path(), version(2, 1)).await;
    eventually("the switch", async || again.views.generation() == 2).await;
    assert_eq!(files(&fixture), ["views-1.db", "views-2.db"]);
    assert_eq!(dump(&again.views).await, fixture.folded_afresh().await);
}

#[tokio::test]
async fn a_half_built_generation_of_another_program_is_thrown_away() {
    let fixture = Fixture::new();
    talk(&fixture, 3).await;
    fixture.caught_up().await.kill().await;
    drop(fixture.open(fixture.folder.path(), version(2, 1)).await.unwrap());
    let third = fixture.run_in(fixture.folder.path(), version(3, 1)).await;
    eventually("the switch", async || third.views.generation() == 2).await;
    assert_eq!(files(&fixture), ["views-1.db", "views-2.db"]);
}

#[tokio::test]
async fn a_file_that_was_made_but_not_filled_is_thrown_away() {
    let fixture = Fixture::new();
    let head = talk(&fixture, 3).await;
    let file = fixture.folder.path().join("views-1.db");
    Database::sqlite(&file, Access::Derived).await.unwrap().close().await;
    let running = fixture.caught_up().await;
    assert_eq!((running.views.generation(), running.views.position()), (1, head));
}

#[tokio::test]
async fn tables_that_the_program_cannot_use_are_not_served() {
    let fixture = Fixture::new();
    let head = talk(&fixture, 3).await;
    fixture.caught_up().await.kill().await;
    let views = fixture.open(fixture.folder.path(), version(2, 2)).await.unwrap();
    assert_eq!((views.generation(), views.position()), (2, Position::START));
    let running = fixture.run_in(fixture.folder.path(), version(2, 2)).await;
    running.reach(head).await;
    assert_eq!(pointer::read_file(fixture.folder.path()).unwrap(), Some(2));
}

#[tokio::test]
async fn the_version_before_finds_its_own_generation_again() {
    let fixture = Fixture::new();
    talk(&fixture, 3).await;
    fixture.caught_up().await.kill().await;
    let newer = fixture.run_in(fixture.folder.path(), version(2, 2)).await;
    newer.reach(fixture.head().await).await;
    newer.kill().await;
    let head = talk(&fixture, 2).await;
    let older = fixture.caught_up().await;
    assert_eq!((older.views.generation(), older.views.position()), (1, head));
    assert_eq!(dump(&older.views).await, fixture.folded_afresh().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_never_pauses_does_not_keep_the_next_generation_from_being_built() {
    let fixture = Fixture::new();
    talk(&fixture, 200).await;
    let running = fixture.caught_up().await;
    let (log, views) = (fixture.log.clone(), running.views.clone());
    // Always ahead of the views, and never far.
    let writer = tokio::spawn(async move {
        let mut said = std::collections::VecDeque::from([Position::START]);
        for number in 0.. {
            said.push_back(SessionDriver::new(&log, &format!("busy{number}")).says("a").write().await.unwrap());
            while said.len() > 60 {
                said.retain(|position| *position > views.position());
                tokio::task::yield_now().await;
            }
            tokio::task::yield_now().await;
        }
    });
    let location = ViewsLocation::Folder(fixture.folder.path().to_owned());
    let asked = Rebuild::request(location.clone(), fixture.log.reader()).await.unwrap();
    assert_eq!((asked.number(), asked.was_requested()), (2, false));
    assert!(Rebuild::request(location, fixture.log.reader()).await.unwrap().was_requested(), "two requests are one");
    eventually("the switch", async || running.views.generation() == 2).await;
    assert!(asked.status().await.unwrap().is_done);
    writer.abort();
    let _ = writer.await;
    running.reach(fixture.head().await).await;
    assert_eq!(dump(&running.views).await, fixture.folded_afresh().await);
}

/// As `desk-replay rebuild` beside a desk that starts under it.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_go_over_together_and_neither_mixes_up_the_rows() {
    let fixture = Fixture::new();
    talk(&fixture, 300).await;
    let desk = fixture.caught_up().await;
    let location = ViewsLocation::Folder(fixture.folder.path().to_owned());
    Rebuild::request(location.clone(), fixture.log.reader()).await.unwrap();
    let guest = Views::open_beside_others(location, fixture.journal(), fixture.tail().await).await.unwrap();
    let guest_runs = tokio::spawn(guest.clone().run());
    let seen = [&desk.views, &guest].map(|views| tokio::spawn(never_sees_less(views.clone())));
    let mut last = Position::START;
    for number in 0..100 {
        last = SessionDriver::new(&fixture.log, &format!("t{number}")).says("a").write().await.unwrap();
    }
    for reader in seen {
        reader.await.unwrap();
    }
    guest.stop();
    guest_runs.await.unwrap();
    desk.reach(last).await;
    assert_eq!(dump(&desk.views).await, fixture.folded_afresh().await);
}

#[test]
fn a_fingerprint_names_every_view_and_version() {
    let fingerprint = "agent/3 assistant_attempt/1 audit/2 episode/1 message/3 note/1 quick_reply/2 search/1 service/1 session/3 session_count/1 statistics/1 tag/1";
    assert_eq!(projection::fingerprint(&catalogue::all()), fingerprint);
    assert!(projection::can_use(&version(3, 2), &projection::fingerprint(&version(2, 2))));
    assert!(!projection::can_use(&version(3, 2), &projection::fingerprint(&version(1, 1))));
    assert!(!projection::can_use(&version(1, 1), &projection::fingerprint(&version(2, 1))), "from a newer program");
}
