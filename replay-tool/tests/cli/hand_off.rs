//! A session that went through everything that can happen between a customer and people: each event has its line, and notices
//! read as the customer read them.

use domain::{
    AgentId, Language, MailId, MessageId, NoteId, OfferId, Personal, QuickReplyId, TransferId,
    agent::{
        Event as AccountEvent, Role,
        event::{Created, Names, Person, Renamed},
    },
    policy::Rule,
    session::{
        Event,
        event::{
            AfterHoursNoticeGiven, AgentMessageSent, AgentTookOver, AgentWords, CancelReason, CloseReason, Closed,
            ContactDetails, EscalationCancelled, MailFailed, MailFailure, MailKind, MailRequested, MailSent, NoteAdded,
            NoteEdited, NoteRemoved, NoteWords, NoticeGiven, OfferAccepted, OfferEnd, OfferExpired, OfferMade,
            PriorityChanged, ProfileChanged, RatingGiven, RatingRemark, Recipient, Remark, Reopened, ReturnReason,
            ReturnedToQueue, TagsChanged, TransferAccepted, TransferDeclined, TransferEnd, TransferKind,
            TransferRequested, TransferTarget, Transferred,
        },
        notice::Notice,
        priority::PriorityClass,
        rating::Score,
    },
    text::{EmailAddress, PersonName, Skill, Tag, Username},
};
use event_store::Actor;
use jiff::Timestamp;
use uuid::Uuid;

use crate::shop::{NAME, Shop, agent, customer, customer_says, escalated, id, opened, session_of, staff, text};

const EXPECTED: &str = include_str!("hand_off.txt");
/// Of the accounts of both agents.
const EVENTS_BEFORE: u64 = 3;

fn other() -> AgentId {
    AgentId(Uuid::from_u128(0xc002))
}

fn system() -> Actor {
    Actor::new("system", "desk")
}

fn noon() -> Timestamp {
    Timestamp::constant(1_763_899_200, 0)
}

fn group() -> Skill {
    Skill::parse("Batteries").unwrap()
}

fn account(name: &str) -> AccountEvent {
    let person =
        Person { username: Username::parse(name).unwrap(), name: PersonName::parse(name).unwrap(), email: None };
    let (skills, languages) = (Vec::new(), Vec::new());
    AccountEvent::Created(Created {
        role: Role::Agent,
        skills,
        languages,
        capacity: 5,
        person: Personal::Known(person),
    })
}

fn renamed(name: &str) -> AccountEvent {
    let names = Names { name: PersonName::parse(name).unwrap(), email: None };
    AccountEvent::Renamed(Renamed { names: Personal::Known(names) })
}

fn notice(n: u128, notice: Notice) -> Event {
    Event::NoticeGiven(NoticeGiven { message: MessageId(id(n)), language: Language::En, notice })
}

fn asked(n: u128, to: TransferTarget) -> Event {
    let remark = Personal::Known(Remark { reason: Some(text("knows batteries better")) });
    let transfer = TransferId(id(n));
    Event::TransferRequested(TransferRequested { transfer, from: agent(), to, expires_at: noon(), remark })
}

fn not_transferred(n: u128, reason: TransferEnd) -> Event {
    Event::TransferDeclined(TransferDeclined { transfer: TransferId(id(n)), reason })
}

fn transferred(n: u128, from: AgentId, to: AgentId, how: TransferKind, reason: Option<&str>) -> [Event; 2] {
    let remark = Personal::Known(Remark { reason: reason.map(text) });
    [notice(n, Notice::Transferred { from, to }), Event::Transferred(Transferred { from, to, how, remark })]
}

fn returned(agent: AgentId, reason: ReturnReason, group: Option<Skill>) -> Event {
    Event::ReturnedToQueue(ReturnedToQueue { agent, reason, group })
}

fn offer(n: u128, agent: AgentId) -> Event {
    Event::OfferMade(OfferMade { offer: OfferId(id(n)), agent, expires_at: noon() })
}

fn offer_ended(n: u128, reason: OfferEnd) -> Event {
    Event::OfferExpired(OfferExpired { offer: OfferId(id(n)), reason })
}

fn mail(n: u128, kind: MailKind) -> Event {
    Event::MailRequested(MailRequested { mail: MailId(id(n)), kind })
}

fn taken(by: AgentId) -> [Event; 2] {
    [
        Event::AgentTookOver(AgentTookOver { agent: by, messages: vec![MessageId(id(1))] }),
        notice(30, Notice::AgentJoined { agent: by }),
    ]
}

fn to_person(event: Event) -> Event {
    let Event::CustomerMessageSent(mut sent) = event else { return event };
    (sent.recipient, sent.rule_signals) = (Recipient::Person, vec![Rule::R0, Rule::R2]);
    Event::CustomerMessageSent(sent)
}

/// Asked for, offered, taken over, talked to.
fn answered() -> Vec<Event> {
    let words = Personal::Known(AgentWords { text: text("Let me see") });
    let mut events = vec![escalated(1), notice(2, Notice::Queued), offer(40, other())];
    events.extend([offer_ended(40, OfferEnd::Declined), offer(41, agent())]);
    events.push(Event::OfferAccepted(OfferAccepted { offer: OfferId(id(41)) }));
    events.extend(taken(agent()));
    events.push(Event::AgentMessageSent(AgentMessageSent {
        message: MessageId(id(3)),
        agent: agent(),
        quick_reply: None,
        words,
    }));
    events
}

/// To others, and back by an accident.
fn passed_on() -> Vec<Event> {
    let mut events = vec![asked(50, TransferTarget::Group(group())), not_transferred(50, TransferEnd::Expired)];
    events.push(asked(51, TransferTarget::Agent(other())));
    let accepted = TransferAccepted { transfer: TransferId(id(51)), by: other() };
    events.push(Event::TransferAccepted(accepted));
    events.extend(transferred(4, agent(), other(), TransferKind::Accepted, None));
    events.extend(transferred(5, other(), agent(), TransferKind::Immediate, Some("knows brakes")));
    events.push(to_person(customer_says(6, "Smoke!")));
    events.push(notice(7, Notice::Danger));
    let raised = PriorityChanged { class: PriorityClass::Danger, rule: Some(Rule::R0) };
    events.push(Event::PriorityChanged(raised));
    events.extend([notice(8, Notice::AgentLost), returned(agent(), ReturnReason::AgentLost, None)]);
    events
}

/// Nobody came, and in the morning somebody did.
fn after_hours() -> Vec<Event> {
    let opens_at = Some(noon());
    let contact = ContactDetails { email: EmailAddress::parse("anna@example.com").unwrap() };
    let failed = MailFailed { mail: MailId(id(60)), attempts: 27, code: MailFailure::Unavailable };
    let mut events = vec![
        notice(9, Notice::AfterHours { opens_at, asks_for_email: true }),
        Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at }),
        mail(60, MailKind::Escalation),
        Event::MailFailed(failed),
        mail(61, MailKind::ByHand),
        Event::MailSent(MailSent { mail: MailId(id(61)), attempts: 2 }),
        Event::ProfileChanged(ProfileChanged { contact: Personal::Known(contact) }),
        notice(10, Notice::EmailNoted),
        escalated(1),
    ];
    events.extend(taken(other()));
    events.push(notice(11, Notice::TransferredToGroup { from: other() }));
    events.push(returned(other(), ReturnReason::Transferred, Some(group())));
    events
}

/// All the ways in which a wait and an episode end.
fn ended() -> Vec<Event> {
    let cancelled = EscalationCancelled { reason: CancelReason::NobodyCame };
    let closed = Closed { reason: CloseReason::Resolved, messages: Vec::new() };
    vec![
        notice(12, Notice::NobodyCame),
        Event::EscalationCancelled(cancelled),
        notice(13, Notice::BackInQueue),
        notice(14, Notice::EscalationCancelled),
        notice(15, Notice::Released),
        notice(16, Notice::Closed),
        Event::Closed(closed),
        Event::Reopened(Reopened {}),
    ]
}

/// What staff keeps beside the talk, and what the customer says of it.
fn kept() -> Vec<Event> {
    let (note, tag) = (NoteId(id(70)), |name: &str| Tag::parse(name).unwrap());
    let words = |said| Personal::Known(NoteWords { text: text(said) });
    let rated = |score, comment: Option<&str>| {
        let (score, remark) = (Score::try_from(score).unwrap(), RatingRemark { comment: comment.map(text) });
        let remark = Personal::Known(remark);
        Event::RatingGiven(RatingGiven { score, episode: 1, agent: agent(), remark })
    };
    let prepared = Some(QuickReplyId(id(71)));
    let said = Personal::Known(AgentWords { text: text("You are welcome") });
    vec![
        Event::NoteAdded(NoteAdded { note, author: agent(), mentions: vec![other()], words: words("asked before") }),
        Event::NoteEdited(NoteEdited { note, version: 2, mentions: Vec::new(), words: words("asked twice") }),
        Event::NoteRemoved(NoteRemoved { note }),
        Event::TagsChanged(TagsChanged { added: vec![tag("refund"), tag("电池")], removed: vec![tag("vip")] }),
        Event::PriorityChanged(PriorityChanged { class: PriorityClass::Vip, rule: None }),
        Event::AgentMessageSent(AgentMessageSent {
            message: MessageId(id(17)),
            agent: agent(),
            quick_reply: prepared,
            words: said,
        }),
        notice(18, Notice::RatingAsked { open_until: noon() }),
        rated(2, Some("too slow")),
        rated(5, None),
    ]
}

async fn shop() -> Shop {
    let shop = Shop::empty().await;
    shop.append_to_account(agent(), &account("anna")).await;
    shop.append_to_account(other(), &account("bo")).await;
    shop.append_to_account(agent(), &renamed("Anna Li")).await;
    shop.append(1, customer(1), &opened(1)).await;
    shop.append(1, customer(1), &customer_says(1, "人工")).await;
    for event in [answered(), passed_on(), after_hours(), ended(), kept()].concat() {
        let actor = if matches!(event, Event::AgentMessageSent(_)) { staff() } else { system() };
        shop.append(1, actor, &event).await;
    }
    shop
}

/// What is said of each event, without times and places, and with numbers for ids.
fn said(shown: &str) -> String {
    let events = shown.split("\n\n").nth(1).unwrap();
    let lines = events.lines().map(|line| match line.trim_start().strip_prefix('|') {
        Some(part) => format!("    {}\n", part.trim()),
        None => line.split_whitespace().skip(3).collect::<Vec<_>>().join(" ") + "\n",
    });
    numbered(&lines.collect::<String>())
}

fn numbered(text: &str) -> String {
    let ids = (0..900).map(|n| (id(n), n.to_string()));
    let agents = [(agent().0, "ANNA".to_owned()), (other().0, "BO".to_owned())];
    ids.chain(agents).fold(text.to_owned(), |text, (id, number)| text.replace(&id.to_string(), &number))
}

#[tokio::test]
async fn each_event_of_a_hand_off_has_its_line_and_notices_read_as_the_customer_read_them() {
    let shop = shop().await;
    let shown = shop.replay_with_key(["show", NAME]).ok();
    assert_eq!(said(&shown), EXPECTED, "{}", said(&shown));
    let played = shop.replay_with_key(["play", NAME, "--speed", "100000"]).ok();
    assert_eq!(said(&(played + "\n\n")), EXPECTED);
}

#[tokio::test]
async fn report_of_a_hand_off_has_each_line_and_each_notice() {
    let shop = shop().await;
    let file = shop.folder().join("report.html");
    shop.replay_with_key(["report", NAME, "--html", file.to_str().unwrap()]).ok();
    let page = numbered(&std::fs::read_to_string(&file).unwrap());
    for line in EXPECTED.lines() {
        let said = line.split(" -> ").next().unwrap().trim();
        // Labels are apart from their texts there.
        let said = said.split_once(": ").filter(|_| line.starts_with("    ")).map_or(said, |(_, text)| text);
        let said = said.replace('&', "&amp;").replace('<', "&lt;");
        assert!(page.contains(&said), "{said:?} is missing in\n{page}");
    }
    assert!(!page.contains("\"code\"") && page.contains("<blockquote lang=\"en\""), "{page}");
}

#[tokio::test]
async fn notices_name_agents_by_id_without_key_and_after_an_erasure() {
    let shop = shop().await;
    let joined = |who: &str| format!("{who} from our customer service has joined the chat");
    let show = |with_key: bool| {
        let id = session_of(1).to_string();
        if with_key { shop.replay_with_key(["show", &id]).ok() } else { shop.replay(["show", &id]).ok() }
    };
    assert!(show(true).contains(&joined("Anna Li")) && show(true).contains(&joined("bo")));
    let sealed = show(false);
    assert!(sealed.contains(&joined(&agent().to_string())) && !sealed.contains("Anna Li"), "{sealed}");
    shop.erase_agent(agent()).await;
    let erased = show(true);
    assert!(erased.contains(&joined(&agent().to_string())) && erased.contains(&joined("bo")), "{erased}");
}

#[tokio::test]
async fn times_in_notices_are_in_the_requested_zone() {
    let shop = shop().await;
    let opening = |arguments: &[&str]| {
        let shown = shop.replay_with_key([&["show", NAME], arguments].concat()).ok();
        let line = shown.lines().find(|line| line.contains("We are back on")).unwrap().to_owned();
        line.split("We are back on ").nth(1).unwrap().split('.').next().unwrap().to_owned()
    };
    assert_eq!(opening(&[]), "Sunday 23 November at 12:00 (UTC)");
    assert_eq!(opening(&["--time-zone", "Asia/Shanghai"]), "Sunday 23 November at 20:00 (UTC+8)");
    let refused = shop.replay(["show", NAME, "--time-zone", "Nowhere"]).failed(2);
    assert!(refused.contains("must be a time zone like Europe/Berlin"), "{refused}");
}

#[tokio::test]
async fn moments_of_a_hand_off_show_owner_and_what_each_side_saw() {
    let shop = shop().await;
    let all = 2 + [answered(), passed_on(), after_hours(), ended(), kept()].concat().len() as u64;
    let (mut owners, mut seen) = (Vec::new(), 0);
    for version in 1..=all {
        let at = (EVENTS_BEFORE + version).to_string();
        let shown = shop.replay_with_key(["--json", "show", NAME, "--at", &at]).json();
        let owner = shown["state"]["agent"].as_str().map(numbered);
        if owners.last() != Some(&owner) {
            owners.push(owner);
        }
        let by_customer = shown["customer_saw"].as_array().unwrap();
        assert!(by_customer.iter().all(|message| message["text"].is_string()), "{by_customer:?}");
        assert!(by_customer.len() >= seen, "nothing that was seen is gone");
        seen = by_customer.len();
        if let Some(last) = shown["staff_saw"]
            .as_array()
            .unwrap()
            .iter()
            .find(|message| message["text"].as_str().unwrap().contains("knows brakes"))
        {
            assert_eq!(last["text"], "Your chat has been transferred from bo to Anna Li. (reason: knows brakes)");
            assert!(!by_customer.iter().any(|message| message["text"].as_str().unwrap().contains("knows brakes")));
        }
    }
    let expected = [None, Some("ANNA"), Some("BO"), Some("ANNA"), None, Some("BO"), None];
    assert_eq!(owners, expected.map(|owner| owner.map(str::to_owned)));
}
