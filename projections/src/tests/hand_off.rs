//! Persons in sessions: waits, transfers, offers, mails, messages and notices, then rows; the queue and agents' figures.

use domain::{
    AgentId, Incarnation, Language, MailId, MessageId, OfferId, TransferId,
    policy::{Rule, Signal},
    session::{
        Command, Status,
        command::{SendAgentMessage, SendMessage, Staff, Transfer},
        event::{EscalationReason, MailFailure, MailKind, OfferEnd, Recipient, ReturnReason, TransferTarget, Words},
        notice::Notice,
        priority::PriorityClass,
    },
    text::{MessageText, Skill},
};
use event_store::Position;
use jiff::{SignedDuration, Timestamp};
use testkit::{
    SessionDriver,
    session::{circumstances, new_message},
};
use uuid::Uuid;

use super::fixture::{Fixture, Running};
use crate::{Audience, MailStatus, Role, ServiceEnd, SessionView};

async fn row(running: &Running, thread: &mut SessionDriver) -> SessionView {
    if let Some(position) = thread.write().await {
        running.reach(position).await;
    }
    running.views.session(thread.session()).await.unwrap().unwrap()
}

fn in_an_hour() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}

fn agent() -> AgentId {
    AgentId(Uuid::new_v4())
}

fn transfer(thread: &SessionDriver, to: TransferTarget) -> Transfer {
    let by = Staff { agent: thread.agent(), is_supervisor: true };
    Transfer { by, to, reason: MessageText::repaired("他懂电池"), notice: new_message() }
}

fn group(name: &str) -> Skill {
    Skill::parse(name).unwrap()
}

fn speaks(thread: &mut SessionDriver, agent: AgentId, text: &str) -> MessageId {
    let message = new_message();
    let text = MessageText::repaired(text);
    thread.tell(Command::SendAgentMessage(SendAgentMessage { agent, message, text, quick_reply: None }));
    message
}

#[tokio::test]
async fn a_session_that_comes_back_keeps_its_place_and_one_that_was_released_begins_anew() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    let mut thread = SessionDriver::new(&fixture.log, "s");
    let first = row(&running, thread.says("人工").escalates(EscalationReason::Manual)).await;
    assert!(first.waiting_since.is_some());
    let live = row(&running, thread.is_taken_over()).await;
    assert_eq!((live.waiting_since, live.first_waiting_at), (None, first.waiting_since));
    let back = row(&running, thread.is_returned_to_queue()).await;
    assert_eq!((back.status, back.waiting_since), (Status::PendingManual, first.waiting_since));
    assert!(back.updated_at > first.updated_at);
    let released = row(&running, thread.is_taken_over().is_released()).await;
    assert_eq!((released.first_waiting_at, released.live_since), (None, None));
    let again = row(&running, thread.escalates(EscalationReason::Manual)).await;
    assert_eq!(again.waiting_since, again.escalation.map(|escalation| escalation.trigger_at));
    let after_hours = Command::GiveAfterHoursNotice { opens_at: None, is_open: false, mail: MailId(Uuid::new_v4()) };
    let night = row(&running, thread.tell(after_hours)).await;
    assert_eq!((night.waiting_since, night.mail.map(|mail| mail.status)), (None, Some(MailStatus::Requested)));
    assert!(night.escalation.is_some());
    let morning = row(&running, thread.tell(Command::EnterQueue { policy_version: 0 })).await;
    assert_eq!(morning.waiting_since, Some(morning.updated_at));
}

#[tokio::test]
async fn a_transfer_changes_the_agent_and_not_since_when_the_session_is_live() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    let (mut thread, other) = (SessionDriver::new(&fixture.log, "s"), agent());
    let live = row(&running, thread.says("人工").is_taken_over()).await;
    let request = transfer(&thread, TransferTarget::Agent(other));
    let asked = Command::RequestTransfer { transfer: TransferId(Uuid::new_v4()), request, expires_at: in_an_hour() };
    let pending = row(&running, thread.tell(asked)).await.transfer.unwrap();
    assert_eq!((pending.to, pending.from), (TransferTarget::Agent(other), thread.agent()));
    assert_eq!(pending.reason.as_deref(), Some("他懂电池"));
    assert_eq!(running.views.reading().await.unwrap().open_transfers().await.unwrap().len(), 1);

    let at_once = Command::Transfer(transfer(&thread, TransferTarget::Agent(other)));
    let given = row(&running, thread.tell(at_once)).await;
    assert_eq!((given.agent, given.transfer, given.live_since), (Some(other), None, live.taken_over_at));
    assert!(given.taken_over_at > live.taken_over_at);

    let to_group = Command::Transfer(transfer(&thread, TransferTarget::Group(group("returns"))));
    let waits = row(&running, thread.tell(to_group)).await;
    assert_eq!((waits.status, waits.group), (Status::PendingManual, Some(group("returns"))));
    let services = running.views.reading().await.unwrap().services(thread.session()).await.unwrap();
    let ends: Vec<_> = services.iter().map(|one| (one.agent, one.ended.unwrap().0)).collect();
    assert_eq!(ends, [(thread.agent(), ServiceEnd::Transferred), (other, ServiceEnd::TransferredToGroup)]);
}

#[tokio::test]
async fn offers_and_mails_are_pending_until_their_answer() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    let (mut thread, offer, mail) =
        (SessionDriver::new(&fixture.log, "s"), OfferId(Uuid::new_v4()), MailId(Uuid::new_v4()));
    thread.says("人工").escalates(EscalationReason::Manual);
    let to = agent();
    let offered = row(&running, thread.tell(Command::MakeOffer { offer, agent: to, expires_at: in_an_hour() })).await;
    assert_eq!(offered.offer.map(|open| (open.offer, open.agent)), Some((offer, to)));
    let open = running.views.reading().await.unwrap().open_offers().await.unwrap();
    assert_eq!(open.len(), 1);
    thread.tell(Command::EndOffer { offer, reason: OfferEnd::Expired });
    let asked = row(&running, thread.tell(Command::RequestMail { mail, kind: MailKind::ByHand })).await;
    assert_eq!((asked.offer, asked.mail.unwrap().status), (None, MailStatus::Requested));
    let failure = Some(MailFailure::Refused);
    let failed = row(&running, thread.tell(Command::RecordMail { mail, attempts: 3, failure })).await.mail.unwrap();
    assert_eq!((failed.mail, failed.status, failed.failure), (mail, MailStatus::Failed, failure));
}

#[tokio::test]
async fn agents_messages_and_notices_are_messages_that_a_clear_hides() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    let owner = thread.agent();
    thread.says("人工").is_taken_over();
    let message = speaks(&mut thread, owner, "您好");
    thread.write().await;
    let running = fixture.caught_up().await;
    let shown = running.views.messages(thread.session(), Audience::Customer, None, 50).await.unwrap();
    let roles: Vec<Role> = shown.iter().map(|one| one.role).collect();
    assert_eq!(roles, [Role::User, Role::System, Role::Agent]);
    assert_eq!(shown[1].notice.map(|given| given.notice), Some(Notice::AgentJoined { agent: owner }));
    assert_eq!((shown[1].content.as_deref(), shown[1].agent), (None, None));
    let agents = (shown[2].message, shown[2].agent, shown[2].content.as_deref(), shown[2].notice);
    assert_eq!(agents, (message, Some(owner), Some("您好"), None));
    let listed = running.views.list(None, 1, 0).await.unwrap().0.remove(0).last_message.unwrap();
    assert_eq!((listed.role, listed.content.as_deref()), (Role::Agent, Some("您好")));
    thread.starts_context(true);
    row(&running, &mut thread).await;
    assert!(running.views.messages(thread.session(), Audience::Customer, None, 50).await.unwrap().is_empty());
    let staff = running.views.messages(thread.session(), Audience::Staff, None, 50).await.unwrap();
    assert_eq!(staff.iter().filter(|one| one.hidden).count(), 3);
}

/// The customer writes to whoever has the session or will; a rule reads something in it.
fn tells_person(thread: &mut SessionDriver, text: &str, rule: Option<Rule>) {
    let send = SendMessage {
        opening: thread.opening(),
        message: new_message(),
        words: Words { text: MessageText::repaired(text), parameters: serde_json::Map::new() },
        language: Language::Zh,
        incarnation: Incarnation(Uuid::nil()),
        recipient: Recipient::Person,
        signals: rule.into_iter().map(|rule| Signal { rule, evidence: text.to_owned() }).collect(),
        urgency: None,
        email: None,
        circumstances: circumstances(),
    };
    thread.tell(Command::SendMessage(send));
}

/// Sessions that wait, first to last, for a group or for anybody.
async fn waiting(fixture: &Fixture, groups: &[Option<&str>]) -> Vec<SessionDriver> {
    let mut threads = Vec::new();
    for (number, name) in groups.iter().enumerate() {
        let mut thread = SessionDriver::new(&fixture.log, &format!("s{number}"));
        thread.says("人工").is_taken_over();
        let (agent, reason, group) = (thread.agent(), ReturnReason::Transferred, name.map(group));
        thread.tell(Command::ReturnToQueue { agent, reason, group, notice: new_message() }).write().await;
        threads.push(thread);
    }
    threads
}

#[tokio::test]
async fn the_queue_is_ordered_by_class_then_wait_in_pages_and_by_group() {
    let fixture = Fixture::new();
    let mut threads = waiting(&fixture, &[None, Some("returns"), None, Some("returns")]).await;
    // Danger in the last one: the customer of a waiting session writes of smoke.
    tells_person(&mut threads[3], "电池冒烟了", Some(Rule::R0));
    threads[3].write().await;
    let running = fixture.caught_up().await;
    let mut reading = running.views.reading().await.unwrap();
    let now = reading.session(threads[2].session()).await.unwrap().unwrap().waiting_since.unwrap();
    let all = reading.queue(None, now, 10, 0).await.unwrap();
    let order: Vec<_> = all.entries.iter().map(|one| one.session.session).collect();
    assert_eq!(order, [3, 0, 1, 2].map(|number: usize| threads[number].session()));
    assert_eq!(all.entries.iter().map(|one| one.place.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(all.entries[0].place.class, PriorityClass::Danger);
    let page = reading.queue(None, now, 2, 1).await.unwrap();
    assert_eq!((page.total, page.entries.len(), &page.entries[0]), (4, 2, &all.entries[1]));
    let returns = reading.queue(Some(&group("returns")), now, 10, 0).await.unwrap();
    let order: Vec<_> = returns.entries.iter().map(|one| (one.place.position, one.session.session)).collect();
    assert_eq!(order, [(1, threads[3].session()), (2, threads[1].session())]);
    // Long waits raise all of them to VIP, none into danger.
    let later = reading.queue(None, now + SignedDuration::from_mins(20), 10, 0).await.unwrap();
    let classes: Vec<_> = later.entries.iter().map(|one| one.place.class).collect();
    assert_eq!(classes, [PriorityClass::Danger, PriorityClass::Vip, PriorityClass::Vip, PriorityClass::Vip]);
    let place = reading.queue_places(now).await.unwrap()[&threads[2].session()];
    assert_eq!((place.position, place.estimated_wait), (4, None), "nobody serves");
}

#[tokio::test]
async fn agents_load_and_figures_count_live_sessions_and_services_that_ended_today() {
    let fixture = Fixture::new();
    let busy = agent();
    let mut live = SessionDriver::new(&fixture.log, "live").with_agent(busy);
    live.says("人工").is_taken_over().write().await;
    let mut done = SessionDriver::new(&fixture.log, "done").with_agent(busy);
    done.says("人工").is_taken_over().write().await;
    for text in ["在吗？", "喂？"] {
        tells_person(&mut done, text, None);
        done.write().await;
    }
    speaks(&mut done, busy, "在");
    done.is_released().write().await;
    let mut waits = SessionDriver::new(&fixture.log, "waits");
    waits.says("人工").escalates(EscalationReason::Manual).write().await;
    let running = fixture.caught_up().await;
    let mut reading = running.views.reading().await.unwrap();
    assert_eq!(reading.load().await.unwrap().into_iter().collect::<Vec<_>>(), [(busy, 1)]);
    let own: Vec<_> = reading.sessions_of(busy).await.unwrap().into_iter().map(|one| one.session).collect();
    assert_eq!(own, [live.session()]);
    let service = reading.services(done.session()).await.unwrap().remove(0);
    let (how, ended_at) = service.ended.unwrap();
    assert_eq!((how, service.answers, service.asked_at), (ServiceEnd::Released, 1, None));
    assert!(service.answer_time > SignedDuration::ZERO && service.first_message_at.is_some());
    let figures = reading.agent_today(busy, ended_at, ended_at).await.unwrap();
    assert_eq!(figures.processed_count, 1);
    assert!((figures.avg_response_time - service.answer_time.as_secs_f64()).abs() < 1e-6);
    assert!((figures.avg_duration - ended_at.duration_since(service.began_at).as_secs_f64()).abs() < 1e-6);
    let step = SignedDuration::from_micros(1);
    for (now, day_start) in [(ended_at - step, Timestamp::UNIX_EPOCH), (ended_at, ended_at + step)] {
        assert_eq!(reading.agent_today(busy, now, day_start).await.unwrap(), crate::AgentToday::default());
    }
    let place = reading.queue_places(ended_at).await.unwrap()[&waits.session()];
    assert_eq!(place.estimated_wait, Some(SignedDuration::ZERO), "the only service took less than a second");
}

/// Statements with the index that each has to use.
const PLANS: [(&str, &str); 8] = [
    ("select id, class, waiting_since from session where status = 'pending_manual'", "session_by_status"),
    ("select agent, count(*) from session where agent is not null group by agent", "session_by_agent"),
    ("select count(distinct agent) from session where agent is not null", "session_by_agent"),
    ("select id from session where agent = 'a' order by taken_over_at, id", "session_by_agent"),
    ("select id from session where offer is not null order by offer_expires_at, id", "session_by_offer"),
    ("select id from session where transfer is not null order by transfer_expires_at, id", "session_by_transfer"),
    ("select agent from service where ended_at is null and session in ('a', 'b')", "service_by_session"),
    (
        "select began_at from service where ended_at is not null order by ended_at desc, began desc limit 50",
        "service_by_end",
    ),
];

#[tokio::test]
async fn no_question_about_people_looks_at_all_sessions() {
    let fixture = Fixture::new();
    SessionDriver::new(&fixture.log, "s").says("问题").write().await;
    let running = fixture.caught_up().await;
    let database = running.views.database();
    for (statement, index) in PLANS {
        let plan = database.fetch(&format!("explain query plan {statement}"), &[]).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|step| step.text(3).unwrap()).collect();
        assert!(steps.iter().any(|step| step.contains(index)), "{statement}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY") && index == "service_by_end"));
    }
    assert_ne!(running.views.position(), Position::START);
}
