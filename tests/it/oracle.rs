//! The views compared with the naive definitions: on generated logs with rare events, at several positions, on both databases, live,
//! rebuilt and at past moments.
//!
//! The comparison itself is tested: a mistake in any column and in the folding of any view is found.

mod any_sequence;
mod columns;
mod faults;
mod fixture;
mod questions;
mod served;

use std::{collections::HashSet, path::Path, sync::Arc};

use api::routes::sessions;
use domain::{SessionId, settings};
use event_store::Position;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use journal::Decoded;
use projections::{AsOf, Projection, SessionAt, ViewsLocation, catalogue, compare};
use rand::{RngExt as _, rngs::StdRng, seq::IteratorRandom as _};
use serde_json::json;
use tests::{
    oracle::{self, Decided, Oracle},
    postgres::Postgres,
    test_scale::{count, rng, seed},
};

use columns::{BY_CHANCE, Column, Rows, SELDOM, UNSEEN};
use faults::{Collector, Fault, Faulty, rows_of, set_with};
use fixture::{Fixture, Seen, steps};
use questions::{Difference, Examination};

fn assert_none(found: &[Difference], when: &str) {
    let found: Vec<String> = found.iter().take(20).map(ToString::to_string).collect();
    assert!(found.is_empty(), "{when}:\n{}", found.join("\n"));
}

/// Follows a log to its end, compares at some positions on the way, and compares rebuilt views at the end.
async fn compare_all_the_way(
    seed: u64,
    events: u64,
    stops: usize,
    live: ViewsLocation,
    rebuilt: ViewsLocation,
) -> Seen {
    let steps = steps(events, seed);
    let mut stops = (0..steps.len() - 1).sample(&mut rng(seed, 1), stops);
    stops.push(steps.len() - 1);
    let mut fixture = Fixture::new();
    let live = fixture.views(live, catalogue::all()).await;
    let mut oracle = Oracle::default();
    for (place, step) in steps.iter().enumerate() {
        if matches!(step, tests::shop::Step::Erased { .. }) {
            // The views read the texts before the erasure, and keep them until a rebuild.
            live.reach(fixture.head().await).await;
            oracle.hear(&fixture.store, &fixture.vault, fixture.head().await).await;
        }
        fixture.happens(step).await;
        if stops.contains(&place) {
            let head = fixture.head().await;
            live.reach(head).await;
            oracle.hear(&fixture.store, &fixture.vault, head).await;
            let asked = Examination::of(&oracle);
            let found = asked.put_to(&live.views, 20).await;
            assert_none(&found, &format!("seed {seed}, position {head}, {} questions, live", asked.len()));
        }
    }
    let head = fixture.head().await;
    let rebuilt = fixture.views(rebuilt, catalogue::all()).await;
    rebuilt.reach(head).await;
    let found = Examination::of(&fixture.oracle().await).put_to(&rebuilt.views, 20).await;
    assert_none(&found, &format!("seed {seed}, position {head}, rebuilt"));
    for _ in 0..count(3, 20) {
        let position = Position(rng(seed, head.0).random_range(1..=head.0));
        compare_moments(&fixture, seed, position).await;
    }
    fixture.seen
}

/// Every session as it stood at a position, and at the time of that position.
async fn compare_moments(fixture: &Fixture, seed: u64, position: Position) {
    let oracle = Oracle::of(&fixture.store, &fixture.vault, position).await;
    let at = oracle.events().last().unwrap().at;
    for (stream, events) in oracle.by_session() {
        let session: SessionId = stream.trim_start_matches("session-").parse().unwrap();
        for as_of in [AsOf::Position(position), AsOf::Time(at)] {
            let then = SessionAt::read(&fixture.journal(), session, as_of).await.unwrap();
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
async fn views_match_the_oracle_on_sqlite() {
    let (first, mut seen) = (seed("the oracle on SQLite"), Seen::default());
    for seed in (first..).take(count(3, 40)) {
        let (live, rebuilt) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = |folder: &tempfile::TempDir| ViewsLocation::Folder(folder.path().to_owned());
        let (events, stops) = (count(800, 2_000) as u64, count(4, 12));
        seen.add(&compare_all_the_way(seed, events, stops, folder(&live), folder(&rebuilt)).await);
    }
    println!("{seen:?}");
    seen.is_everything();
}

#[tokio::test(flavor = "multi_thread")]
async fn views_match_the_oracle_on_postgres() {
    let (first, mut seen) = (seed("the oracle on PostgreSQL"), Seen::default());
    for seed in (first..).take(count(2, 12)) {
        let server = Postgres::shared().await;
        let (live, rebuilt) = (server.fresh_database().await, server.fresh_database().await);
        let (events, stops) = (count(1_200, 2_000) as u64, count(2, 8));
        let of = |url: String| ViewsLocation::Postgres { url };
        seen.add(&compare_all_the_way(seed, events, stops, of(live.url()), of(rebuilt.url())).await);
    }
    println!("{seen:?}");
    seen.is_everything();
}

/// Days of 24, 23 and 25 hours, one that began at one o'clock, and a date that a country skipped.
#[test]
fn day_start_is_right_at_every_change_of_clocks() {
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
async fn built(fixture: &Fixture, folder: &Path) -> (fixture::Following, Examination) {
    let views = fixture.views(ViewsLocation::Folder(folder.to_owned()), catalogue::all()).await;
    let head = fixture.head().await;
    views.reach(head).await;
    let asked = Examination::of(&fixture.oracle().await);
    assert_none(&asked.put_to(&views.views, 20).await, "before anything is wrong");
    (views, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn oracle_finds_a_mistake_in_every_column() {
    let seed = seed("mistakes in columns");
    let (fixture, folder) = (Fixture::of_a_busy_moment(350, seed).await, tempfile::tempdir().unwrap());
    let (views, asked) = built(&fixture, folder.path()).await;
    let rows = Rows::open(folder.path()).await;
    let mut trial = ColumnTrial { rows, asked, views, random: rng(seed, 2) };
    let columns = trial.rows.columns().await;
    for (table, name, why) in UNSEEN.iter().chain(&SELDOM).chain(&BY_CHANCE) {
        assert!(columns.iter().any(|c| (&*c.table, &*c.name) == (*table, *name)), "{table}.{name} ({why}) is gone");
    }
    let (unseen, seen): (Vec<&Column>, Vec<&Column>) = columns.iter().partition(|column| column.is_in(&UNSEEN));
    let mut planted = 0;
    for column in seen {
        planted += trial.is_found(column).await;
    }
    let hidden = trial.plant_in_all(&unseen).await;
    assert_none(&trial.asked.put_to(&trial.views.views, 20).await, "a column of UNSEEN shows in a figure: take it off");
    let differences = rows_that_differ(&fixture, folder.path()).await;
    assert!(differences >= hidden.len() as u64, "only {differences} of {hidden:?} are differences for `compare`");
    for mistake in hidden.iter().rev() {
        trial.rows.mend(mistake).await;
    }
    println!("{planted} mistakes in {} columns, and {} that no figure shows", columns.len(), hidden.len());
    assert_none(&trial.asked.put_to(&trial.views.views, 20).await, "after every mistake was mended");
}

/// One built generation in which mistakes are planted and mended.
struct ColumnTrial {
    rows: Rows,
    views: fixture::Following,
    asked: Examination,
    random: StdRng,
}

impl ColumnTrial {
    /// Plants mistakes in a column, each in one row and by itself; answers how many. Every one has to be found, or some of them
    /// where a column matters in some rows only.
    async fn is_found(&mut self, column: &Column) -> usize {
        let held = self.rows.held(column).await;
        assert!(!held.is_empty(), "the log makes no row of {}", column.table);
        let is_seldom = column.is_in(&SELDOM) || column.is_in(&BY_CHANCE);
        let wanted = if is_seldom { held.len() } else { count(3, 30) };
        let (mut planted, mut found) = (0, 0);
        for row in held.iter().sample(&mut self.random, held.len()) {
            if planted == wanted || (is_seldom && found > 0) {
                break;
            }
            let session = self.rows.session_of(&column.table, row.0).await;
            let Some(mistake) = self.rows.plant(column, row, &held, &mut self.random).await else { continue };
            planted += 1;
            if self.shows(session, is_seldom).await {
                found += 1;
            } else {
                assert!(is_seldom, "{mistake:?} is not found");
            }
            self.rows.mend(&mistake).await;
        }
        assert!(found > 0 || column.is_in(&BY_CHANCE), "{column:?}: {planted} mistakes were planted and none is found");
        planted
    }

    /// Whether an answer differs. The questions about the row's own session come first, for nearly every mistake shows there;
    /// of a mistake that need not show no others are asked.
    async fn shows(&self, session: SessionId, is_seldom: bool) -> bool {
        let views = &self.views.views;
        let is_of_session = session != SessionId(uuid::Uuid::nil());
        !self.asked.put_to_about(session, views).await.is_empty()
            || ((!is_seldom || !is_of_session) && !self.asked.put_to(views, 1).await.is_empty())
    }

    /// Plants mistakes in several columns at once, each in a row of its own: a row whose key is wrong hides its other columns.
    async fn plant_in_all(&mut self, columns: &[&Column]) -> Vec<columns::Mistake> {
        let (mut planted, mut spoilt) = (Vec::new(), HashSet::new());
        for column in columns {
            let held = self.rows.held(column).await;
            let untouched = held.iter().filter(|(row, _)| !spoilt.contains(&(&column.table, *row)));
            for row in untouched.sample(&mut self.random, count(3, 30).min(held.len() / columns.len()).max(1)) {
                planted.extend(self.rows.plant(column, row, &held, &mut self.random).await);
                spoilt.insert((&column.table, row.0));
            }
            assert!(planted.iter().any(|mistake| mistake.is_in(column)), "{column:?}: nothing could be planted");
        }
        planted
    }
}

/// How many rows and columns `desk-replay compare` names.
async fn rows_that_differ(fixture: &Fixture, folder: &Path) -> u64 {
    let (location, reader) = (ViewsLocation::Folder(folder.to_owned()), Arc::new(fixture.store.clone()));
    compare::compare(location, reader, fixture.vault.clone(), 1, |_| ()).await.unwrap().count
}

#[tokio::test(flavor = "multi_thread")]
async fn oracle_finds_a_folding_mistake_in_every_view() {
    let seed = seed("mistakes in folding");
    // Somebody serves in it, so that an event of every view is there to be mistaken.
    let fixture = Fixture::of_a_busy_moment(400, seed).await;
    let events = collect(&fixture).await;
    let asked = Examination::of(&fixture.oracle().await);
    for projection in catalogue::all().iter().filter(|one| one.name() != "agent") {
        let right = rows_of(&**projection, &events).await;
        let mut counts = Vec::new();
        for fault in Fault::ALL {
            let faulty = |at| Faulty { inner: projection.clone(), journal: fixture.journal(), fault, at };
            let wrong = wrong_at(faulty, &events, &right, seed).await;
            for at in &wrong {
                is_found(&fixture, &asked, faulty(*at)).await;
            }
            counts.push((fault, wrong.len()));
        }
        println!("{}: {counts:?}", projection.name());
        assert!(counts.contains(&(Fault::Twice, 0)), "{}: an event that comes twice changes a row", projection.name());
        for fault in [Fault::LeftOut, Fault::Slower] {
            if fault == Fault::Slower && TIMELESS.contains(&projection.name()) {
                continue;
            }
            assert!(!counts.contains(&(fault, 0)), "{}: no event of the log matters when {fault:?}", projection.name());
        }
    }
}

/// All events of a log as the views get them, in order.
async fn collect(fixture: &Fixture) -> Vec<Decoded> {
    let (collector, folder) = (Arc::new(Collector::default()), tempfile::tempdir().unwrap());
    let set: Arc<[Arc<dyn Projection>]> = Arc::new([collector.clone() as Arc<dyn Projection>]);
    let following = fixture.views(ViewsLocation::Folder(folder.path().to_owned()), set).await;
    following.reach(fixture.head().await).await;
    let events = collector.0.lock().unwrap().clone();
    assert_eq!(events.len() as u64, fixture.head().await.0, "every event of a shop comes once");
    events
}

/// Views in which no time stands.
const TIMELESS: [&str; 3] = ["search", "session_count", "tag"];

/// Some positions at which a fault makes wrong rows.
async fn wrong_at(
    faulty: impl Fn(Position) -> Faulty,
    events: &[Decoded],
    right: &[String],
    seed: u64,
) -> Vec<Position> {
    let wanted = count(2, 12);
    let mut wrong = Vec::new();
    // Of the audit trail the oracle tells that of sessions.
    let is_trail = faulty(Position::START).inner.name() == "audit";
    let is_told = |event: &&Decoded| (!is_trail || event.event().session().is_some()) && !is_erased_reply(event);
    let events_told = events.iter().filter(is_told);
    let some = events_told.clone().sample(&mut rng(seed, 3), count(120, events.len()));
    // Rare ones, of which those may hold none.
    let rare = events_told.clone().filter(|event| is_rare(event)).take(60);
    let kept = events_told.filter(|event| is_kept(event)).take(20);
    for event in some.into_iter().chain(rare).chain(kept) {
        if wrong.len() == wanted {
            break;
        }
        if rows_of(&faulty(event.position()), events).await != right {
            wrong.push(event.position());
        }
    }
    wrong
}

/// A quick reply whose words are erased: its row is shown by nothing.
fn is_erased_reply(event: &Decoded) -> bool {
    matches!(event.opened_event().settings(),
        Some(settings::Event::PersonalQuickReplySaved(saved)) if saved.words.known().is_none())
}

fn is_rare(event: &Decoded) -> bool {
    let event_type = &*event.recorded().event.event_type;
    event_type.starts_with("settings.")
        || ["session.agent_took_over", "session.transferred", "session.agent_message_sent"].contains(&event_type)
}

/// What staff keeps beside the talk.
fn is_kept(event: &Decoded) -> bool {
    let event_type = &*event.recorded().event.event_type;
    ["session.note_added", "session.note_edited", "session.tags_changed"].contains(&event_type)
}

async fn is_found(fixture: &Fixture, asked: &Examination, faulty: Faulty) {
    let what = format!("{} with the event at {} {:?}", faulty.inner.name(), faulty.at, faulty.fault);
    let folder = tempfile::tempdir().unwrap();
    let views = fixture.views(ViewsLocation::Folder(folder.path().to_owned()), set_with(faulty)).await;
    views.reach(fixture.head().await).await;
    let found = asked.put_to(&views.views, 1).await;
    assert!(!found.is_empty(), "{what} is not found");
}
