//! The workbench's stream: whom it shows what, in which order, and that it goes on from anywhere.

use domain::agent::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::desk::{Desk, EventFrame, Frames, Setup, Staff};

use super::{
    LIMIT, fresh, ok,
    people::{self, Colleague, Thread, desk},
    problem,
};

async fn open(staff: &Staff, query: &str) -> Frames {
    let response = staff.get(&format!("/api/agent/events{query}")).await.unwrap();
    assert_eq!(response.status(), 200);
    Frames::of(response)
}

/// Whether a frame is about this session.
fn is_of(frame: &EventFrame, session: &str) -> bool {
    frame.data["session_id"] == session || frame.data["stream"] == format!("session-{session}")
}

/// The frames about a session up to and with the last of this type.
async fn until(frames: &mut Frames, session: &str, last: &str) -> Vec<EventFrame> {
    let is_last = |frame: &EventFrame| is_of(frame, session) && frame.event.as_deref() == Some(last);
    let read = tokio::time::timeout(LIMIT, frames.until(is_last)).await.expect("the last frame comes");
    read.into_iter().filter(|frame| is_of(frame, session)).collect()
}

fn names(frames: &[EventFrame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.event.as_deref().unwrap().trim_start_matches("session.")).collect()
}

/// What the owner of a session sees that was escalated, taken over, written in and transferred away.
const OWNERS: [&str; 9] = [
    "escalated",
    "session_visible",
    "agent_took_over",
    "notice_given",
    "customer_message_sent",
    "agent_message_sent",
    "notice_given",
    "session_hidden",
    "transferred",
];

#[tokio::test]
async fn owner_the_next_owner_and_others_each_see_their_part_in_order() {
    let (owner, next, third) = (agent().await, agent().await, agent().await);
    let mut streams = [open(&owner.staff(), "").await, open(&next.staff(), "").await, open(&third.staff(), "").await];
    let thread = Thread::waiting().await;
    ok(thread.act(&owner, "takeover", json!({})).await).await;
    ok(thread.say("Is it done?").await).await;
    ok(thread.answer(&owner, "Nearly").await).await;
    ok(thread.act(&owner, "transfer", json!({"to_agent_id": next.id})).await).await;
    ok(thread.answer(&next, "It is").await).await;
    ok(thread.act(&next, "return", json!({})).await).await;
    ok(thread.own("cancel-escalation").await).await;
    let queue = ["agent_took_over", "returned_to_queue", "escalation_cancelled"];
    let [first, second, rest] = &mut streams;
    let seen = until(first, &thread.id, "session.escalation_cancelled").await;
    assert_eq!(names(&seen), [&OWNERS[..], &queue[1..]].concat());
    let (visible, taken) = (&seen[1], &seen[2]);
    let position = &taken.data["position"];
    assert_eq!(visible.data, json!({"session_id": thread.id, "reason": "owner", "position": position}));
    assert_eq!((visible.id.as_deref(), taken.id.clone()), (None, Some(format!("1-{position}"))));
    assert_eq!(
        (&seen[4].data["personal"]["text"], &taken.data["data"]["agent"]),
        (&json!("Is it done?"), &json!(owner.id))
    );
    assert_eq!(seen[7].data, json!({"session_id": thread.id, "position": seen[8].data["position"]}));
    let seen = until(second, &thread.id, "session.escalation_cancelled").await;
    let own = ["session_visible", "transferred", "agent_message_sent", "notice_given", "session_hidden"];
    assert_eq!(names(&seen), [&["escalated", queue[0]], &own[..], &queue[1..]].concat());
    let seen = until(rest, &thread.id, "session.escalation_cancelled").await;
    assert_eq!(names(&seen), [&["escalated"], &queue[..]].concat(), "who has nothing to do with it sees the queue");
}

async fn agent() -> Colleague {
    Colleague::with_role(Role::Agent).await
}

#[tokio::test]
async fn stream_goes_on_from_every_frame_also_after_a_restart() {
    let mut own = Desk::start(Setup { environment: people::open_always(), ..Setup::default() });
    let staff = own.staff();
    let customer = own.customer();
    let name = fresh("resumed");
    customer.arrive(&name).await.unwrap();
    let mut live = open(&staff, "?after=0").await;
    let session = ok(customer.post("/api/chat", &json!({"message": "hello", "user_id": name})).await.unwrap()).await;
    let session = session["session_id"].as_str().unwrap().to_owned();
    let act = async |command: &str, body: Value| {
        ok(staff.post(&format!("/api/sessions/{session}/{command}"), &body).await.unwrap()).await
    };
    ok(customer.post("/api/manual/escalate", &json!({"session_name": name})).await.unwrap()).await;
    act("takeover", json!({})).await;
    for (role, text) in [("user", "Is it done?"), ("agent", "Nearly")] {
        let body =
            json!({"session_name": if role == "user" { &name } else { &session }, "role": role, "content": text});
        let said = if role == "user" {
            customer.post("/api/manual/messages", &body).await
        } else {
            staff.post("/api/manual/messages", &body).await
        };
        ok(said.unwrap()).await;
    }
    let new = json!({"username": "next", "password": "set by the administrator", "name": "Bo", "role": "agent"});
    let made = ok(staff.post("/api/agents", &new).await.unwrap()).await;
    // So that frames have its name.
    ok(staff.get(&format!("/api/agents?min_position={}", made["position"])).await.unwrap()).await;
    act("transfer", json!({"to_agent_id": made["data"]["id"]})).await;
    let is_last = |frame: &EventFrame| frame.event.as_deref() == Some("session.transferred");
    let seen = tokio::time::timeout(LIMIT, live.until(is_last)).await.unwrap();
    let of_session: Vec<EventFrame> = seen.iter().filter(|frame| is_of(frame, &session)).cloned().collect();
    assert_eq!(names(&of_session), OWNERS);
    goes_on_from_each(&staff, &seen).await;
    own.kill();
    own.start_again();
    goes_on_from_each(&own.staff(), &seen).await;
}

/// After each frame with an id come those that stand after it, up to the last.
async fn goes_on_from_each(staff: &Staff, seen: &[EventFrame]) {
    for (index, frame) in seen.iter().enumerate().rev().skip(1) {
        let Some(id) = &frame.id else { continue };
        let request = staff.request(Method::GET, "/api/agent/events").header("Last-Event-ID", id);
        let mut resumed = Frames::of(request.send().await.unwrap());
        for expected in &seen[index + 1..] {
            assert_eq!(resumed.next_within(LIMIT).await.as_ref(), Some(expected), "after {id}");
        }
    }
}

#[tokio::test]
async fn who_is_asked_to_take_a_session_sees_it_until_the_request_is_over() {
    let (owner, asked) = (agent().await, agent().await);
    let thread = Thread::with(&owner).await;
    let mut frames = open(&asked.staff(), "").await;
    let ask = || thread.act(&owner, "transfer-requests", json!({"to_agent_id": asked.id}));
    let answer = async |request: Value, action: &str| {
        let path = format!("/api/transfer-requests/{}/respond", request["data"]["id"].as_str().unwrap());
        ok(asked.staff().post(&path, &json!({"action": action})).await.unwrap()).await
    };
    let request = ok(ask().await).await;
    ok(thread.answer(&owner, "A colleague will help").await).await;
    answer(request, "decline").await;
    ok(thread.answer(&owner, "I will").await).await;
    let request = ok(ask().await).await;
    answer(request, "accept").await;
    let seen = until(&mut frames, &thread.id, "session.transferred").await;
    let declined =
        ["session_visible", "transfer_requested", "agent_message_sent", "session_hidden", "transfer_declined"];
    let accepted = ["session_visible", "transfer_requested", "transfer_accepted", "notice_given", "transferred"];
    assert_eq!(names(&seen), [declined, accepted].concat());
    assert_eq!((&seen[0].data["reason"], &seen[5].data["reason"]), (&json!("transfer"), &json!("transfer")));
}

#[tokio::test]
async fn watched_sessions_and_with_scope_all_every_session_are_shown_whole() {
    let (owner, watcher) = (agent().await, agent().await);
    let supervisor = Colleague::with_role(Role::Supervisor).await;
    let thread = Thread::new().await;
    let mut watching = open(&watcher.staff(), &format!("?watch={}", thread.id)).await;
    let mut all = open(&supervisor.staff(), "?scope=all").await;
    ok(thread.escalate().await).await;
    ok(thread.act(&owner, "takeover", json!({})).await).await;
    ok(thread.say("Is it done?").await).await;
    ok(thread.act(&owner, "release", json!({})).await).await;
    let whole = ["escalated", "notice_given", "agent_took_over", "notice_given", "customer_message_sent"];
    let whole = [&whole[..], &["notice_given", "released"]].concat();
    for frames in [&mut watching, &mut all] {
        assert_eq!(names(&until(frames, &thread.id, "session.released").await), whole);
    }
    let log = desk().staff().log().await.unwrap();
    let is_look = |event: &Value| {
        event["type"] == "access.session_viewed"
            && event["actor"] == format!("agent:{}", watcher.id)
            && event["data"]["session"] == thread.id
    };
    assert_eq!(log.iter().filter(|event| is_look(event)).count(), 1, "what is watched is on record");
}

#[tokio::test]
async fn malformed_parameters_and_missing_rights_are_refused() {
    let agent = agent().await.staff();
    let get = async |query: &str| agent.get(&format!("/api/agent/events?{query}")).await.unwrap();
    let ids = vec![uuid::Uuid::new_v4().to_string(); 21].join(",");
    for query in ["watch=", "watch=one", "scope=", "scope=mine", "after=x", &format!("watch={ids}")] {
        problem(get(query).await, 400, "INVALID_FIELD").await;
    }
    problem(get(&format!("watch={}", uuid::Uuid::new_v4())).await, 404, "NOT_FOUND").await;
    problem(get("after=999999999").await, 409, "CURSOR_AHEAD").await;
    let refused = problem(get("scope=all").await, 403, "PERMISSION_DENIED").await;
    assert_eq!(refused["permission"], "session:supervise");
}

#[tokio::test]
async fn everybodys_presence_is_shown_and_opening_the_stream_is_watched() {
    let (reader, other) = (agent().await, agent().await);
    let mut frames = open(&reader.staff(), "").await;
    let chosen = ok(other.staff().put("/api/agent/status", &json!({"status": "break"})).await.unwrap()).await;
    let stream = format!("agent-{}", other.id);
    let is_it = |frame: &EventFrame| frame.data["stream"] == *stream;
    let seen = tokio::time::timeout(LIMIT, frames.until(is_it)).await.unwrap().pop().unwrap();
    assert_eq!(seen.event.as_deref(), Some("agent.presence_changed"));
    assert_eq!(seen.data["data"], json!({"presence": "break", "cause": "chosen"}));
    let path = format!("/api/agents?min_position={}", chosen["position"]);
    let listed = ok(desk().staff().get(&path).await.unwrap()).await["data"].clone();
    let last_seen = |who: &Colleague| {
        let row = listed.as_array().unwrap().iter().find(|row| row["id"] == *who.id).unwrap();
        row["last_seen_at"].is_string()
    };
    assert_eq!((last_seen(&reader), last_seen(&other)), (true, false));
}
