//! Events as the log takes them, with new ids.

use domain::{Class, Encoded};
use event_store::{Actor, KeyClass, NewEvent, PersonalPart, SealedEvent};
use uuid::Uuid;

/// An encoded event of this actor; its personal part is about the subject.
#[must_use]
pub fn new_event(encoded: Encoded, subject: Uuid, actor: Actor) -> NewEvent {
    let part = |(class, json)| PersonalPart { subject, class: key_class(class), json };
    NewEvent {
        event_id: Uuid::new_v4(),
        event_type: encoded.event_type,
        schema: encoded.schema,
        actor,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: encoded.data,
        personal: encoded.personal.map(part),
    }
}

fn key_class(class: Class) -> KeyClass {
    match class {
        Class::Message => KeyClass::Message,
        Class::Contact => KeyClass::Contact,
        Class::Note => KeyClass::Note,
        Class::Staff => KeyClass::Staff,
    }
}

/// An event without a personal part and of no type of ours, with text in two scripts: for tests of a log by itself.
#[must_use]
pub fn sealed_event() -> SealedEvent {
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "test.happened".into(),
        schema: 1,
        actor: Actor::new("system", "test"),
        subject: None,
        key_id: None,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: r#"{"text":"wie weit fährt das Rad? 续航多少公里？"}"#.into(),
        personal: None,
    }
}
