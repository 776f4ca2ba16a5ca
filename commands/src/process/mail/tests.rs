//! A mail is sent once, tried for a day, and recorded; one that history left open is sent, one that is over is not.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    AgentId, MailId, MessageId, SessionId,
    session::{
        Command, Event, Status,
        command::SendAgentMessage,
        event::{MailFailed, MailFailure, MailKind, MailSent},
    },
    text::MessageText,
};
use event_store::Actor;
use uuid::Uuid;

use super::{ATTEMPTS, MailDelivery, OutcomesHandle, SendMail};
use crate::{
    event_id::CommandId,
    executor::CommandMetadata,
    mailer::{Mail, MailAuthor, MailError, Mailer},
    process::{
        Context, Delivery,
        fixture::{Fixture, LOG_ID, start, until},
        outbox::{OUTBOX, Worker},
    },
};

/// Answers as it was told, then always takes it; remembers what it was given.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<MailError>>,
    mails: Mutex<Vec<Mail>>,
}

impl Scripted {
    fn refusing(answers: impl IntoIterator<Item = MailError>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), mails: Mutex::default() })
    }

    fn ids(&self) -> Vec<MailId> {
        self.mails.lock().expect("no panic").iter().map(|mail| mail.id).collect()
    }
}

#[async_trait]
impl Mailer for Scripted {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.mails.lock().expect("no panic").push(mail.clone());
        self.answers.lock().expect("no panic").pop_front().map_or(Ok(()), Err)
    }
}

fn mail(n: u128) -> MailId {
    MailId(Uuid::from_u128(n))
}

async fn act(context: &Context, session: SessionId, command: Command) {
    let actor = Actor::new("agent", "a");
    let metadata =
        CommandMetadata { actor, correlation_id: Uuid::nil(), causation_id: None, id: CommandId::random(LOG_ID) };
    context.sessions.execute(session, &metadata, command).await.expect("it is taken");
}

async fn request(context: &Context, session: SessionId, n: u128) {
    act(context, session, Command::RequestMail { mail: mail(n), kind: MailKind::ByHand }).await;
}

fn delivery(context: &Context, mailer: &Arc<Scripted>) -> Arc<dyn Delivery> {
    let outcomes = OutcomesHandle::default();
    Arc::new(MailDelivery::new(
        context.sessions.clone(),
        mailer.clone(),
        context.clock.clone(),
        jiff::tz::TimeZone::UTC,
        outcomes,
    ))
}

/// Has the process manager put what is open into the outbox. The log's clock goes on and the test's stands still, so it is set
/// past what was recorded.
async fn items(fixture: &Fixture, context: &Context, count: i64) {
    fixture.advance(60);
    let running = start(context, SendMail);
    until("items are in the outbox", async || fixture.count("select count(*) from outbox").await == count).await;
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");
}

async fn worker<'a>(context: &'a Context, deliveries: &'a [Arc<dyn Delivery>]) -> Worker<'a> {
    let lease = context.store.acquire(OUTBOX, &context.node).await.expect("answers").expect("it is free");
    Worker { context, deliveries, lease }
}

async fn outcomes(fixture: &Fixture, session: SessionId) -> Vec<Event> {
    let events = fixture.events(session).await;
    events.into_iter().filter(|event| matches!(event, Event::MailSent(_) | Event::MailFailed(_))).collect()
}

#[tokio::test]
async fn only_what_history_left_open_is_sent_by_one_that_is_new_to_the_log() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let session = fixture.message(&context, 1).await;
    for n in 1..=3 {
        request(&context, session, n).await;
    }
    for (n, failure) in [(1, None), (2, Some(MailFailure::Rejected))] {
        act(&context, session, Command::RecordMail { mail: mail(n), attempts: 1, failure }).await;
    }
    items(&fixture, &context, 1).await;
    let mailer = Scripted::refusing([]);
    let deliveries = [delivery(&context, &mailer)];
    assert_eq!(worker(&context, &deliveries).await.deliver_due().await.expect("answers"), 1);
    assert_eq!(mailer.ids(), [mail(3)]);
    let sent = Event::MailSent(MailSent { mail: mail(3), attempts: 1 });
    assert_eq!(outcomes(&fixture, session).await.last(), Some(&sent));
    assert_eq!(fixture.count("select count(*) from timer").await, 0);
}

#[tokio::test]
async fn a_mail_says_what_the_session_says_when_it_is_sent() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let session = fixture.message(&context, 1).await;
    request(&context, session, 1).await;
    let (agent, notice) = (AgentId(Uuid::from_u128(9)), MessageId(Uuid::from_u128(9)));
    act(&context, session, Command::TakeOver { agent, from_any: true, notice }).await;
    for n in 1..=9 {
        let (message, text) = (MessageId(Uuid::from_u128(n)), MessageText::parse(n.to_string()).expect("a text"));
        act(&context, session, Command::SendAgentMessage(SendAgentMessage { agent, message, text, quick_reply: None }))
            .await;
    }
    items(&fixture, &context, 1).await;
    let mailer = Scripted::refusing([]);
    let deliveries = [delivery(&context, &mailer)];
    worker(&context, &deliveries).await.deliver_due().await.expect("answers");
    let mails = mailer.mails.lock().expect("no panic");
    assert_eq!((mails[0].session_name.as_str(), mails[0].messages.len(), mails[0].reason), ("s", 10, None));
    let said: Vec<String> = mails[0].messages.iter().map(|line| line.text.clone()).collect();
    let joined = "A member of our customer service has joined the chat and is here to help you.".to_owned();
    let expected: Vec<String> = [joined].into_iter().chain((1..=9).map(|n| n.to_string())).collect();
    assert_eq!(said, expected, "the customer's hello is the eleventh");
    let authors: Vec<MailAuthor> = mails[0].messages.iter().map(|line| line.author).collect();
    assert_eq!(authors, [&[MailAuthor::System][..], &[MailAuthor::Agent; 9]].concat());
    assert_eq!(mails[0].status, Status::ManualLive);
    assert_eq!(mails[0].sent_at, context.clock.now());
}

#[tokio::test]
async fn a_mail_is_tried_three_times_then_hourly_for_a_day_and_then_given_up() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let session = fixture.message(&context, 1).await;
    request(&context, session, 1).await;
    items(&fixture, &context, 1).await;
    let down = || MailError::retry(MailFailure::Unavailable, "connection");
    let mailer = Scripted::refusing(std::iter::repeat_with(down).take(100));
    let delivery = delivery(&context, &mailer);
    let waits: Vec<Duration> = (1..ATTEMPTS).map(|attempt| delivery.delay(attempt)).collect();
    let deliveries = [delivery];
    let worker = worker(&context, &deliveries).await;
    assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    for wait in &waits {
        assert_eq!(outcomes(&fixture, session).await, []);
        let seconds = i64::try_from(wait.as_secs()).expect("an hour at most");
        fixture.advance(seconds - 1);
        assert_eq!(worker.deliver_due().await.expect("answers"), 0, "not before {wait:?}");
        fixture.advance(1);
        assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    }
    let failed = MailFailed { mail: mail(1), attempts: 27, code: MailFailure::Unavailable };
    assert_eq!(outcomes(&fixture, session).await, [Event::MailFailed(failed)]);
    assert_eq!(waits.iter().sum::<Duration>().as_secs(), 70 + 24 * 3600);
    fixture.advance(48 * 3600);
    assert_eq!(worker.deliver_due().await.expect("answers"), 0);
    assert_eq!(mailer.ids(), [mail(1); 27]);
}

#[tokio::test]
async fn what_is_recorded_is_not_sent_again() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let session = fixture.message(&context, 1).await;
    request(&context, session, 1).await;
    items(&fixture, &context, 1).await;
    act(&context, session, Command::RecordMail { mail: mail(1), attempts: 1, failure: None }).await;
    let mailer = Scripted::refusing([]);
    let deliveries = [delivery(&context, &mailer)];
    assert_eq!(worker(&context, &deliveries).await.deliver_due().await.expect("answers"), 1);
    assert_eq!((mailer.ids().len(), outcomes(&fixture, session).await.len()), (0, 1));
}
