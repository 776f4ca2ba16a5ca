//! What the domain says is shown of the log's events, and how it stands on the wire.

use std::collections::BTreeMap;

use domain::{
    Audience, Viewer,
    session::{Event, Screen},
};
use journal::Decoded;
use serde_json::{Value, json};

/// An event of the log with its personal part, whoever may see it.
pub(super) struct Logged {
    pub(super) decoded: Decoded,
    /// `None` where there is none, or it is erased.
    pub(super) part: Option<Value>,
    pub(super) is_erased: bool,
}

impl Logged {
    pub(super) fn audience(&self) -> Audience {
        self.decoded.event().audience()
    }

    pub(super) fn position(&self) -> u64 {
        self.decoded.position().0
    }

    pub(super) fn event_type(&self) -> &str {
        &self.decoded.recorded().event.event_type
    }

    /// The personal part, as far as this viewer may see it.
    pub(super) fn personal(&self, viewer: Viewer) -> Option<&Value> {
        self.part.as_ref().filter(|_| self.audience().may_see_personal(viewer))
    }

    /// As a report says it.
    pub(super) fn part_word(&self, viewer: Viewer) -> &'static str {
        match (self.decoded.recorded().event.personal.is_some(), self.is_erased) {
            (false, _) => "none",
            (true, true) => "erased",
            (true, false) if self.audience().may_see_personal(viewer) => "opened",
            (true, false) => "sealed",
        }
    }

    /// Every text of the personal part.
    pub(super) fn texts(&self) -> Vec<String> {
        let fields = self.part.iter().filter_map(Value::as_object).flat_map(|part| part.values());
        fields.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The envelope of an event that this viewer may see.
pub(super) fn envelope(logged: &Logged, viewer: Viewer) -> Option<Value> {
    if !logged.audience().may_see(viewer) {
        return None;
    }
    let recorded = logged.decoded.recorded();
    let event = &recorded.event;
    let mut envelope = json!({
        "position": recorded.position,
        "stream": recorded.stream.as_str(),
        "version": recorded.version.0,
        "event_id": event.event_id,
        "type": &*event.event_type,
        "schema": event.schema,
        "recorded_at": recorded.recorded_at_text(),
        "actor": event.actor.as_str(),
        "correlation_id": event.correlation_id,
        "data": serde_json::from_str::<Value>(&event.data).unwrap(),
    });
    let mut set = |field: &str, value: Option<Value>| {
        value.into_iter().for_each(|value| envelope[field] = value);
    };
    set("causation_id", event.causation_id.map(|id| json!(id)));
    set("subject", event.subject.filter(|_| viewer != Viewer::Customer).map(|id| json!(id)));
    set("personal", logged.personal(viewer).cloned());
    set("erased", (logged.is_erased && logged.audience().may_see_personal(viewer)).then_some(json!(true)));
    if viewer == Viewer::Customer {
        let hidden = OF_THE_SHOP.iter().filter(|(event_type, _)| *event_type == logged.event_type());
        for (_, fields) in hidden {
            envelope["data"].as_object_mut().unwrap().retain(|field, _| !fields.contains(&field.as_str()));
        }
    }
    Some(envelope)
}

/// Plain fields that are no customer's business.
const OF_THE_SHOP: [(&str, &[&str]); 6] = [
    ("session.agent_message_sent", &["quick_reply"]),
    ("session.escalated", &["rule", "policy_version", "class", "group", "severity"]),
    ("session.customer_message_sent", &["rule_signals", "incarnation"]),
    ("session.assistant_replied", &["rule_signals", "confidence_permille", "sources", "tokens", "cost"]),
    ("session.assistant_run_started", &["variant", "incarnation"]),
    ("session.returned_to_queue", &["group"]),
];

/// The events of a session but for those that its customer has cleared.
pub(super) fn on_screen(events: Vec<&Logged>) -> Vec<&Logged> {
    let event = |logged: &Logged| -> Event { logged.decoded.event().session().unwrap().1.clone() };
    let mut screen = Screen::default();
    events.iter().for_each(|logged| screen.apply(&event(logged)));
    events.into_iter().filter(|logged| !screen.hides(&event(logged))).collect()
}

/// Positions in a report's table of events, with what it says of their personal parts.
pub(super) fn report_rows(html: &str) -> BTreeMap<u64, &str> {
    let rows = html.split(r#"<th scope="row">"#).skip(1);
    rows.map(|row| {
        let (position, rest) = row.split_once("</th>").unwrap();
        let (before, _hash) = rest.split_once(r#"</td><td class="hash">"#).unwrap();
        let (_, part) = before.rsplit_once("<td>").unwrap();
        (position.parse().unwrap(), part)
    })
    .collect()
}

/// As HTML writes a text.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
