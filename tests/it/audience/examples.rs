//! What is in the log beside the shop's days: every type of event, erased and not, and every notice.

use std::iter;

use commands::{Erasure, erasure::Person};
use domain::{
    AgentId, Encoded, ErasureCause, Language, MessageId, SessionId, VisitorId,
    agent::{self, Presence, PresenceCause, event::PresenceChanged},
    session::{self, Event, event::NoticeGiven, notice::Notice},
};
use event_store::{Actor, Expected, NewEvent, StreamName};
use jiff::Timestamp;
use serde_json::Value;
use testkit::new_event;
use tests::shop::Step;
use uuid::Uuid;

use crate::{
    golden::example::{AGENT, OTHER_AGENT, SESSION_NAME, VISITOR, every_type},
    moments::Fixture,
};

pub(super) const FORGOTTEN: VisitorId = VisitorId(Uuid::from_u128(0xe1));
/// Of accounts and customers that are nobody's.
const SOMEBODY: Uuid = Uuid::from_u128(0x50);
const ANOTHER: Uuid = Uuid::from_u128(0x51);

/// Every golden event, and once more of somebody who is forgotten afterwards.
pub(super) async fn every_event(served: &Fixture) {
    // The customer streams are not the visitors' own: they end with a sign-out, after which nobody follows anything.
    for (visitor, somebody, subject) in [(VISITOR, SOMEBODY, SOMEBODY), (FORGOTTEN, ANOTHER, FORGOTTEN.0)] {
        let session = SessionId::of(visitor, SESSION_NAME);
        for encoded in every_type() {
            let (category, _) = encoded.event_type.split_once('.').unwrap();
            let stream = match category {
                "session" => StreamName::of("session", session.0),
                "agent" => StreamName::of("agent", somebody),
                "customer" => StreamName::of("customer", somebody),
                "settings" => StreamName::parse("settings-policy").unwrap(),
                "log" => StreamName::parse("settings-log").unwrap(),
                _access => StreamName::parse(&format!("access-{somebody}-20261123")).unwrap(),
            };
            let subject = if category == "session" { visitor.0 } else { subject };
            let data = encoded.data.replace(&VISITOR.to_string(), &visitor.to_string());
            append(served, stream, subject, vec![Encoded { data, ..encoded }]).await;
        }
    }
    let (person, actor) = (Person::Customer(FORGOTTEN), Actor::new("system", "test"));
    Erasure::new(served.log.clone()).erase(person, ErasureCause::Request, actor).await.unwrap();
}

pub(super) async fn append(served: &Fixture, stream: StreamName, subject: Uuid, events: Vec<Encoded>) {
    let new = |encoded| new_event(encoded, subject, Actor::new("system", "test"));
    let events: Vec<NewEvent> = events.into_iter().map(new).collect();
    served.log.append(&stream, Expected::Any, &events).await.unwrap();
}

pub(super) fn every_notice() -> Vec<Notice> {
    vec![
        Notice::Danger,
        Notice::Queued,
        Notice::AgentJoined { agent: AGENT },
        Notice::Transferred { from: AGENT, to: OTHER_AGENT },
        Notice::TransferredToGroup { from: AGENT },
        Notice::AgentLost,
        Notice::BackInQueue,
        Notice::Released,
        Notice::EscalationCancelled,
        Notice::NobodyCame,
        Notice::AfterHours { opens_at: None, asks_for_email: false },
        Notice::NobodyFree { opens_at: None, asks_for_email: false },
        Notice::OffersPerson,
        Notice::EmailNoted,
        Notice::Closed,
        Notice::RatingAsked { open_until: Timestamp::UNIX_EPOCH },
    ]
}

/// Every notice in one language or another, and those with names without a name.
pub(super) async fn notices(served: &Fixture) {
    let nobody = AgentId(Uuid::nil());
    let nameless = [
        Notice::AgentJoined { agent: nobody },
        Notice::Transferred { from: nobody, to: AGENT },
        Notice::Transferred { from: AGENT, to: nobody },
    ];
    let given = every_notice().into_iter().chain(nameless).zip(Language::ALL.into_iter().cycle());
    let events = given.map(|(notice, language)| {
        let message = MessageId(Uuid::new_v4());
        session::encode(&Event::NoticeGiven(NoticeGiven { message, language, notice }))
    });
    let stream = StreamName::of("session", SessionId::of(VISITOR, SESSION_NAME).0);
    append(served, stream, VISITOR.0, events.collect()).await;
}

/// Whoever may read a session sees this: last in the log it is the end of every stream of theirs.
pub(super) async fn presence(served: &Fixture) {
    let event = PresenceChanged { presence: Presence::Break, cause: PresenceCause::Chosen };
    let events = vec![agent::encode(&agent::Event::PresenceChanged(event))];
    append(served, StreamName::of("agent", SOMEBODY), SOMEBODY, events).await;
}

/// Ids of persons who read: two of the shop and those of the examples, so that sessions are theirs.
pub(super) fn who_serves(shop: &[Step]) -> impl Iterator<Item = AgentId> {
    let agents = who_took_over(shop);
    assert!(has_agents_without_a_name(shop), "agents of the shop without an account have no name");
    let strangers = iter::repeat_with(|| AgentId(Uuid::new_v4()));
    [agents[0], AGENT, OTHER_AGENT, agents[1]].into_iter().chain(strangers)
}

/// Whether more agents took sessions over than get accounts here.
pub(super) fn has_agents_without_a_name(shop: &[Step]) -> bool {
    who_took_over(shop).len() > 2
}

fn who_took_over(shop: &[Step]) -> Vec<AgentId> {
    let events = shop.iter().flat_map(|step| match step {
        Step::Appended(append) => &*append.events,
        Step::Erased { .. } => &[],
    });
    let taken = events.filter(|event| event.event_type == "session.agent_took_over");
    let mut agents: Vec<AgentId> = Vec::new();
    for event in taken {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let agent = AgentId(data["agent"].as_str().unwrap().parse().unwrap());
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    agents
}
