//! What the views answer, compared with what it means: on generated logs with everything that is rare, at several of their
//! positions, on both databases, live and rebuilt, and as it stood at a moment.
//!
//! And that this comparison sees: a mistake of one, in any column and in any view's folding, is found.

mod columns;
mod faults;
mod ground;
mod questions;
mod served;

use std::{path::Path, sync::Arc};

use api::routes::sessions;
use domain::SessionId;
use event_store::Position;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use journal::Decoded;
use projections::{AsOf, Projection, SessionAt, ViewsLocation, catalogue, compare};
use rand::{RngExt as _, rngs::StdRng, seq::IteratorRandom as _};
use serde_json::json;
use tests::{
    effort::{chance, count, seed},
    oracle::{self, Decided, Oracle},
    postgres::Postgres,
};

use columns::{Column, Held, Rows, SELDOM, UNSEEN};
use faults::{Collector, Fault, Faulty, rows_of, set_with};
use ground::{Ground, Seen, happenings};
use questions::{Difference, Examination};

fn assert_none(found: &[Difference], when: &str) {
    let found: Vec<String> = found.iter().take(20).map(ToString::to_string).collect();
    assert!(found.is_empty(), "{when}:\n{}", found.join("\n"));
}

/// Follows a log from its first event to its last, compares at some positions on the way, and what is rebuilt at the end.
async fn compare_all_the_way(
    seed: u64,
    events: u64,
    stops: usize,
    live: ViewsLocation,
    rebuilt: ViewsLocation,
) -> Seen {
    let happenings = happenings(events, seed);
    let mut stops = (0..happenings.len() - 1).sample(&mut chance(seed, 1), stops);
    stops.push(happenings.len() - 1);
    let mut ground = Ground::new();
    let live = ground.views(live, catalogue::all()).await;
    let mut oracle = Oracle::default();
    for (place, happening) in happenings.iter().enumerate() {
        if matches!(happening, tests::shop::Happening::Erased { .. }) {
            // What is erased now was seen by then: the views keep it until they are rebuilt.
            live.reach(ground.head().await).await;
            oracle.hear(&ground.store, &ground.vault, ground.head().await).await;
        }
        ground.happens(happening).await;
        if stops.contains(&place) {
            let head = ground.head().await;
            live.reach(head).await;
            oracle.hear(&ground.store, &ground.vault, head).await;
            let asked = Examination::of(&oracle);
            let found = asked.put_to(&live.views, 20).await;
            assert_none(&found, &format!("seed {seed}, position {head}, {} questions, live", asked.len()));
        }
    }
    let head = ground.head().await;
    let rebuilt = ground.views(rebuilt, catalogue::all()).await;
    rebuilt.reach(head).await;
    let found = Examination::of(&ground.oracle().await).put_to(&rebuilt.views, 20).await;
    assert_none(&found, &format!("seed {seed}, position {head}, rebuilt"));
    for _ in 0..count(3, 20) {
        let position = Position(chance(seed, head.0).random_range(1..=head.0));
        compare_moments(&ground, seed, position).await;
    }
    ground.seen
}

/// Every session as it stood at a position, and at the time of that position.
async fn compare_moments(ground: &Ground, seed: u64, position: Position) {
    let oracle = Oracle::of(&ground.store, &ground.vault, position).await;
    let at = oracle.events().last().unwrap().at;
    for (stream, events) in oracle.by_session() {
        let session: SessionId = stream.trim_start_matches("session-").parse().unwrap();
        for as_of in [AsOf::Position(position), AsOf::Time(at)] {
            let then = SessionAt::read(&ground.journal(), session, as_of).await.unwrap();
            let asked = Examination::of_session(session, &events);
            let found = asked.put_to_reading(&mut then.reading().await.unwrap()).await;
            assert_none(&found, &format!("seed {seed}, at {as_of:?}"));
            let decided = then.decision.map(served::decided);
            assert_eq!(json!(decided), json!(Decided::last(&events)), "seed {seed}, {session} at {as_of:?}");
            assert_eq!(then.newest.position, events.last().unwrap().position, "seed {seed}, {session} at {as_of:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_on_sqlite_answer_as_the_definitions_say() {
    let (first, mut seen) = (seed("the oracle on SQLite"), Seen::default());
    for seed in (first..).take(count(3, 40)) {
        let (live, rebuilt) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = |folder: &tempfile::TempDir| ViewsLocation::Folder(folder.path().to_owned());
        let (events, stops) = (count(400, 2_000) as u64, count(4, 12));
        seen.add(&compare_all_the_way(seed, events, stops, folder(&live), folder(&rebuilt)).await);
    }
    println!("{seen:?}");
    seen.is_everything();
}

#[tokio::test(flavor = "multi_thread")]
async fn views_on_postgres_answer_as_the_definitions_say() {
    let (first, mut seen) = (seed("the oracle on PostgreSQL"), Seen::default());
    for seed in (first..).take(count(2, 12)) {
        let server = Postgres::shared().await;
        let (live, rebuilt) = (server.fresh_database().await, server.fresh_database().await);
        let (events, stops) = (count(400, 2_000) as u64, count(2, 8));
        let of = |url: String| ViewsLocation::Postgres { url };
        seen.add(&compare_all_the_way(seed, events, stops, of(live.url()), of(rebuilt.url())).await);
    }
    println!("{seen:?}");
    seen.is_everything();
}

/// Days of ordinary length, of 23 and of 25 hours, one that began at one o'clock, and a date that a country left out.
#[test]
fn a_day_begins_where_clocks_begin_to_show_its_date() {
    let days = [
        ("UTC", "2026-11-24T00:00:00Z"),
        ("Asia/Shanghai", "2026-11-24T16:00:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Asia/Kathmandu", "2026-11-24T18:15:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ];
    for (zone, change) in days {
        let (zone, change): (TimeZone, Timestamp) = (TimeZone::get(zone).unwrap(), change.parse().unwrap());
        for minutes in (-27 * 60..27 * 60).step_by(13).chain([-1, 0, 1]) {
            for micros in [-1, 0, 1] {
                let now = change + SignedDuration::from_mins(minutes) + SignedDuration::from_micros(micros);
                assert_eq!(sessions::day_start(now, &zone), oracle::day_start(now, &zone), "{zone:?} at {now}");
            }
        }
    }
}

/// Views of a log in a folder, caught up, and what to ask them.
async fn built(ground: &Ground, folder: &Path) -> (ground::Following, Examination) {
    let views = ground.views(ViewsLocation::Folder(folder.to_owned()), catalogue::all()).await;
    let head = ground.head().await;
    views.reach(head).await;
    let asked = Examination::of(&ground.oracle().await);
    assert_none(&asked.put_to(&views.views, 20).await, "before anything is wrong");
    (views, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_of_one_in_any_column_is_found() {
    let seed = seed("mistakes in columns");
    let (ground, folder) = (Ground::of_a_busy_moment(350, seed).await, tempfile::tempdir().unwrap());
    let (views, asked) = built(&ground, folder.path()).await;
    let mut trial = ColumnTrial {
        rows: Rows::open(folder.path()).await,
        asked,
        ground: &ground,
        folder: folder.path(),
        views,
        random: chance(seed, 2),
    };
    let columns = trial.rows.columns().await;
    for (table, name, why) in UNSEEN.iter().chain(&SELDOM) {
        assert!(columns.iter().any(|c| (&*c.table, &*c.name) == (*table, *name)), "{table}.{name} ({why}) is gone");
    }
    let mut planted = 0;
    for column in &columns {
        planted += trial.of(column).await;
    }
    println!("{planted} mistakes in {} columns", columns.len());
    assert_none(&trial.asked.put_to(&trial.views.views, 20).await, "when all is mended");
}

/// One built generation in which mistakes are made and mended.
struct ColumnTrial<'a> {
    rows: Rows,
    views: ground::Following,
    asked: Examination,
    ground: &'a Ground,
    folder: &'a Path,
    random: StdRng,
}

impl ColumnTrial<'_> {
    /// Plants mistakes in a column, each in one row; answers how many.
    async fn of(&mut self, column: &Column) -> usize {
        let held = self.rows.held(column).await;
        assert!(!held.is_empty(), "the log makes no row of {}", column.table);
        let is_seldom = column.is_in(&SELDOM);
        let rows = if is_seldom { held.len() } else { count(3, 30) };
        let (mut planted, mut found) = (0, 0);
        for row in held.iter().sample(&mut self.random, held.len()) {
            if planted == rows || (is_seldom && found > 0) {
                break;
            }
            let Some(is_found) = self.plant(column, row, &held).await else { continue };
            planted += 1;
            found += usize::from(is_found);
        }
        assert!(planted > 0, "{column:?}: nothing could be planted");
        match (column.is_in(&UNSEEN), is_seldom) {
            (true, _) => assert_eq!(found, 0, "{column:?} shows in a figure: take it off the list"),
            (_, true) => assert!(found > 0, "{column:?}: none of {planted} mistakes is found"),
            (false, false) => assert_eq!(found, planted, "{column:?}: a mistake is not found"),
        }
        planted
    }

    /// Whether a mistake in this row is found; nothing where none can be made.
    async fn plant(&mut self, column: &Column, row: &(i64, Held), all: &[(i64, Held)]) -> Option<bool> {
        let mistake = self.rows.plant(column, row, all, &mut self.random).await?;
        let is_found = !self.asked.put_to(&self.views.views, 1).await.is_empty();
        if !is_found && !column.is_in(&SELDOM) {
            println!("{mistake:?} shows in no figure");
            assert!(self.rows_differ().await > 0, "{mistake:?}: not even the rows differ");
        }
        self.rows.mend(&mistake).await;
        Some(is_found)
    }

    /// What `desk-replay compare` says.
    async fn rows_differ(&self) -> u64 {
        let location = ViewsLocation::Folder(self.folder.to_owned());
        let (reader, vault) = (Arc::new(self.ground.store.clone()), self.ground.vault.clone());
        compare::compare(location, reader, vault, 1, |_| ()).await.unwrap().count
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_of_one_in_folding_is_found_in_every_view() {
    let seed = seed("mistakes in folding");
    let ground = Ground::of(400, seed).await;
    let events = collect(&ground).await;
    let asked = Examination::of(&ground.oracle().await);
    for projection in catalogue::all().iter().filter(|one| one.name() != "agent") {
        let right = rows_of(&**projection, &events).await;
        let mut counts = Vec::new();
        for fault in Fault::ALL {
            let faulty = |at| Faulty { inner: projection.clone(), journal: ground.journal(), fault, at };
            let wrong = wrong_at(faulty, &events, &right, seed).await;
            for at in &wrong {
                is_found(&ground, &asked, faulty(*at)).await;
            }
            counts.push((fault, wrong.len()));
        }
        println!("{}: {counts:?}", projection.name());
        assert!(counts.contains(&(Fault::Twice, 0)), "{}: an event that comes twice changes a row", projection.name());
        for fault in [Fault::LeftOut, Fault::Slower] {
            assert!(!counts.contains(&(fault, 0)), "{}: no event of the log matters when {fault:?}", projection.name());
        }
    }
}

/// All events of a log, opened, in order.
async fn collect(ground: &Ground) -> Vec<Decoded> {
    let (collector, folder) = (Arc::new(Collector::default()), tempfile::tempdir().unwrap());
    let set: Arc<[Arc<dyn Projection>]> = Arc::new([collector.clone() as Arc<dyn Projection>]);
    let following = ground.views(ViewsLocation::Folder(folder.path().to_owned()), set).await;
    following.reach(ground.head().await).await;
    let events = collector.0.lock().unwrap().clone();
    assert_eq!(events.len() as u64, ground.head().await.0, "every event of a shop comes once");
    events
}

/// Some positions at which a fault makes wrong rows.
async fn wrong_at(
    faulty: impl Fn(Position) -> Faulty,
    events: &[Decoded],
    right: &[String],
    seed: u64,
) -> Vec<Position> {
    let wanted = count(2, 12);
    let mut wrong = Vec::new();
    for event in events.iter().sample(&mut chance(seed, 3), count(120, events.len())) {
        if wrong.len() == wanted {
            break;
        }
        if rows_of(&faulty(event.position()), events).await != right {
            wrong.push(event.position());
        }
    }
    wrong
}

async fn is_found(ground: &Ground, asked: &Examination, faulty: Faulty) {
    let what = format!("{} with the event at {} {:?}", faulty.inner.name(), faulty.at, faulty.fault);
    let folder = tempfile::tempdir().unwrap();
    let views = ground.views(ViewsLocation::Folder(folder.path().to_owned()), set_with(faulty)).await;
    views.reach(ground.head().await).await;
    let found = asked.put_to(&views.views, 1).await;
    assert!(!found.is_empty(), "{what} is not found");
}
