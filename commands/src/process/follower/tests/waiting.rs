//! What becomes of a session that waits, by the clock: nobody comes, the shop opens, an offer or a transfer is not answered.

use std::{sync::Arc, time::Duration};

use domain::{
    AgentId, MessageId, SessionId, TransferId, VisitorId,
    session::{
        Command, Event, Status,
        command::{Staff, Transfer},
        event::{CancelReason, EscalationReason, Recipient, TransferEnd, TransferTarget},
    },
    text::{MessageText, SessionName},
};
use event_store::{Clock as _, Position};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{super::worker::Worker, by_hand};
use crate::{
    process::{Context, Expiry, NobodyCame, ProcessManager, Waiting, fixture::Fixture},
    rules::Rules,
    sessions::ReceiveMessage,
    settings::{SettingsInForce, VersionZero},
};

const ALWAYS_OPEN: &str = "[default]\ntime_zone = \"UTC\"\n[default.week]\nmonday = \"00:00-24:00\"\ntuesday = \"00:00-24:00\"\n\
    wednesday = \"00:00-24:00\"\nthursday = \"00:00-24:00\"\nfriday = \"00:00-24:00\"\nsaturday = \"00:00-24:00\"\nsunday = \
    \"00:00-24:00\"\n";

/// Every day from ten minutes ago to in five minutes.
fn short_day(now: Timestamp) -> String {
    let time = |minutes| (now + SignedDuration::from_mins(minutes)).strftime("%H:%M").to_string();
    ALWAYS_OPEN.replace("00:00-24:00", &format!("{}-{}", time(-10), time(5)))
}

fn rules(fixture: &Fixture, calendars: &str) -> Arc<Rules> {
    let zero = VersionZero { calendars: calendars.to_owned(), ..VersionZero::default() };
    let settings = SettingsInForce::starting_with(zero, Position::START).expect("it is readable");
    Arc::new(Rules::new(Arc::new(settings), fixture.clock.clone()))
}

fn manager(fixture: &Fixture, then: NobodyCame, calendars: &str) -> Waiting {
    Waiting::new(Duration::from_secs(600), then, rules(fixture, calendars))
}

async fn waits(fixture: &Fixture, context: &Context) -> SessionId {
    let session = fixture.message(context, 1).await;
    let command = testkit::session::escalate(EscalationReason::Manual, "");
    context.sessions.execute(session, &by_hand(), command).await.expect("it may");
    session
}

/// Reads what is new, does what is due, and is dropped: so each step is the work of a new holder.
async fn step(fixture: &Fixture, context: &Context, manager: &dyn ProcessManager) -> usize {
    let lease = context.store.acquire(manager.name(), &context.node).await.expect("answers").expect("it is free");
    let mut worker = Worker::begin(context, manager, lease).await.expect("begins");
    let cursor = context.store.cursor(manager.name(), &fixture.memory).await.expect("answers").expect("it is there");
    worker.react_to(fixture.chunk(context, cursor.position).await).await.expect("it reacts");
    worker.flush().await.expect("it is committed");
    let due = worker.take_due().await.expect("answers");
    worker.flush().await.expect("it is committed");
    due
}

async fn status(context: &Context, session: SessionId) -> Status {
    let current = context.sessions.current(session).await.expect("the log answers");
    current.state.session().expect("it is there").status()
}

async fn count(fixture: &Fixture, session: SessionId, is_one: fn(&Event) -> bool) -> usize {
    fixture.events(session).await.iter().filter(|event| is_one(event)).count()
}

#[tokio::test]
async fn nobody_comes_in_time_and_mail_goes_out_or_the_assistant_has_it_again() {
    for (then, expected) in [(NobodyCame::Mail, Status::AfterHoursEmail), (NobodyCame::Assistant, Status::BotActive)] {
        let fixture = Fixture::new().await;
        let (context, manager) = (fixture.node("a").await, manager(&fixture, then, ALWAYS_OPEN));
        let session = waits(&fixture, &context).await;
        step(&fixture, &context, &manager).await;
        step(&fixture, &context, &manager).await;
        fixture.advance(599);
        assert_eq!(step(&fixture, &context, &manager).await, 0);
        assert_eq!(status(&context, session).await, Status::PendingManual);
        fixture.advance(2);
        assert_eq!(step(&fixture, &context, &manager).await, 1);
        assert_eq!(status(&context, session).await, expected, "{then:?}");
        let mails = count(&fixture, session, |event| matches!(event, Event::MailRequested(_))).await;
        assert_eq!(mails, usize::from(then == NobodyCame::Mail));
    }
}

#[tokio::test]
async fn who_is_taken_in_time_is_left_alone_and_zero_is_never() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let never = Waiting::new(Duration::ZERO, NobodyCame::Mail, rules(&fixture, ALWAYS_OPEN));
    let session = waits(&fixture, &context).await;
    step(&fixture, &context, &never).await;
    assert_eq!(fixture.count("select count(*) from timer").await, 0);
    fixture.execute("delete from checkpoint").await;
    fixture.execute("delete from state").await;

    let manager = manager(&fixture, NobodyCame::Mail, ALWAYS_OPEN);
    step(&fixture, &context, &manager).await;
    assert_eq!(fixture.count("select count(*) from timer").await, 1);
    let (agent, notice) = (AgentId(Uuid::from_u128(7)), MessageId(Uuid::nil()));
    let command = Command::TakeOver { agent, from_any: false, notice };
    context.sessions.execute(session, &by_hand(), command).await.expect("it may");
    fixture.advance(601);
    step(&fixture, &context, &manager).await;
    assert_eq!(fixture.count("select count(*) from timer").await, 0);
    assert_eq!(status(&context, session).await, Status::ManualLive);
}

/// Of ten minutes the shop is open for five; the rest is waited on the next day, and at the opening after that the session waits.
#[tokio::test]
async fn only_working_time_counts_and_at_the_next_opening_it_waits_again() {
    let fixture = Fixture::new().await;
    let calendars = short_day(fixture.clock.now());
    let (context, manager) = (fixture.node("a").await, manager(&fixture, NobodyCame::Mail, &calendars));
    let session = waits(&fixture, &context).await;
    step(&fixture, &context, &manager).await;
    step(&fixture, &context, &manager).await;
    fixture.advance(601);
    assert_eq!(step(&fixture, &context, &manager).await, 1);
    assert_eq!(status(&context, session).await, Status::PendingManual, "the shop is closed");
    fixture.advance(24 * 3600);
    assert_eq!(step(&fixture, &context, &manager).await, 1);
    assert_eq!(status(&context, session).await, Status::AfterHoursEmail);
    step(&fixture, &context, &manager).await;
    fixture.advance(23 * 3600);
    assert_eq!(step(&fixture, &context, &manager).await, 0, "it is not open yet");
    fixture.advance(45 * 60);
    assert_eq!(step(&fixture, &context, &manager).await, 1);
    assert_eq!(status(&context, session).await, Status::PendingManual);
    let at_opening = |event: &Event| matches!(event, Event::Escalated(escalated) if escalated.rule == "opening_time");
    assert_eq!(count(&fixture, session, at_opening).await, 1);
}

#[tokio::test]
async fn danger_stays_and_the_mail_is_sent_again_once() {
    for then in NobodyCame::ALL {
        let fixture = Fixture::new().await;
        let (context, manager) = (fixture.node("a").await, manager(&fixture, then, ALWAYS_OPEN));
        let session = waits(&fixture, &context).await;
        let request = ReceiveMessage {
            visitor: VisitorId(Uuid::from_u128(1)),
            name: SessionName::parse("s".to_owned()).expect("a name"),
            text: MessageText::parse("the battery is on fire".to_owned()).expect("a text"),
            parameters: serde_json::Map::new(),
            recipient: Recipient::Person,
            page: None,
            is_vip: false,
            key: None,
            correlation_id: Uuid::new_v4(),
        };
        let rules = rules(&fixture, ALWAYS_OPEN);
        context.sessions.receive_message(&context.node, &rules, request).await.expect("it is taken");
        let is_mail = |event: &Event| matches!(event, Event::MailRequested(_));
        step(&fixture, &context, &manager).await;
        step(&fixture, &context, &manager).await;
        fixture.advance(601);
        assert_eq!(step(&fixture, &context, &manager).await, 1);
        for _ in 0..3 {
            fixture.advance(3600);
            assert_eq!(step(&fixture, &context, &manager).await, 0);
        }
        assert_eq!(count(&fixture, session, is_mail).await, 1);
        let (reason, notice) = (CancelReason::NobodyCame, MessageId(Uuid::nil()));
        let late = Command::CancelEscalation { reason, notice };
        context.sessions.execute(session, &by_hand(), late).await.expect("it changes nothing");
        assert_eq!(status(&context, session).await, Status::PendingManual);
    }
}

#[tokio::test]
async fn a_transfer_that_nobody_answers_in_time_is_over() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let session = waits(&fixture, &context).await;
    let (agent, notice) = (AgentId(Uuid::from_u128(7)), MessageId(Uuid::nil()));
    let take = Command::TakeOver { agent, from_any: false, notice };
    context.sessions.execute(session, &by_hand(), take).await.expect("it may");
    let request = Transfer {
        by: Staff { agent, is_supervisor: false },
        to: TransferTarget::Agent(AgentId(Uuid::from_u128(8))),
        reason: MessageText::parse("because".to_owned()).expect("a text"),
        notice,
    };
    let expires_at = fixture.clock.now() + SignedDuration::from_secs(60);
    let ask = Command::RequestTransfer { transfer: TransferId(Uuid::from_u128(9)), request, expires_at };
    context.sessions.execute(session, &by_hand(), ask).await.expect("it may");
    step(&fixture, &context, &Expiry).await;
    step(&fixture, &context, &Expiry).await;
    fixture.advance(59);
    assert_eq!(step(&fixture, &context, &Expiry).await, 0);
    fixture.advance(2);
    assert_eq!(step(&fixture, &context, &Expiry).await, 1);
    let expired = |event: &Event| matches!(event, Event::TransferDeclined(end) if end.reason == TransferEnd::Expired);
    assert_eq!(count(&fixture, session, expired).await, 1);
    assert_eq!(status(&context, session).await, Status::ManualLive);
}
