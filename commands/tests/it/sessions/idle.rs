//! A session in which nobody wrote for 72 hours is closed, unless the customer waits for somebody.

use std::{sync::Arc, time::Duration};

use commands::{
    Accounts, CommandId, Sessions,
    executor::CommandMetadata,
    process::{Context, IdleClose, ProcessStore, Processes},
};
use domain::{
    AgentId, MailId, MessageId, RunId,
    session::{
        Command, Event,
        command::{Answer, Staff, StartRun},
        event::{CancelReason, CloseReason, EscalationReason, Outcome},
    },
    text::{MessageText, ReasonCode},
};
use event_store::{
    Actor, Position,
    clock::ManualClock,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::{SignedDuration, Timestamp};
use journal::Tail;
use tempfile::TempDir;
use testkit::session::{circumstances, escalate, new_message};
use tokio::sync::watch;
use uuid::Uuid;

use super::fixture::{Fixture, Script, send, session};

const IDLE: Duration = Duration::from_secs(72 * 3600);
const ANA: AgentId = AgentId(Uuid::from_u128(9));

/// One log with idle close on it, and a clock that stands still. Nobody answers by itself.
struct Shop {
    fixture: Fixture,
    clock: Arc<ManualClock>,
    sessions: Arc<Sessions>,
    runs: u128,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::now()));
        let fixture = Fixture::with_clock(vec![Script::Says("x")], clock.clone());
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
        migrate_policy(&database).await.unwrap();
        let (runner, (stop, stopping)) = (fixture.idle_node("a"), watch::channel(false));
        let context = Context {
            store: ProcessStore::new(database),
            sessions: runner.sessions().clone(),
            accounts: Arc::new(Accounts::new(runner.sessions().log().clone(), runner.sessions().log_id())),
            tail: Tail::start(fixture.store.clone(), Position::START),
            clock: clock.clone(),
            node: runner.node().clone(),
        };
        let close = IdleClose::new(IDLE, clock.clone()).unwrap();
        let processes = Processes::start(context, vec![Arc::new(close)], Vec::new()).await.unwrap();
        tokio::spawn(async move { processes.run("idle_close", stopping).await });
        let sessions = runner.sessions().clone();
        Self { fixture, clock, sessions, runs: 0, _stop: stop, _folder: folder }
    }

    async fn customer_writes(&self) {
        send(&self.fixture.idle_node("a"), "hello").await;
    }

    async fn assistant_answers(&mut self) {
        self.runs += 1;
        let run = RunId(Uuid::from_u128(self.runs));
        let start = StartRun {
            run,
            incarnation: domain::Incarnation(Uuid::nil()),
            assistant: "scripted".to_owned(),
            variant: None,
            deadline: Timestamp::now(),
        };
        self.act(Command::StartRun(start)).await;
        self.act(Command::Reply(Answer {
            run,
            attempt: 1,
            message: MessageId(Uuid::new_v4()),
            outcome: Outcome::Answered,
            language: domain::Language::En,
            confidence_permille: None,
            tokens: None,
            cost: None,
            sources: Vec::new(),
            text: MessageText::repaired("here"),
            suggestions: Vec::new(),
            assistant_context: None,
            shown: String::new(),
            signals: Vec::new(),
            circumstances: circumstances(),
        }))
        .await;
    }

    async fn act(&self, command: Command) {
        let metadata = CommandMetadata {
            actor: Actor::new("agent", "ana"),
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            id: CommandId::random(Uuid::from_u128(1)),
        };
        self.sessions.execute(session(), &metadata, command).await.unwrap();
    }

    fn hours_pass(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }

    async fn is_closed(&self) {
        let closed = |events: &[Event]| closes(events) == 1;
        let events = self.fixture.wait_for(session(), closed).await;
        let Some(Event::Closed(closed)) = events.last() else { panic!("{events:?}") };
        assert_eq!((closed.reason, closed.messages.len()), (CloseReason::Idle, 0));
    }

    /// Longer than a look at the timers takes to come.
    async fn stays_open(&self) {
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(closes(&self.fixture.events(session()).await), 0);
    }
}

fn closes(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Closed(_))).count()
}

#[tokio::test]
async fn a_session_with_the_assistant_is_closed_72_hours_after_the_last_message_and_not_before() {
    let mut shop = Shop::open().await;
    shop.customer_writes().await;
    shop.assistant_answers().await;
    shop.hours_pass(71);
    shop.stays_open().await;
    shop.customer_writes().await;
    shop.assistant_answers().await;
    shop.hours_pass(71);
    shop.stays_open().await;
    shop.hours_pass(2);
    shop.is_closed().await;
}

#[tokio::test]
async fn a_message_that_nobody_has_answered_keeps_the_session_open() {
    let mut shop = Shop::open().await;
    shop.customer_writes().await;
    shop.hours_pass(73);
    shop.stays_open().await;
    shop.assistant_answers().await;
    shop.hours_pass(73);
    shop.is_closed().await;
}

#[tokio::test]
async fn a_session_that_waits_for_a_person_is_not_closed_until_it_is_with_the_assistant_again() {
    let mut shop = Shop::open().await;
    shop.customer_writes().await;
    shop.assistant_answers().await;
    shop.act(escalate(EscalationReason::Manual, "")).await;
    shop.hours_pass(100);
    shop.stays_open().await;
    shop.act(Command::GiveAfterHoursNotice { opens_at: None, is_open: false, mail: MailId(Uuid::new_v4()) }).await;
    shop.hours_pass(100);
    shop.stays_open().await;
    shop.act(Command::CancelEscalation { reason: CancelReason::NobodyCame, notice: new_message() }).await;
    shop.hours_pass(73);
    shop.is_closed().await;
}

#[tokio::test]
async fn a_session_with_a_person_is_not_closed_while_the_customers_message_is_the_last() {
    let shop = Shop::open().await;
    shop.customer_writes().await;
    shop.act(Command::TakeOver { agent: ANA, from_any: true, notice: new_message() }).await;
    shop.hours_pass(100);
    shop.stays_open().await;
    let (by, reason) = (Staff { agent: ANA, is_supervisor: false }, ReasonCode::parse("resolved").unwrap());
    shop.act(Command::Release { by, reason, notice: new_message(), at: testkit::session::circumstances().at }).await;
    shop.hours_pass(73);
    shop.is_closed().await;
}

#[tokio::test]
async fn a_session_with_a_person_is_closed_when_the_customer_was_answered() {
    let mut shop = Shop::open().await;
    shop.customer_writes().await;
    shop.assistant_answers().await;
    shop.act(Command::TakeOver { agent: ANA, from_any: true, notice: new_message() }).await;
    shop.hours_pass(73);
    shop.is_closed().await;
}

#[test]
fn zero_is_never() {
    assert!(IdleClose::new(Duration::ZERO, Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH))).is_none());
}
