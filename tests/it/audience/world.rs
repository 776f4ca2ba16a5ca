//! A log with every type of event, their erased twins and some days of a shop, served, with readers of every kind.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use domain::{
    SessionId, VisitorId, access, agent, customer,
    session::{self, Event},
    settings,
};
use event_store::{Position, StreamName};
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
use tests::{
    app_without_processes::staff_token,
    rare_events::with_rare_events,
    shop::{Order, write},
};

use super::{
    examples::{self, FORGOTTEN},
    readers::{self, Reader},
    rendered::{self, Message, Rendered},
    said::Logged,
};
use crate::{
    golden::example::{SESSION_NAME, VISITOR},
    moments::Fixture,
};

/// Events of the shop: few, for the types do not depend on them.
const EVENTS: u64 = 180;
/// Sessions of it that are read.
const SESSIONS: usize = 6;
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
    pub(super) rendered: Rendered,
    pub(super) readers: Vec<Reader>,
    pub(super) sessions: Vec<Known>,
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let served = Fixture::on_sqlite().await;
        let until = Timestamp::now();
        let shops = (seed..).map(|seed| with_rare_events(Order::stress(EVENTS, seed, until)));
        let mut shops = shops.filter(|shop| examples::has_agents_without_a_name(shop));
        let shop = shops.next().unwrap();
        for step in &shop {
            write::through(&served.log, step).await.unwrap();
        }
        examples::every_event(&served).await;
        examples::notices(&served).await;
        let mut readers = Vec::new();
        for (reader, events) in readers::all(examples::who_serves(&shop)) {
            examples::append(&served, StreamName::of("agent", reader.id.0), reader.id.0, events).await;
            readers.push(reader);
        }
        examples::presence(&served).await;
        let log = read(&served).await;
        let (rendered, sessions) = (Rendered::of(&log), sessions(&log));
        let world = Self { served, log, rendered, readers, sessions };
        world.readers_are_let_in().await;
        world.views_know_the_names().await;
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

    pub(super) fn renders_every_notice(&self) {
        let told = |logged: &Logged| match logged.decoded.event().session() {
            Some((_, Event::NoticeGiven(given))) => {
                Some(serde_json::to_value(given.notice).unwrap()["code"].to_string())
            }
            _no_notice => None,
        };
        let told: BTreeSet<String> = self.log.iter().filter_map(told).collect();
        assert_eq!(told.len(), examples::every_notice().len());
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
            let before = said.first().map(|first| format!("&before={}", first.position)).unwrap_or_default();
            let data = self.page(token, name, &before).await;
            let rows = data["session"]["history"].as_array().unwrap();
            if rows.is_empty() {
                return said;
            }
            said.splice(0..0, rows.iter().map(rendered::row));
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
        let session =
            SessionArgs { session: session.id.to_string(), at: None, position: None, version: None, time_zone: None };
        let action =
            Action::Report(ReportArgs { session, html: html.clone(), force: false, checkpoint: None, key: None });
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        run(Cli { store, json: true, action }, &mut out, &mut errors).await;
        assert_eq!(String::from_utf8(errors).unwrap(), "");
        std::fs::read_to_string(html).unwrap()
    }

    /// Streams show the names that the views have.
    async fn views_know_the_names(&self) {
        let path = format!("/api/sessions?limit=1&min_position={}", self.head());
        self.served.get(&staff_token(), &path, "*/*").await.error_for_status().unwrap();
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
