//! Whatever step a process manager dies before or after: the next one loses no timer and repeats no command.

use domain::{SessionId, session::Event};
use event_store::Position;

use super::super::worker::Worker;
use crate::process::{
    Context,
    fixture::{Fixture, ONE_OF_EACH, OneOfEach},
};

/// How many steps are done before the crash.
#[derive(Debug, Clone, Copy)]
enum Crash {
    AfterRead,
    AfterCommand(usize),
    BeforeCommit,
    AfterCommit,
}

const CRASHES: [Crash; 5] =
    [Crash::AfterRead, Crash::AfterCommand(1), Crash::AfterCommand(2), Crash::BeforeCommit, Crash::AfterCommit];

async fn worker(context: &Context) -> Worker<'_> {
    let lease = context.store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    Worker::begin(context, &OneOfEach, lease).await.expect("begins")
}

/// Takes the steps up to a crash, then forgets everything.
async fn step(mut worker: Worker<'_>, crash: Crash) {
    match crash {
        Crash::AfterRead => {}
        Crash::AfterCommand(commands) => {
            for _ in 0..commands {
                worker.send_next().await.expect("it is sent");
            }
        }
        Crash::BeforeCommit => worker.send().await.expect("they are sent"),
        Crash::AfterCommit => worker.flush().await.expect("it is committed"),
    }
}

async fn read(fixture: &Fixture, context: &Context, worker: &mut Worker<'_>, after: Position) {
    worker.react_to(fixture.chunk(context, after).await).await.expect("it reacts");
}

/// One that has read an empty log, so that nothing to come is history.
async fn beginning(context: &Context) {
    let mut worker = worker(context).await;
    worker.take_due().await.expect("nothing is due");
    worker.flush().await.expect("it is committed");
}

fn names(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event {
        Event::Escalated(_) => Some("escalated"),
        Event::AfterHoursNoticeGiven(_) => Some("notice"),
        Event::EscalationCancelled(_) => Some("cancelled"),
        Event::Closed(_) => Some("closed"),
        _ => None,
    };
    events.iter().filter_map(name).collect()
}

async fn assert_after_message(fixture: &Fixture, session: SessionId, what: Crash) {
    assert_eq!(names(&fixture.events(session).await), ["escalated", "notice"], "{what:?}");
    assert_eq!(fixture.count("select count(*) from timer").await, 1, "{what:?}");
    assert_eq!(fixture.count("select count(*) from outbox").await, 1, "{what:?}");
    assert_eq!(fixture.count("select cast(state as integer) from state").await, 1, "{what:?}");
}

#[tokio::test]
async fn a_crash_around_an_event_loses_no_timer_and_repeats_no_command() {
    for crash in CRASHES {
        let fixture = Fixture::new().await;
        let context = fixture.node("a").await;
        beginning(&context).await;
        let session = fixture.message(&context, 1).await;
        let mut dying = worker(&context).await;
        read(&fixture, &context, &mut dying, Position::START).await;
        step(dying, crash).await;

        let next = fixture.node("a").await;
        let cursor = next.store.cursor(ONE_OF_EACH, &fixture.memory).await.expect("answers").expect("it is there");
        let mut worker = worker(&next).await;
        read(&fixture, &next, &mut worker, cursor.position).await;
        worker.flush().await.expect("it is committed");
        assert_after_message(&fixture, session, crash).await;
    }
}

#[tokio::test]
async fn a_crash_around_a_timer_loses_it_not_and_repeats_no_command() {
    for crash in CRASHES {
        let fixture = Fixture::new().await;
        let context = fixture.node("a").await;
        beginning(&context).await;
        let session = fixture.message(&context, 1).await;
        let mut dying = worker(&context).await;
        read(&fixture, &context, &mut dying, Position::START).await;
        dying.flush().await.expect("it is committed");
        assert_eq!(dying.take_due().await.expect("answers"), 0, "an hour has not passed");
        fixture.advance(3601);
        assert_eq!(dying.take_due().await.expect("answers"), 1);
        step(dying, crash).await;

        let next = fixture.node("a").await;
        let mut worker = worker(&next).await;
        let left = worker.take_due().await.expect("answers");
        assert_eq!(left, usize::from(!matches!(crash, Crash::AfterCommit)), "{crash:?}");
        worker.flush().await.expect("it is committed");
        assert_eq!(names(&fixture.events(session).await), ["escalated", "notice", "cancelled", "closed"], "{crash:?}");
        assert_eq!(fixture.count("select count(*) from timer").await, 0, "{crash:?}");
        assert_eq!(fixture.count("select count(*) from outbox").await, 2, "{crash:?}");
    }
}
