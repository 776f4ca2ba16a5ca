//! Each follower of the log meets a panic, and an event that cannot be read: it is started again and goes on where it stood,
//! or stops with an alarm that names the position. And what an operator sees of it.

mod fixture;
mod outbox;
mod shown;

use std::{collections::HashMap, sync::Arc, time::Duration};

use api::{
    auth::staff_directory::{AuthStatus, StaffDirectory},
    session_owners::{Change, Ownership, SessionOwners},
    startup::followers,
    supervision::Alarm,
    visitor_revocation::VisitorRevocation,
};
use commands::{
    Accounts, Rules, SettingsInForce,
    assistants::{BudgetThen, Budgets},
    process::{
        AgentLost, Context, Expiry, IdleClose, NobodyCame, ProcessManager, ProcessStore, Processes, Routing,
        RunRecovery, Runner, Waiting, WatchBudgets,
    },
    settings::VersionZero,
};
use domain::{
    AgentId, SignInId, VisitorId,
    budget::DailyBudgets,
    routing::Strategy,
    session::{Event, Status, encode, event::Reopened},
};
use event_store::{
    Actor, EventReader as _, Expected, Position, ReadError, StreamName, SystemClock,
    checkpoint::{CheckpointKey, Pace, Places, Signer},
    migration::migrate_policy,
    sql::{Access, Database},
};
use futures::StreamExt as _;
use jiff::{Timestamp, tz::TimeZone};
use journal::{Cursor, JournalError, Tail};
use projections::{Views, ViewsLocation};
use tempfile::TempDir;
use testkit::{SessionDriver, new_event};
use uuid::Uuid;

use fixture::{Fixture, PATIENCE};

/// Events before the follower starts.
const EVENTS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tail_goes_on_after_a_panic_and_stops_at_damage() {
    let fixture = Fixture::with_events(EVENTS).await;
    let tail = Tail::new(fixture.faulty.clone(), Position::START);
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::tail(tail.clone()));
    fixture.recovers().await;

    let damaged = fixture.damage_the_next_event().await;
    assert_eq!(fixture.alarm().await.position, Some(damaged));
    assert!(tail.stopped().is_some());
    // Whoever comes later waits for nothing.
    let stream = StreamName::of("session", Uuid::new_v4());
    let mut events = tail.follow_stream(&stream, Position::START);
    let told = tokio::time::timeout(PATIENCE, events.next()).await.expect("it is told at once");
    let is_damage = matches!(told, Some(Err(JournalError::Read(ReadError::Damaged { .. }))));
    assert!(is_damage && events.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signer_goes_on_after_a_panic_and_stops_at_damage() {
    let fixture = Fixture::with_events(EVENTS).await;
    let (folder, cursor) = (tempfile::tempdir().unwrap(), Arc::new(Cursor::at(Position::START)));
    let follow = followers::follow_with(&fixture.tail().await, &cursor);
    let signer = Arc::new(signer(&fixture, follow, &folder).await);
    let mut status = signer.status();
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::signer(signer, cursor));
    fixture.recovers().await;
    let is_signed =
        |status: &event_store::checkpoint::Status| status.newest.as_ref().is_some_and(|newest| newest.size.0 == EVENTS);
    tokio::time::timeout(PATIENCE, status.wait_for(is_signed)).await.unwrap().unwrap();

    let damaged = fixture.damage_the_next_event().await;
    assert_eq!(fixture.alarm().await.position, Some(damaged));
    assert!(status.borrow().alarm.is_some());
}

async fn signer(fixture: &Fixture, follow: event_store::Follow, folder: &TempDir) -> Signer {
    let log = fixture.faulty.identity().await.unwrap();
    let place = |name: &str| folder.path().join(name);
    let key = CheckpointKey::read_or_create(&place("key"), log).unwrap().0;
    let places = Places {
        folder: place("checkpoints"),
        state: place("state"),
        public_key: place("key.pub"),
        alarm: place("alarm"),
        store: "memory".to_owned(),
    };
    let at_once = Pace { events: 1, shortest: Duration::from_millis(1), ..Pace::default() };
    Signer::new(follow, fixture.faulty.clone(), log, key, places, at_once, SystemClock::shared())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_go_on_after_a_panic_and_stop_at_an_unreadable_event() {
    let fixture = Fixture::with_events(EVENTS).await;
    let folder = tempfile::tempdir().unwrap();
    let place = ViewsLocation::Folder(folder.path().to_owned());
    let views = Views::open(place, fixture.journal(), fixture.tail().await).await.unwrap();
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::views(views.clone()));
    fixture.recovers().await;

    let unreadable = fixture.append_unreadable("session").await;
    let alarm = fixture.alarm().await;
    assert_eq!(alarm.position, Some(unreadable));
    assert_eq!(views.alarm().map(Alarm::from), Some(alarm));
    let hour = Duration::from_secs(3600);
    let waiting = tokio::time::timeout(PATIENCE, views.wait_for(unreadable, hour)).await.expect("it is told at once");
    assert!(waiting.is_err_and(|behind| behind.have_stopped && behind.wanted == unreadable));
    assert_eq!(views.wait_for(views.position(), hour).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_views_is_told_when_they_stop() {
    let fixture = Fixture::with_events(EVENTS).await;
    let folder = tempfile::tempdir().unwrap();
    let place = ViewsLocation::Folder(folder.path().to_owned());
    let views = Views::open(place, fixture.journal(), fixture.tail().await).await.unwrap();
    fixture.supervisor.start(followers::views(views.clone()));
    let waiting = {
        let views = views.clone();
        tokio::spawn(async move { views.wait_for(Position(EVENTS + 1), Duration::from_secs(3600)).await })
    };
    fixture.until("they have read", || views.position() == Position(EVENTS)).await;
    fixture.append_unreadable("session").await;
    let told = tokio::time::timeout(PATIENCE, waiting).await.expect("it is told").unwrap();
    assert!(told.is_err_and(|behind| behind.have_stopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_staff_directory_goes_on_after_a_panic_and_lets_nobody_in_behind_an_unreadable_account() {
    let fixture = Fixture::with_events(EVENTS).await;
    let access = StaffDirectory::starting_with(HashMap::new(), Position::START, SystemClock::shared());
    fixture.faulty.panic_once();
    let reader = fixture.log.reader();
    fixture.supervisor.start(followers::staff_directory(access.clone(), fixture.tail().await, reader));
    fixture.recovers().await;
    let status = || access.status(AgentId(Uuid::nil()), SignInId(Uuid::nil()), Timestamp::now());
    fixture.until("the log is in sight", || status() == AuthStatus::Over).await;

    let unreadable = fixture.append_unreadable("agent").await;
    assert_eq!(fixture.alarm().await.position, Some(unreadable));
    fixture.until("nobody is let in", || status() == AuthStatus::Unknown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitor_revocation_goes_on_after_a_panic_and_stops_at_damage() {
    let fixture = Fixture::with_events(EVENTS).await;
    let revocation = Arc::new(VisitorRevocation::after(Position::START));
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::visitor_revocation(revocation.clone(), fixture.tail().await));
    fixture.recovers().await;
    fixture.append_unreadable("session").await;
    let visitor = VisitorId(Uuid::new_v4());
    let departure = revocation.revoked(fixture.customers.clone(), visitor, None);
    fixture.sign_out(visitor).await;
    tokio::time::timeout(PATIENCE, departure).await.expect("it is told behind what concerns no visitor");

    fixture.append_unreadable("customer").await;
    let damaged = fixture.damage_the_next_event().await;
    assert_eq!(fixture.alarm().await.position, Some(damaged));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_owners_go_on_after_a_panic_and_behind_an_unreadable_event_and_stop_at_damage() {
    let fixture = Fixture::with_events(EVENTS).await;
    let mut driver = SessionDriver::new(&fixture.log, "owned");
    let taken = driver.says("hello").is_taken_over().write().await.unwrap();
    let owners = SessionOwners::starting_with(HashMap::new(), Position::START);
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::session_owners(owners.clone(), fixture.tail().await));
    fixture.recovers().await;
    let owned = Ownership::of_row(Status::ManualLive, Some(driver.agent()));
    assert_eq!(owners.change_at(taken), Some(Change { before: owned.clone(), after: owned }));

    let stream = StreamName::of("session", driver.session().0);
    fixture.append_unreadable_to(&stream).await;
    let event = new_event(encode(&Event::Reopened(Reopened {})), driver.visitor().0, Actor::new("system", "test"));
    let next = fixture.log.append(&stream, Expected::Any, &[event]).await.unwrap().last_position;
    tokio::time::timeout(PATIENCE, owners.reach(next)).await.expect("it goes on behind it");
    assert_eq!(owners.change_at(next), Some(Change::default()), "nothing is known of the session before");

    let damaged = fixture.damage_the_next_event().await;
    assert_eq!(fixture.alarm().await.position, Some(damaged));
    assert_eq!((owners.position(), owners.change_at(damaged)), (next, None), "workbench streams wait");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dispatcher_goes_on_after_a_panic_and_stops_at_damage() {
    let fixture = Fixture::with_events(EVENTS).await;
    let runner = fixture.runner();
    let session = fixture.write_message(&runner).await;
    fixture.faulty.panic_once();
    fixture.supervisor.start(followers::dispatcher(runner, fixture.tail().await, Position::START));
    fixture.recovers().await;
    fixture.has_run(session).await;

    let damaged = fixture.damage_the_next_event().await;
    assert_eq!(fixture.alarm().await.position, Some(damaged));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_recovery_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    process_manager_goes_on_and_stops(|runner| Arc::new(RunRecovery::new(runner))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_close_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    let three_days = Duration::from_secs(72 * 3600);
    process_manager_goes_on_and_stops(|runner| {
        Arc::new(IdleClose::new(three_days, runner.clock().clone()).expect("it is switched on"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agent_lost_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    let minute = Duration::from_secs(60);
    process_manager_goes_on_and_stops(|_| Arc::new(AgentLost::new(minute).expect("it is switched on"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    process_manager_goes_on_and_stops(|_| Arc::new(Expiry)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    let minute = Duration::from_secs(60);
    let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).unwrap();
    process_manager_goes_on_and_stops(|runner| {
        let rules = Rules::new(Arc::new(settings), runner.clock().clone());
        Arc::new(Waiting::new(minute, NobodyCame::Mail, Arc::new(rules)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routing_goes_on_after_a_panic_and_stops_at_an_unreadable_event() {
    let fifteen = Duration::from_secs(15);
    process_manager_goes_on_and_stops(|_| {
        Arc::new(Routing::new(Strategy::RoundRobin, fifteen).expect("it is switched on"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn budgets_go_on_after_a_panic_and_stop_at_an_unreadable_event() {
    let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).unwrap();
    process_manager_goes_on_and_stops(|runner| {
        let tokens = "1000".parse().expect("it is a budget");
        let daily = DailyBudgets { tokens, ..DailyBudgets::default() };
        let (settings, clock) = (Arc::new(settings), runner.clock().clone());
        let budgets = Budgets::new(daily, BudgetThen::Next, TimeZone::UTC, settings, clock);
        Arc::new(WatchBudgets::new(&Arc::new(budgets)).expect("one is set"))
    })
    .await;
}

async fn process_manager_goes_on_and_stops(manager: impl FnOnce(&Runner) -> Arc<dyn ProcessManager>) {
    let fixture = Fixture::with_events(EVENTS).await;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
    migrate_policy(&database).await.unwrap();
    let (runner, tail) = (fixture.runner(), fixture.tail().await);
    let context = Context {
        store: ProcessStore::new(database),
        sessions: runner.sessions().clone(),
        accounts: Arc::new(Accounts::new(runner.sessions().log().clone(), runner.sessions().log_id())),
        tail,
        clock: runner.clock().clone(),
        node: runner.node().clone(),
    };
    let processes = Arc::new(Processes::start(context, vec![manager(&runner)], Vec::new()).await.unwrap());
    fixture.faulty.panic_once();
    followers::process_managers(&processes).for_each(|manager| fixture.supervisor.start(manager));
    fixture.recovers().await;

    let unreadable = fixture.append_unreadable("session").await;
    assert_eq!(fixture.alarm().await.position, Some(unreadable));
}
