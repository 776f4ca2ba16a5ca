//! Event streams resume from any position without gap or duplicate, and each reader sees what it may see.

use reqwest::Method;
use serde_json::{Value, json};
use tests::desk::{Customer, EventFrame, Frames, LOOK};

use super::{LIMIT, customer_with, desk, fresh, ok};

/// A session with every kind of event that a customer causes.
async fn lively(session: &str) -> Customer {
    let customer = customer_with(session).await;
    let body = json!({"session_id": session});
    customer.chat(session, "hello").await.unwrap();
    ok(customer.post("/api/conversation/new", &body).await.unwrap()).await;
    ok(customer.post_keyed("/api/conversation/new", "idle", &body).await.unwrap()).await;
    customer.chat(session, "电池充满电要多久？").await.unwrap();
    customer
}

async fn frames_after(customer: &Customer, session: &str, cursor: &str, count: usize) -> Vec<EventFrame> {
    let mut frames = customer.follow(session, Some(cursor)).await.unwrap();
    let mut read = Vec::new();
    while read.len() < count {
        read.push(frames.next_within(LIMIT).await.unwrap());
    }
    read
}

fn position(frame: &EventFrame) -> u64 {
    frame.data["position"].as_u64().unwrap()
}

/// opened; message, run, reply; context; (confirmed, not shown); message, run, reply.
const SHOWN: [&str; 8] = [
    "session.opened",
    "session.customer_message_sent",
    "session.assistant_run_started",
    "session.assistant_replied",
    "session.context_started",
    "session.customer_message_sent",
    "session.assistant_run_started",
    "session.assistant_replied",
];

#[tokio::test]
async fn session_stream_resumes_from_every_position() {
    let session = fresh("resumed");
    let customer = lively(&session).await;
    let all = frames_after(&customer, &session, "0", SHOWN.len()).await;
    assert_eq!(all.iter().map(|frame| frame.event.clone().unwrap()).collect::<Vec<_>>(), SHOWN);
    for frame in &all {
        let (generation, position) = frame.id.as_deref().unwrap().split_once('-').unwrap();
        assert!(
            generation.parse::<u64>().is_ok() && position.parse::<u64>().ok() == frame.data["position"].as_u64(),
            "{frame:?}"
        );
        assert_eq!(frame.data["type"], frame.event.as_deref().unwrap());
        assert!(frame.data.get("hash").is_none() && frame.data.get("prev_hash").is_none(), "{frame:?}");
    }
    let generation = all[0].id.as_deref().unwrap().split_once('-').unwrap().0;
    for after in positions_around(&all) {
        let rest: Vec<EventFrame> = all.iter().filter(|frame| position(frame) > after).cloned().collect();
        for cursor in [after.to_string(), format!("{generation}-{after}")] {
            assert_eq!(frames_after(&customer, &session, &cursor, rest.len()).await, rest, "after {cursor}");
        }
    }
}

/// The start of the log, and every position from right before these events up to the last of them; where that is too many,
/// because positions have holes, those next to each event.
fn positions_around(events: &[EventFrame]) -> Vec<u64> {
    let (first, last) = (position(&events[0]), position(&events[events.len() - 1]));
    let is_near = |after: &u64| events.iter().any(|event| position(event).abs_diff(*after) <= 1);
    let all = (first - 1)..last;
    let has_few = last - first < 500;
    std::iter::once(0).chain(all.filter(|after| has_few || is_near(after))).collect()
}

#[tokio::test]
async fn session_stream_at_the_head_waits_for_new_events() {
    let session = fresh("at-head");
    let customer = lively(&session).await;
    let all = frames_after(&customer, &session, "0", SHOWN.len()).await;
    let mut waiting = customer.follow(&session, all.last().unwrap().id.as_deref()).await.unwrap();
    customer.chat(&session, "one more").await.unwrap();
    assert_eq!(waiting.next_within(LIMIT).await.unwrap().data["personal"]["text"], "one more");
}

#[tokio::test]
async fn last_event_id_wins_over_the_after_parameter() {
    let session = fresh("both-cursors");
    let customer = lively(&session).await;
    let all = frames_after(&customer, &session, "0", SHOWN.len()).await;
    let path = format!("/api/sessions/{session}/events?after={}", position(&all[5]));
    let by_query = Frames::of(customer.get(&path).await.unwrap()).next_within(LIMIT).await.unwrap();
    assert_eq!(by_query, all[6]);
    let request = customer.request(Method::GET, &path).header("Last-Event-ID", all[1].id.as_deref().unwrap());
    let both = Frames::of(request.send().await.unwrap()).next_within(LIMIT).await.unwrap();
    assert_eq!(both, all[2]);
}

#[tokio::test]
async fn cursor_of_another_generation_gets_a_reset() {
    let session = fresh("generation");
    let customer = lively(&session).await;
    let mut frames = customer.follow(&session, Some("999-1")).await.unwrap();
    let reset = frames.next_within(LIMIT).await.unwrap();
    assert_eq!(reset.event.as_deref(), Some("reset"));
    let head = reset.data["position"].as_u64().unwrap();
    assert!(reset.id.as_deref().unwrap().ends_with(&format!("-{head}")), "{reset:?}");
    let mut all = desk().staff().follow(Some("999-1")).await.unwrap();
    assert_eq!(all.next_within(LIMIT).await.unwrap().event.as_deref(), Some("reset"));
    let request =
        desk().staff().request(Method::GET, "/api/events?after=999-1").header("Accept", "application/x-ndjson");
    super::problem(request.send().await.unwrap(), 409, "CURSOR_OF_OTHER_GENERATION").await;
}

#[tokio::test]
async fn log_stream_resumes_from_every_position() {
    let own = tests::desk::Desk::start(tests::desk::Setup::default());
    let (customer, staff) = (own.customer(), own.staff());
    for number in 0..3 {
        customer.chat("s", &format!("hello {number}")).await.unwrap();
    }
    ok(customer.post_keyed("/api/conversation/new", "k", &json!({"session_id": "s"})).await.unwrap()).await;
    ok(customer.post_keyed("/api/conversation/new", "l", &json!({"session_id": "s"})).await.unwrap()).await;
    let log = staff.log().await.unwrap();
    assert_eq!(log.last().unwrap()["type"], "session.command_confirmed", "staff sees what customers do not");
    let position = |index: usize| index.checked_sub(1).map_or(0, |index| log[index]["position"].as_u64().unwrap());
    for after in 0..log.len() {
        for cursor in [position(after).to_string(), format!("1-{}", position(after))] {
            let mut frames = staff.follow(Some(&cursor)).await.unwrap();
            for event in &log[after..] {
                assert_eq!(frames.next_within(LIMIT).await.unwrap().data, *event, "after {cursor}");
            }
            let request = staff
                .request(Method::GET, &format!("/api/events?after={cursor}"))
                .header("Accept", "application/x-ndjson");
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/x-ndjson");
            let lines = response.text().await.unwrap();
            let mut rest: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            rest.retain(|event| event["type"] != LOOK);
            assert_eq!(rest, log[after..], "after {cursor}");
        }
    }
    let last = position(log.len());
    let request = staff.request(Method::GET, &format!("/api/events?after={last}"));
    let text = request.header("Accept", "application/x-ndjson").send().await.unwrap().text().await.unwrap();
    let happened = text.lines().filter(|line| !line.contains(LOOK)).count();
    assert_eq!(happened, 0, "at the head there is nothing more but the notes of who looked: {text}");
    let beyond = staff.get(&format!("/api/events?after={}", last + 10_000)).await.unwrap();
    assert_eq!(beyond.status(), 409, "beyond the head there is nothing");
}

#[tokio::test]
async fn cleared_messages_are_hidden_from_the_customer_and_shown_to_staff() {
    let session = fresh("cleared");
    let customer = lively(&session).await;
    let mut watching = customer.follow(&session, None).await.unwrap();
    let cleared = ok(customer.post("/api/conversation/clear", &json!({"session_id": session})).await.unwrap()).await;
    let answer = customer.chat(&session, "after the clear").await.unwrap();
    let hidden =
        ["session.opened", "session.assistant_run_started", "session.context_started", "session.assistant_run_started"];
    let rest = [
        "session.context_started",
        "session.customer_message_sent",
        "session.assistant_run_started",
        "session.assistant_replied",
        // After the third answer a person is offered.
        "session.notice_given",
    ];
    let shown = frames_after(&customer, &session, "0", hidden.len() + rest.len()).await;
    let types: Vec<String> = shown.iter().map(|frame| frame.event.clone().unwrap()).collect();
    assert_eq!(types, [&hidden[..], &rest[..]].concat());
    let live = watching.until(|frame| position(frame) == answer["position"].as_u64().unwrap()).await;
    assert_eq!(live.len(), SHOWN.len() + rest.len(), "who watched saw it before it was cleared");
    let path = format!("/api/sessions/{}?min_position={}", answer["session_id"].as_str().unwrap(), answer["position"]);
    let staff = ok(desk().staff().get(&path).await.unwrap()).await["data"]["session"]["history"].clone();
    let flags: Vec<bool> = staff.as_array().unwrap().iter().map(|message| message["hidden"] == true).collect();
    assert_eq!(flags, [true, true, true, true, false, false, false]);
    let own =
        super::session_at(&customer, &session, answer["position"].as_u64().unwrap()).await["data"]["session"].clone();
    assert_eq!(own["history"].as_array().unwrap().len(), 3);
    assert_eq!(own["conversation_id"], cleared["conversation_id"]);
    let of_staff = Frames::of(desk().staff().get(&format!("/api/sessions/{session}/events")).await.unwrap());
    assert_eq!(text_of(of_staff).await, "hello");
}

/// The first message of a stream.
async fn text_of(mut frames: Frames) -> Value {
    let frames = frames.until(|frame| frame.event.as_deref() == Some("session.customer_message_sent")).await;
    frames.last().unwrap().data["personal"]["text"].clone()
}
