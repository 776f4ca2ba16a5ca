//! Whoever reads, whatever way: what is shown of an event is what the domain's audience says, for every type of event.
//!
//! What should be shown is worked out here from the log alone, by `DomainEvent::audience`, and of what is rendered by
//! `texts::notice`; what is shown is asked of the real server and of `desk-replay`. Nothing else is taken from the program.

mod counted;
mod examples;
mod readers;
mod rendered;
mod said;
mod workbench;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    SessionId, Viewer, VisitorId,
    agent::{
        Permission::{self, AuditRead, LogRead, PersonalRead, SessionRead},
        Permissions,
    },
};
use event_store::{StreamName, StreamVersion};
use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    app_without_processes::{staff_token, visitor_token},
    desk::Frames,
    test_scale::seed,
};
use uuid::Uuid;

use counted::Counted;
use readers::Reader;
use said::{Logged, envelope, on_screen};
use world::{Known, World};

use crate::{
    golden::example::{SESSION_NAME, VISITOR},
    moments::Fixture,
};

const NDJSON: &str = "application/x-ndjson";
const SSE: &str = "text/event-stream";

fn staff(permissions: &[Permission]) -> Viewer {
    Viewer::Staff(Permissions::of(permissions))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_is_shown_what_the_domain_says() {
    let world = World::new(seed("audience")).await;
    world.holds_every_type_and_its_erased_twin();
    world.renders_every_notice();
    for reader in &world.readers {
        the_log(&world, reader).await;
        the_trail(&world, reader).await;
        workbench::is_as_the_domain_says(&world, reader).await;
        for session in &world.sessions {
            a_session_to_staff(&world, reader, session).await;
        }
    }
    for session in &world.sessions {
        a_session_to_its_customer(&world, session).await;
        a_session_to_another_customer(&world, session).await;
        a_report(&world, session).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_sessions_stream_reads_it_once_to_know_it_and_once_to_send_it() {
    let (session, name) = (SessionId::of(VISITOR, SESSION_NAME), SESSION_NAME);
    let mut counted = None;
    let served = Fixture::over(|store| {
        let store = Counted::new(store, StreamName::of("session", session.0));
        counted = Some(store.clone());
        store
    })
    .await;
    let counted = counted.unwrap();
    examples::every_event(&served).await;
    let last = served.log.reader().read_stream(&StreamName::of("session", session.0), StreamVersion::NONE, 500).await;
    let last = last.unwrap().last().unwrap().position.0;
    for (token, name) in [(visitor_token(VISITOR), name.to_owned()), (staff_token(), session.to_string())] {
        let before = counted.reads();
        let answer = served.get(&token, &format!("/api/sessions/{name}/events"), SSE).await;
        let mut frames = Frames::of(answer.error_for_status().unwrap());
        let read = frames.until(|frame| frame.data["position"] == last).await;
        assert_eq!(read.last().unwrap().data["position"], last);
        // The last of them finds that nothing more is there.
        assert_eq!(counted.reads() - before, 3);
    }
}

/// `/api/events`, as NDJSON and as server-sent events.
async fn the_log(world: &World, reader: &Reader) {
    let lines = world.served.get(&reader.token, "/api/events", NDJSON).await;
    if !reader.may(LogRead) {
        assert_eq!(lines.status(), StatusCode::FORBIDDEN, "{}", reader.name);
        return;
    }
    let viewer = if reader.may(PersonalRead) { staff(&[LogRead, PersonalRead]) } else { staff(&[LogRead]) };
    let expected: Vec<Value> = world.log.iter().filter_map(|logged| envelope(logged, viewer)).collect();
    let lines = lines.error_for_status().unwrap().text().await.unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    same(&lines, &expected, &format!("NDJSON to {}", reader.name));
    let frames = world.served.get(&reader.token, "/api/events", SSE).await;
    let frames = up_to_the_last(frames, &expected).await;
    same(&frames, &expected, &format!("SSE to {}", reader.name));
}

/// `/api/audit`: plain parts only.
async fn the_trail(world: &World, reader: &Reader) {
    let mut positions = Vec::new();
    loop {
        let after = positions.last().copied().unwrap_or(0);
        let head = world.head();
        let path = format!("/api/audit?limit=1000&after={after}&min_position={head}");
        let answer = world.served.get(&reader.token, &path, "*/*").await;
        if !reader.may(AuditRead) {
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{}", reader.name);
            return;
        }
        let page: Value = answer.error_for_status().unwrap().json().await.unwrap();
        let rows = page["data"].as_array().unwrap();
        positions.extend(rows.iter().map(|row| row["position"].as_u64().unwrap()));
        if page["next"].is_null() {
            break;
        }
    }
    let of_audience = |logged: &&Logged| logged.audience().may_see(staff(&[AuditRead]));
    assert_eq!(positions, world.log.iter().filter(of_audience).map(Logged::position).collect::<Vec<_>>());
}

/// The stream, the view and its trail of one session, to staff.
async fn a_session_to_staff(world: &World, reader: &Reader, session: &Known) {
    let path = format!("/api/sessions/{}", session.id);
    if !reader.may(SessionRead) {
        for path in [&path, &format!("{path}/events")] {
            let refused = world.served.get(&reader.token, path, "*/*").await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{} {path}", reader.name);
        }
        return;
    }
    let viewer = staff(&[SessionRead]);
    let events = world.events_of(session);
    let expected: Vec<Value> = events.iter().filter_map(|logged| world.rendered.envelope(logged, viewer)).collect();
    let frames = world.served.get(&reader.token, &format!("{path}/events"), SSE).await;
    same(&up_to_the_last(frames, &expected).await, &expected, &format!("{path} to {}", reader.name));

    let data = world.session(&reader.token, &session.id.to_string()).await;
    let messages = world.rendered.messages(&events, viewer);
    assert_eq!(world.history(&reader.token, &session.id.to_string()).await, messages, "{path}");
    let trail: Vec<u64> =
        data["audit_trail"].as_array().unwrap().iter().map(|row| row["position"].as_u64().unwrap()).collect();
    let seen = events.iter().filter(|logged| logged.audience().may_see(viewer)).map(|logged| logged.position());
    assert_eq!(trail, seen.collect::<Vec<_>>(), "the trail of {path}");
    evidence(&data, &events, viewer);
}

/// The stream and the view of a session, to its customer.
async fn a_session_to_its_customer(world: &World, session: &Known) {
    let token = visitor_token(session.visitor);
    let events = on_screen(world.events_of(session));
    let shown = |logged: &&Logged| world.rendered.envelope(logged, Viewer::Customer);
    let expected: Vec<Value> = events.iter().filter_map(shown).collect();
    let frames = world.served.get(&token, &format!("/api/sessions/{}/events", session.name), SSE).await;
    same(&up_to_the_last(frames, &expected).await, &expected, &format!("{} to its customer", session.id));
    let data = world.session(&token, &session.name).await;
    let messages = world.rendered.messages(&events, Viewer::Customer);
    assert_eq!(world.history(&token, &session.name).await, messages, "{}", session.id);
    assert_eq!(data["audit_trail"], Value::Array(Vec::new()));
    evidence(&data, &world.events_of(session), Viewer::Customer);
}

async fn a_session_to_another_customer(world: &World, session: &Known) {
    let token = visitor_token(VisitorId(Uuid::from_u128(0xbad)));
    for path in [format!("/api/sessions/{}", session.name), format!("/api/sessions/{}/events", session.name)] {
        assert_eq!(world.served.get(&token, &path, "*/*").await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// What a rule saw, while the session shows an escalation.
fn evidence(data: &Value, events: &[&Logged], viewer: Viewer) {
    let escalated = events.iter().rev().find(|logged| logged.event_type() == "session.escalated");
    let (shown, Some(escalated)) = (&data["session"]["escalation"], escalated) else { return };
    if shown.is_null() {
        return;
    }
    let expected = escalated.personal(viewer).map(|part| part["details"].clone());
    assert_eq!(shown.get("details").cloned(), expected, "{}", escalated.position());
}

/// `desk-replay report`, with the master key: as staff is shown a session.
async fn a_report(world: &World, session: &Known) {
    let viewer = staff(&[SessionRead]);
    let html = world.report(session).await;
    let expected: BTreeMap<u64, &str> = world
        .events_of(session)
        .into_iter()
        .filter(|logged| logged.audience().may_see(viewer))
        .map(|logged| (logged.position(), logged.part_word(viewer)))
        .collect();
    assert_eq!(said::report_rows(&html), expected, "the report of {}", session.id);
    for logged in world.events_of(session) {
        let texts: BTreeSet<String> = logged.texts().into_iter().filter(|text| text.len() > 12).collect();
        for text in texts {
            let is_there = html.contains(&said::escaped(&text));
            assert_eq!(is_there, logged.personal(viewer).is_some(), "{} at {}", logged.event_type(), logged.position());
        }
    }
}

/// Reads frames until the last that is expected has come.
async fn up_to_the_last(answer: reqwest::Response, expected: &[Value]) -> Vec<Value> {
    let mut frames = Frames::of(answer.error_for_status().unwrap());
    let last = expected.last().map(|last| last["position"].clone());
    let mut read = Vec::new();
    while read.last().map(|envelope: &Value| envelope["position"].clone()) != last {
        let frame = frames.next_within(std::time::Duration::from_secs(20)).await.expect("it goes on");
        assert_eq!(frame.event.as_deref(), frame.data["type"].as_str());
        read.push(frame.data);
    }
    read
}

fn same(read: &[Value], expected: &[Value], what: &str) {
    for (read, expected) in read.iter().zip(expected) {
        assert_eq!(read, expected, "{what}");
    }
    assert_eq!(read.len(), expected.len(), "{what}");
}
