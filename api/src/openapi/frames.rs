//! Frames of server-sent events as the document describes them: under `text/event-stream` a schema is that of one frame.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, Object, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type, schema::OneOfBuilder},
};

use crate::envelope::Envelope;

/// A frame of a stream of events.
pub(crate) struct EventFrame;

impl PartialSchema for EventFrame {
    fn schema() -> RefOr<Schema> {
        one_of(OF_EVERY_STREAM, of_every_stream())
    }
}

const OF_EVERY_STREAM: &str = "`recorded`: an event, whose type is the frame's `event`; `reset`: the cursor is of the log before a restore, forget what you know; \
     `reauthenticate`: the stream ends, come back with another token";
const ACTIVITIES: &str = "`typing`: somebody else types at this moment, or has stopped; `viewing`: somebody of staff views the session, \
     or has turned away";

/// An event, `reset` and `reauthenticate`.
fn of_every_stream() -> [ObjectBuilder; 3] {
    let cursor = || text().pattern(Some(r"^[0-9]+-[0-9]+$")).description(Some("The cursor to go on from"));
    let event = text().pattern(Some(r"^[a-z]+\.[a-z_]+$")).description(Some("The event's type"));
    let recorded = frame().property("event", event).property("id", cursor()).required("id");
    let position = object().property("position", number()).required("position");
    let reset = frame().property("event", word("reset")).property("id", cursor()).required("id");
    let over = frame().property("event", word("reauthenticate"));
    [
        recorded.property("data", json(Ref::from_schema_name(Envelope::name()))),
        reset.property("data", json(position)),
        over.property("data", json(object())),
    ]
}

/// A frame of one session's stream.
pub(crate) struct SessionFrame;

impl PartialSchema for SessionFrame {
    fn schema() -> RefOr<Schema> {
        let description = format!("{OF_EVERY_STREAM}; {ACTIVITIES}");
        let ([event, reset, over], [typing, viewing]) = (of_every_stream(), activities());
        one_of(&description, [event, reset, over, typing, viewing])
    }
}

/// `typing` and `viewing`.
fn activities() -> [ObjectBuilder; 2] {
    let about = || {
        let named = object().property("session_id", id()).required("session_id");
        named.property("agent", id()).property("agent_name", text())
    };
    let by = text().enum_values(Some(["customer", "agent"]));
    let typing = about().property("by", by).required("by").property("is_typing", truth()).required("is_typing");
    let viewing = about().required("agent").property("is_viewing", truth()).required("is_viewing");
    [
        frame().property("event", word("typing")).property("data", json(typing)),
        frame().property("event", word("viewing")).property("data", json(viewing)),
    ]
}

/// A frame of the workbench's stream.
pub(crate) struct WorkbenchFrame;

impl PartialSchema for WorkbenchFrame {
    fn schema() -> RefOr<Schema> {
        let session = || {
            let about = object().property("session_id", id()).required("session_id");
            about.property("position", number()).required("position")
        };
        let reason = text().enum_values(Some(["owner", "offer", "transfer"]));
        let visible = session().property("reason", reason).required("reason");
        let description = format!(
            "{OF_EVERY_STREAM}; {ACTIVITIES}; `session_visible`: with the event that follows a session becomes one's own; \
             `session_hidden`: with the event that follows it ceases to be; `answering`: an assistant's answer so far, in a \
             session that is watched"
        );
        let ([event, reset, over], [typing, viewing]) = (of_every_stream(), activities());
        let visible = frame().property("event", word("session_visible")).property("data", json(visible));
        let hidden = frame().property("event", word("session_hidden")).property("data", json(session()));
        let answer = object()
            .property("session_id", id())
            .property("run", id())
            .property("attempt", number())
            .property("text", text());
        let answer = answer.required("session_id").required("run").required("attempt").required("text");
        let answering = frame().property("event", word("answering")).property("data", json(answer));
        one_of(&description, [event, reset, over, visible, hidden, typing, viewing, answering])
    }
}

impl ToSchema for SessionFrame {
    fn name() -> Cow<'static, str> {
        "SessionFrame".into()
    }
}

impl ToSchema for WorkbenchFrame {
    fn name() -> Cow<'static, str> {
        "WorkbenchFrame".into()
    }
}

impl ToSchema for EventFrame {
    fn name() -> Cow<'static, str> {
        "EventFrame".into()
    }
}

/// A frame of an answer in the making.
pub(crate) struct ChatFrame;

impl PartialSchema for ChatFrame {
    fn schema() -> RefOr<Schema> {
        let status = text().enum_values(Some(["pending_manual", "after_hours_email", "manual_live", "closed"]));
        let kinds = [
            kind("accepted", [("position", number()), ("session_name", text()), ("session_id", text())]),
            kind("message", [("content", text())]),
            kind("restart", [("run", text()), ("attempt", number())]),
            kind("withdrawn", [("run", text())]),
            kind("status_change", [("status", status), ("timestamp", number())])
                .property("reason", text())
                .property("agent_info", object().property("agent_id", text()).property("agent_name", text())),
            kind("manual_message", [("role", text()), ("content", text())])
                .property("timestamp", ObjectBuilder::new().schema_type(Type::Number)),
            kind("error", [("content", text())]),
            kind("done", [("content", text()), ("position", number())]).property("suggestions", list_of(text())),
        ];
        frame().property("data", json(one_of("What happens to the answer", kinds))).into()
    }
}

impl ToSchema for ChatFrame {
    fn name() -> Cow<'static, str> {
        "ChatFrame".into()
    }
}

/// An object with this `type` and these members.
fn kind<const N: usize>(name: &str, members: [(&str, ObjectBuilder); N]) -> ObjectBuilder {
    let named = object().property("type", word(name)).required("type");
    members.into_iter().fold(named, |object, (name, member)| object.property(name, member).required(name))
}

fn frame() -> ObjectBuilder {
    object().required("data")
}

/// Text that is JSON of this schema.
fn json(schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    text().content_media_type("application/json").content_schema(Some(schema))
}

fn one_of<const N: usize>(description: &str, all: [ObjectBuilder; N]) -> RefOr<Schema> {
    all.into_iter().fold(OneOfBuilder::new().description(Some(description)), OneOfBuilder::item).into()
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn id() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn truth() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

fn list_of(items: ObjectBuilder) -> ArrayBuilder {
    ArrayBuilder::new().items(items)
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0))
}

fn word(word: &str) -> Object {
    text().enum_values(Some([word])).build()
}
