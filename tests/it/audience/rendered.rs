//! What a session's streams and its history show beside what is stored: what agents are called, and the texts of notices.

use std::collections::BTreeMap;

use domain::{
    AgentId, Viewer,
    session::{Event, event::NoticeGiven},
    texts::{self, Names},
};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::said::{self, Logged};

/// By default.
const TIME_ZONE: &str = "Asia/Shanghai";

/// The name beside an agent's id: the event's type, where the id is in its data, and the name's field.
const NAMES: [(&str, &str, &str); 12] = [
    ("session.agent_took_over", "/agent", "agent_name"),
    ("session.agent_message_sent", "/agent", "agent_name"),
    ("session.released", "/agent", "agent_name"),
    ("session.returned_to_queue", "/agent", "agent_name"),
    ("session.offer_made", "/agent", "agent_name"),
    ("session.transferred", "/from", "from_name"),
    ("session.transferred", "/to", "to_name"),
    ("session.transfer_requested", "/from", "from_name"),
    ("session.transfer_requested", "/to/agent", "to_name"),
    ("session.transfer_accepted", "/by", "by_name"),
    ("session.note_added", "/author", "author_name"),
    ("session.rating_given", "/agent", "agent_name"),
];

/// What accounts are called at the end of the log.
pub(super) struct Rendered {
    /// The user name, and the shown name.
    accounts: BTreeMap<AgentId, (String, String)>,
    names: Names,
}

/// A message as a history shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) position: u64,
    pub(super) role: String,
    /// Absent once erased.
    pub(super) text: Option<String>,
    /// Of an agent's message: the id or, for staff, the user name, and the shown name.
    pub(super) author: (Option<String>, Option<String>),
    pub(super) is_withheld: bool,
}

impl Rendered {
    pub(super) fn of(log: &[Logged]) -> Self {
        let mut accounts: BTreeMap<AgentId, (String, String)> = BTreeMap::new();
        for logged in log {
            let (Some(part), Some(id)) = (&logged.part, logged.decoded.recorded().stream.id()) else { continue };
            let name = || part["name"].as_str().unwrap().to_owned();
            match logged.event_type() {
                "agent.created" => {
                    let username = part["username"].as_str().unwrap().to_owned();
                    accounts.insert(AgentId(id), (username, name()));
                }
                "agent.renamed" => accounts.get_mut(&AgentId(id)).unwrap().1 = name(),
                _no_name => {}
            }
        }
        let shown = accounts.iter().map(|(id, (_, name))| (*id, name.clone()));
        let names = Names::new(TimeZone::get(TIME_ZONE).unwrap(), shown);
        Self { accounts, names }
    }

    /// The envelope of an event as the session's streams show it to who may see it.
    pub(super) fn envelope(&self, logged: &Logged, viewer: Viewer) -> Option<Value> {
        let mut envelope = said::envelope(logged, viewer)?;
        let stored = envelope["data"].clone();
        for (_, id, field) in NAMES.iter().filter(|(event_type, ..)| *event_type == logged.event_type()) {
            let account = stored.pointer(id).and_then(|id| self.accounts.get(&AgentId(id.as_str()?.parse().ok()?)));
            account.into_iter().for_each(|(_, name)| envelope["data"][*field] = Value::from(&**name));
        }
        self.text_of(logged).into_iter().for_each(|text| envelope["data"]["text"] = text.into());
        Some(envelope)
    }

    /// Of a notice: how the customer reads it.
    fn text_of(&self, logged: &Logged) -> Option<String> {
        match logged.decoded.event().session()? {
            (_, Event::NoticeGiven(NoticeGiven { notice, language, .. })) => {
                Some(texts::notice(notice, *language, &self.names))
            }
            _no_notice => None,
        }
    }

    /// The messages among the events that this viewer may see.
    pub(super) fn messages(&self, events: &[&Logged], viewer: Viewer) -> Vec<Message> {
        let seen = events.iter().filter(|logged| logged.audience().may_see(viewer));
        seen.filter_map(|logged| self.message(logged, viewer)).collect()
    }

    fn message(&self, logged: &Logged, viewer: Viewer) -> Option<Message> {
        let role = match logged.event_type() {
            "session.customer_message_sent" => "user",
            "session.assistant_replied" | "session.assistant_reply_withheld" => "assistant",
            "session.agent_message_sent" => "agent",
            "session.notice_given" => "system",
            _no_message => return None,
        };
        let personal = logged.personal(viewer).map(|part| part["text"].as_str().unwrap().to_owned());
        Some(Message {
            position: logged.position(),
            role: role.to_owned(),
            text: personal.or_else(|| self.text_of(logged)),
            author: self.author(logged, viewer),
            is_withheld: logged.event_type() == "session.assistant_reply_withheld",
        })
    }

    fn author(&self, logged: &Logged, viewer: Viewer) -> (Option<String>, Option<String>) {
        let Some((_, Event::AgentMessageSent(sent))) = logged.decoded.event().session() else { return (None, None) };
        let account = self.accounts.get(&sent.agent);
        let username = account.filter(|_| viewer != Viewer::Customer).map(|(username, _)| username.clone());
        let id = username.unwrap_or_else(|| sent.agent.to_string());
        (Some(id), account.map(|(_, name)| name.clone()))
    }
}

/// A row of a history.
pub(super) fn row(row: &Value) -> Message {
    let text = |field: &str| row[field].as_str().map(str::to_owned);
    Message {
        position: row["position"].as_u64().unwrap(),
        role: text("role").unwrap(),
        text: text("content"),
        author: (text("agent_id"), text("agent_name")),
        is_withheld: row["withheld"] == true,
    }
}
