//! A log with every type of event, their erased twins and some days of a shop, served, with readers of every kind.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use domain::{Encoded, SessionId, VisitorId, access, agent, customer, session, settings};
use event_store::{Actor, Expected, NewEvent, Position, StreamName};
use futures::StreamExt as _;
use jiff::Timestamp;
use journal::Journal;
use replay_tool::{
    Cli,
    cli::{Action, ReportArgs, SessionArgs},
    run,
    source::StoreArgs,
};
use reqwest::StatusCode;
use serde_json::Value;
use testkit::new_event;
use tests::{
    rare_events::with_rare_events,
    shop::{Order, write},
};
use uuid::Uuid;

use super::{
    readers::{self, Reader},
    said::{Logged, Message},
};
use crate::{
    golden::example::{SESSION_NAME, VISITOR, every_type},
    moments::Fixture,
};

/// Events of the shop: few, for the types do not depend on them.
const EVENTS: u64 = 150;
/// Sessions of it that are read.
const SESSIONS: usize = 6;
const FORGOTTEN: VisitorId = VisitorId(Uuid::from_u128(0xe1));
/// Of accounts and customers that are nobody's.
const SOMEBODY: Uuid = Uuid::from_u128(0x50);
const ANOTHER: Uuid = Uuid::from_u128(0x51);

/// A session as its customer knows it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: SessionId,
    pub(super) visitor: VisitorId,
    pub(super) name: String,
}

pub(super) struct World {
    pub(super) served: Fixture,
    pub(super) log: Vec<Logged>,
    pub(super) readers: Vec<Reader>,
    pub(super) sessions: Vec<Known>,
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let served = Fixture::on_sqlite().await;
        for step in with_rare_events(Order::stress(EVENTS, seed, Timestamp::now())) {
            write::through(&served.log, &step).await.unwrap();
        }
        examples(&served).await;
        let mut readers = Vec::new();
        for (reader, events) in readers::all() {
            append(&served, StreamName::of("agent", reader.id.0), reader.id.0, events).await;
            readers.push(reader);
        }
        let log = read(&served).await;
        let sessions = sessions(&log);
        let world = Self { served, log, readers, sessions };
        world.readers_are_let_in().await;
        world
    }

    pub(super) fn head(&self) -> u64 {
        self.log.last().unwrap().position()
    }

    pub(super) fn holds_every_type_and_its_erased_twin(&self) {
        let types = |of: &dyn Fn(&&Logged) -> bool| -> BTreeSet<String> {
            self.log.iter().filter(of).map(|logged| logged.event_type().to_owned()).collect()
        };
        let known = [
            session::codec::EVENT_TYPES,
            agent::codec::EVENT_TYPES,
            customer::codec::EVENT_TYPES,
            access::codec::EVENT_TYPES,
            settings::codec::EVENT_TYPES,
        ];
        let known: BTreeSet<String> = known.into_iter().flatten().map(|name| (*name).to_owned()).collect();
        assert_eq!(types(&|_| true), known);
        assert_eq!(types(&|logged| logged.is_erased), types(&|logged| logged.part.is_some()));
    }

    pub(super) fn events_of(&self, session: &Known) -> Vec<&Logged> {
        let of = |logged: &&Logged| logged.decoded.event().session().is_some_and(|(id, _)| id == session.id);
        self.log.iter().filter(of).collect()
    }

    /// A session as a reader is shown it.
    pub(super) async fn session(&self, token: &str, name: &str) -> Value {
        self.page(token, name, "").await
    }

    async fn page(&self, token: &str, name: &str, before: &str) -> Value {
        // Folded from the log, where views may still hold what was erased after they read it.
        let path = format!("/api/sessions/{name}?at={}{before}", self.head());
        let answer = self.served.get(token, &path, "*/*").await.error_for_status().unwrap();
        answer.json::<Value>().await.unwrap()["data"].take()
    }

    /// All its messages, oldest first.
    pub(super) async fn history(&self, token: &str, name: &str) -> Vec<Message> {
        let mut said: Vec<Message> = Vec::new();
        loop {
            let before = said.first().map(|first| format!("&before={}", first.0)).unwrap_or_default();
            let data = self.page(token, name, &before).await;
            let rows = data["session"]["history"].as_array().unwrap();
            if rows.is_empty() {
                return said;
            }
            said.splice(0..0, rows.iter().map(message));
        }
    }

    /// The report of a session, made with the master key.
    pub(super) async fn report(&self, session: &Known) -> String {
        let html = self.served.folder.path().join(format!("{}.html", session.id));
        let store = StoreArgs {
            store: self.served.store.clone(),
            master_key: Some(self.served.master_key()),
            ..StoreArgs::default()
        };
        let session = SessionArgs { session: session.id.to_string(), at: None, position: None, version: None, time_zone: None };
        let action = Action::Report(ReportArgs { session, html: html.clone(), force: false });
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        run(Cli { store, json: true, action }, &mut out, &mut errors).await;
        assert_eq!(String::from_utf8(errors).unwrap(), "");
        std::fs::read_to_string(html).unwrap()
    }

    async fn readers_are_let_in(&self) {
        for reader in &self.readers {
            while self.served.get(&reader.token, "/api/audit?limit=1", "*/*").await.status() != reader.expected() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

impl Reader {
    /// What the trail answers once the reader is known.
    fn expected(&self) -> StatusCode {
        if self.may(agent::Permission::AuditRead) { StatusCode::OK } else { StatusCode::FORBIDDEN }
    }
}

fn message(row: &Value) -> Message {
    let text = row["content"].as_str().map(str::to_owned);
    // A notice is rendered, and of nobody's personal part.
    assert!(row["role"] != "system" || text.is_some(), "{row}");
    let text = text.filter(|_| row["role"] != "system");
    (row["position"].as_u64().unwrap(), text, row["withheld"] == true)
}

/// Every golden event, and once more of somebody who is forgotten afterwards.
pub(super) async fn examples(served: &Fixture) {
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
                _access => StreamName::parse(&format!("access-{somebody}-20261123")).unwrap(),
            };
            let subject = if category == "session" { visitor.0 } else { subject };
            let data = encoded.data.replace(&VISITOR.to_string(), &visitor.to_string());
            append(served, stream, subject, vec![Encoded { data, ..encoded }]).await;
        }
    }
    served.log.vault().erase_subject(FORGOTTEN.0, Timestamp::now()).await.unwrap();
}

async fn append(served: &Fixture, stream: StreamName, subject: Uuid, events: Vec<Encoded>) {
    let new = |encoded| new_event(encoded, subject, Actor::new("system", "test"));
    let events: Vec<NewEvent> = events.into_iter().map(new).collect();
    served.log.append(&stream, Expected::Any, &events).await.unwrap();
}

async fn read(served: &Fixture) -> Vec<Logged> {
    let journal = Journal::new(served.log.reader(), served.log.vault().clone());
    let mut pages = pin!(journal.read_all(Position::START));
    let mut log = Vec::new();
    while let Some(page) = pages.next().await {
        for decoded in page.unwrap() {
            let opened = journal.open(&decoded).await.unwrap();
            let part = opened.text().map(|text| serde_json::from_str(text).unwrap());
            let is_erased = opened.is_erased();
            log.push(Logged { decoded, part, is_erased });
        }
    }
    log
}

/// The examples' sessions and some of the shop, of customers who are not forgotten by name.
fn sessions(log: &[Logged]) -> Vec<Known> {
    let examples = [VISITOR, FORGOTTEN].map(|visitor| Known {
        id: SessionId::of(visitor, SESSION_NAME),
        visitor,
        name: SESSION_NAME.to_owned(),
    });
    let opened = log.iter().filter_map(|logged| match logged.decoded.event().session()? {
        (id, session::Event::Opened(opened)) => {
            let name = logged.part.as_ref()?["session_name"].as_str()?.to_owned();
            Some(Known { id, visitor: opened.visitor, name })
        }
        _ => None,
    });
    let of_shop = opened.filter(|known| known.visitor != VISITOR && known.visitor != FORGOTTEN).take(SESSIONS);
    examples.into_iter().chain(of_shop).collect()
}
