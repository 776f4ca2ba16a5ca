//! The recorded log, folded naively, and the checks on it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use domain::Viewer;
use serde_json::Value;
use tests::{
    desk::{Customer, Staff},
    envelope::event_of,
};

use super::{
    customers::{Answer, Chatter, Exchange},
    until,
};

/// Event types that settle messages, and their field that lists them.
const ENDINGS: [(&str, &str); 4] = [
    ("session.assistant_replied", "answers"),
    ("session.escalated", "messages"),
    ("session.agent_took_over", "messages"),
    ("session.closed", "messages"),
];

/// The views of a killed server are taken over when its heartbeat is 3 s old.
const CAUGHT_UP: Duration = Duration::from_secs(20);

/// The log as envelopes, without the events that record reads.
pub(crate) struct Recorded(Vec<Value>);

/// A message of a history.
#[derive(Debug, PartialEq)]
struct Said {
    role: String,
    text: String,
    position: u64,
}

impl Recorded {
    pub(crate) fn new(events: Vec<Value>) -> Self {
        Self(events)
    }

    pub(crate) fn events(&self) -> &[Value] {
        &self.0
    }

    /// The last position.
    pub(crate) fn head(&self) -> u64 {
        self.0.last().map_or(0, |last| last["position"].as_u64().unwrap())
    }

    pub(crate) fn of_type(&self, event_type: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |event| event["type"] == event_type)
    }

    pub(crate) fn of_session<'a>(&'a self, session: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |event| event["stream"].as_str().unwrap().strip_prefix("session-") == Some(session))
    }

    /// The id of the one session of this name; `None` where its customer was stopped before the first message.
    pub(crate) fn session_named(&self, name: &str) -> Option<&str> {
        let named: Vec<&Value> =
            self.of_type("session.opened").filter(|event| event["personal"]["session_name"] == name).collect();
        assert!(named.len() <= 1, "more than one session is named {name}: {named:?}");
        named.first()?["stream"].as_str().unwrap().strip_prefix("session-")
    }

    pub(crate) fn shown_to_the_customer(&self, session: &str) -> Vec<Value> {
        let is_shown = |event: &&Value| event_of(event).audience().may_see(Viewer::Customer);
        self.of_session(session).filter(is_shown).cloned().collect()
    }

    /// The log holds exactly these messages.
    pub(crate) fn holds_each_once(&self, exchanges: &[&Exchange]) {
        self.holds_these_once(exchanges);
        let keyed = self.sent_by_key().len();
        assert_eq!(keyed, exchanges.len(), "nobody else has written");
        let sent = self.of_type("session.customer_message_sent").count();
        assert_eq!(self.endings().len(), sent, "every message has ended");
    }

    /// Every message is stored once, settled once, and was answered with the text of the event that settled it.
    pub(crate) fn holds_these_once(&self, exchanges: &[&Exchange]) {
        let sent = self.sent_by_key();
        let ended = self.endings();
        for exchange in exchanges {
            let key = &exchange.request.key;
            let [message] = sent.get(key.as_str()).map_or(&[][..], Vec::as_slice) else {
                panic!("{:?} is not in the log once: {:?}", exchange.request, sent.get(key.as_str()));
            };
            let id = message["data"]["message"].as_str().unwrap();
            let [end] = ended.get(id).map_or(&[][..], Vec::as_slice) else {
                panic!("{message} has not ended once: {:?}", ended.get(id));
            };
            assert_eq!(message["personal"]["text"], exchange.request.text.as_str());
            assert_answered(exchange, message, end);
        }
        let twice = ended.iter().find(|(_, ends)| ends.len() != 1);
        assert!(twice.is_none(), "ended twice: {twice:?}");
    }

    fn sent_by_key(&self) -> HashMap<&str, Vec<&Value>> {
        let mut sent: HashMap<&str, Vec<&Value>> = HashMap::new();
        for message in self.of_type("session.customer_message_sent") {
            if let Some(key) = message["personal"]["parameters"]["request"].as_str() {
                sent.entry(key).or_default().push(message);
            }
        }
        sent
    }

    /// The events that settled each message.
    pub(crate) fn endings(&self) -> HashMap<&str, Vec<&Value>> {
        let mut endings: HashMap<&str, Vec<&Value>> = HashMap::new();
        for (event_type, list) in ENDINGS {
            for event in self.of_type(event_type) {
                for message in event["data"][list].as_array().unwrap() {
                    endings.entry(message.as_str().unwrap()).or_default().push(event);
                }
            }
        }
        endings
    }

    /// Sessions, states and messages of the views match the log.
    pub(crate) async fn agrees_with_the_views(&self, staff: &Staff, chatters: &[Chatter]) {
        let head = self.head();
        let up_to_date = format!("/api/sessions?limit=1&min_position={head}");
        until("the views catch up", CAUGHT_UP, async || staff.get(&up_to_date).await.unwrap().status().is_success())
            .await;
        let ids: BTreeSet<&str> =
            self.0.iter().filter_map(|event| event["stream"].as_str().unwrap().strip_prefix("session-")).collect();
        let listed = listed_sessions(staff, head).await;
        assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), ids);
        assert!(listed.values().all(|status| status == "bot_active"), "{listed:?}");
        // Who was stopped before the first message has no session.
        for chatter in chatters.iter().filter(|chatter| !chatter.exchanges.is_empty()) {
            let (id, shown) = history(&chatter.customer, &chatter.session, head).await;
            assert_eq!(shown, self.said_in(&id), "the history of {id}");
        }
    }

    fn said_in(&self, session: &str) -> Vec<Said> {
        let role = |event: &Value| match event["type"].as_str().unwrap() {
            "session.customer_message_sent" => Some("user"),
            "session.assistant_replied" => Some("assistant"),
            _ => None,
        };
        let said = |event: &Value| {
            let text = event["personal"]["text"].as_str().unwrap().to_owned();
            Some(Said { role: role(event)?.to_owned(), text, position: event["position"].as_u64().unwrap() })
        };
        self.of_session(session).filter(|event| role(event).is_some()).filter_map(said).collect()
    }
}

/// The customer got the answer that is in the log.
fn assert_answered(exchange: &Exchange, message: &Value, end: &Value) {
    let reply = &end["personal"]["text"];
    match &exchange.answer {
        Answer::Chat(body) => {
            assert_eq!((&body["success"], &body["message"]), (&Value::Bool(true), reply), "{exchange:?}");
            assert_eq!(body["position"], end["position"], "{exchange:?}");
            assert_eq!(stream(body["session_id"].as_str().unwrap()), message["stream"], "{exchange:?}");
        }
        Answer::Stream { accepted, session, text } => {
            assert_eq!(message["position"], *accepted, "{exchange:?}");
            assert_eq!(reply, text.as_str(), "{exchange:?}");
            assert_eq!(stream(session), message["stream"], "{exchange:?}");
        }
    }
}

fn stream(session: &str) -> String {
    format!("session-{session}")
}

/// Ids and states of all sessions, page by page.
async fn listed_sessions(staff: &Staff, head: u64) -> BTreeMap<String, String> {
    let mut listed = BTreeMap::new();
    loop {
        let path = format!("/api/sessions?limit=200&offset={}&min_position={head}", listed.len());
        let page: Value = staff.get(&path).await.unwrap().json().await.unwrap();
        for row in page["data"]["sessions"].as_array().unwrap_or_else(|| panic!("{page}")) {
            let field = |name: &str| row[name].as_str().unwrap().to_owned();
            listed.insert(field("session_id"), field("status"));
        }
        if page["data"]["has_more"] == false {
            assert_eq!(page["data"]["total"], listed.len());
            return listed;
        }
    }
}

/// A session's id and all its messages, page by page.
async fn history(customer: &Customer, name: &str, head: u64) -> (String, Vec<Said>) {
    let mut said: Vec<Said> = Vec::new();
    loop {
        let before = said.first().map(|first| format!("&before={}", first.position)).unwrap_or_default();
        let path = format!("/api/sessions/{name}?min_position={head}{before}");
        let page: Value = customer.get(&path).await.unwrap().json().await.unwrap();
        let session = &page["data"]["session"];
        let rows = session["history"].as_array().unwrap_or_else(|| panic!("{page}"));
        if rows.is_empty() {
            return (session["session_id"].as_str().unwrap().to_owned(), said);
        }
        let row = |row: &Value| Said {
            role: row["role"].as_str().unwrap().to_owned(),
            text: row["content"].as_str().unwrap().to_owned(),
            position: row["position"].as_u64().unwrap(),
        };
        said.splice(0..0, rows.iter().map(row));
    }
}
