//! `?at=` a position or a time shows a session byte for byte as it was shown when that event was committed, and
//! `desk-replay show --at` agrees.
//!
//! Only two things may differ, and the tests check that nothing else does: texts erased since, and, for the customer, messages
//! cleared since.

pub(crate) mod fixture;
mod recording;

use std::process::Command;

use domain::SessionId;
use event_store::Position;
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use tests::{
    desk::program,
    postgres::Postgres,
    rare_events::with_rare_events,
    shop::{Order, Step},
    test_scale::{count, rng, seed},
};

pub(crate) use fixture::Fixture;
use fixture::{Answer, Caller};
use recording::{Known, Moment, Recording};

/// Concurrent requests.
const TOGETHER: usize = 8;

fn steps(events: usize, seed: u64) -> impl Iterator<Item = Step> {
    with_rare_events(Order::stress(events as u64, seed, Timestamp::now())).into_iter()
}

/// A session, and a position of the log.
type Pair = (SessionId, Position);

#[tokio::test(flavor = "multi_thread")]
async fn past_moments_are_shown_byte_for_byte_on_sqlite() {
    let seed = seed("moments on SQLite");
    let fixture = Fixture::on_sqlite().await;
    are_shown_again(&fixture, seed, count(600, 3_000), count(1_000, 10_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_moments_are_shown_byte_for_byte_on_postgres() {
    let seed = seed("moments on PostgreSQL");
    let database = Postgres::shared().await.fresh_database().await;
    let fixture = Fixture::on_postgres(&database).await;
    are_shown_again(&fixture, seed, count(200, 1_500), count(150, 3_000)).await;
}

async fn are_shown_again(fixture: &Fixture, seed: u64, events: usize, pairs: usize) {
    let began = std::time::Instant::now();
    let nobody_is_forgotten = |step: &Step| matches!(step, Step::Appended(_));
    let recording = Recording::of(fixture, steps(events, seed).filter(nobody_is_forgotten)).await;
    let recorded_in = began.elapsed();
    let mut random = rng(seed, 1);
    let mut drawn: Vec<Pair> = std::iter::repeat_with(|| draw(&recording, true, &mut random)).take(pairs).collect();
    drawn.extend(std::iter::repeat_with(|| draw(&recording, false, &mut random)).take(pairs / 20));
    let (mut shown, mut cleared, mut not_yet) = (0, 0, 0);
    let mut answers = stream::iter(&drawn)
        .map(async |(session, position)| is_shown_again(fixture, &recording, *session, *position).await)
        .buffer_unordered(TOGETHER);
    while let Some(outcome) = answers.next().await {
        match outcome {
            Outcome::TheSame => shown += 1,
            Outcome::ClearedSince => cleared += 1,
            Outcome::NotYet => not_yet += 1,
        }
    }
    println!(
        "{events} events of {} sessions recorded in {recorded_in:?}; {shown} moments are the same to all, {cleared} were \
         cleared since for their customer, {not_yet} were before the session; {:?}",
        recording.sessions.len(),
        began.elapsed()
    );
    assert!(shown + cleared >= pairs, "{shown} and {cleared}");
    let is_everything = shown > pairs / 3 && cleared > 0 && not_yet > 0;
    assert!(pairs < 1_000 || is_everything, "{shown}, {cleared} and {not_yet}: one of them is hardly tried");
    for (session, position) in drawn.iter().take(count(12, 100)) {
        desk_replay_says_the_same(fixture, &recording, *session, *position);
    }
}

/// A session and any position, or one at which the session had begun.
fn draw(recording: &Recording, has_begun: bool, random: &mut StdRng) -> Pair {
    let sessions: Vec<SessionId> = recording.sessions.keys().copied().collect();
    let session = *sessions.choose(random).unwrap();
    let began = recording.moments[&session][0].position.0;
    let from = if has_begun { began } else { 0 };
    (session, Position(random.random_range(from..=recording.head.0)))
}

#[derive(Debug, PartialEq)]
enum Outcome {
    /// The same bytes for staff and customer.
    TheSame,
    /// The same for staff; the customer sees no messages.
    ClearedSince,
    /// The session did not exist.
    NotYet,
}

async fn is_shown_again(fixture: &Fixture, recording: &Recording, session: SessionId, position: Position) -> Outcome {
    let (known, id) = (&recording.sessions[&session], session.to_string());
    let customer = Caller::Customer(known.visitor);
    let at = position.to_string();
    let Some(moment) = recording.at(session, position) else {
        for answer in [
            fixture.ask(&Caller::Staff, &id, &[("at", &at)]).await,
            fixture.ask(&customer, &known.name, &[("at", &at)]).await,
        ] {
            assert_eq!(answer.status, 404, "{session} at {position}: {answer:?}");
        }
        return Outcome::NotYet;
    };
    let mut outcome = Outcome::TheSame;
    for at in [&at, &moment.recorded_at] {
        let query = [("at", &**at)];
        let (to_staff, to_customer) =
            tokio::join!(fixture.ask(&Caller::Staff, &id, &query), fixture.ask(&customer, &known.name, &query));
        staff_is_shown(&to_staff, moment, at);
        if cleared_at(recording, session) > moment.position {
            customer_is_shown_no_message(&to_customer, moment, at);
            outcome = Outcome::ClearedSince;
        } else {
            begins_with(&to_customer, &moment.to_customer, moment, at);
        }
    }
    outcome
}

/// The answer has the recorded bytes, followed by the event that it is as of.
fn begins_with(answer: &Answer, recorded: &str, moment: &Moment, at: &str) {
    let Moment { position, recorded_at, .. } = moment;
    let expected = format!(
        r#"{{"success":true,"data":{{{recorded},"at":{{"position":{position},"recorded_at":"{recorded_at}","version":"#
    );
    assert!(answer.body.starts_with(&expected), "at {at}:\n{}\nbut then:\n{expected}", answer.body);
    assert!(answer.body.ends_with(&format!(r#"}},"position":{position}}}"#)), "at {at}: {}", answer.body);
}

/// Staff get their own view and what the customer was shown then, whatever was cleared since.
fn staff_is_shown(answer: &Answer, moment: &Moment, at: &str) {
    begins_with(answer, &moment.to_staff, moment, at);
    let session = moment.to_customer.strip_suffix(r#","audit_trail":[]"#).unwrap();
    let customer_view = format!(r#","customer_view":{{{session},"partly_shown":["#);
    assert!(answer.body.contains(&customer_view), "at {at}:\n{}\nbut then:\n{customer_view}", answer.body);
}

fn customer_is_shown_no_message(answer: &Answer, moment: &Moment, at: &str) {
    let mut expected = parsed(&moment.to_customer);
    expected["session"]["history"] = json!([]);
    let mut shown: Value = serde_json::from_str(&answer.body).unwrap();
    let data = shown["data"].as_object_mut().unwrap();
    assert_eq!(data.remove("at").unwrap()["position"], moment.position.0, "at {at}");
    assert_eq!(shown["data"], expected, "at {at}");
}

/// Recorded bytes, as JSON.
fn parsed(recorded: &str) -> Value {
    serde_json::from_str(&format!("{{{recorded}}}")).unwrap()
}

/// The position of the last clear of a session.
fn cleared_at(recording: &Recording, session: SessionId) -> Position {
    let trail = parsed(&recording.last(session).to_staff)["audit_trail"].clone();
    let is_clear = |entry: &&Value| entry["action"] == "session.context_started" && entry["details"]["cleared"] == true;
    let cleared = trail.as_array().unwrap().iter().rev().find(is_clear);
    Position(cleared.map_or(0, |entry| entry["position"].as_u64().unwrap()))
}

/// State, owner, decision, and what customer and staff saw.
fn desk_replay_says_the_same(fixture: &Fixture, recording: &Recording, session: SessionId, position: Position) {
    let Some(moment) = recording.at(session, position) else { return };
    let output = Command::new(program("desk-replay"))
        .args(["--store", &fixture.store, "--json", "--master-key"])
        .arg(fixture.master_key())
        .args(["show", &session.to_string(), "--at", &position.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (staff, customer) = (parsed(&moment.to_staff), parsed(&moment.to_customer));
    let state = &staff["session"];
    assert_eq!(said["at"]["position"], moment.position.0);
    assert_eq!(said["name"], state["session_name"]);
    for (ours, theirs) in [
        ("status", &state["status"]),
        ("episode", &state["episode"]),
        ("context", &state["conversation_id"]),
        ("agent", &state["assigned_agent"]["id"]),
    ] {
        assert_eq!(said["state"][ours], *theirs, "{ours} of {session} at {position}");
    }
    for (saw, shown) in [("customer_saw", &customer), ("staff_saw", &staff)] {
        let messages = said[saw].as_array().unwrap();
        // A page of the history has 50.
        let newest = &messages[messages.len().saturating_sub(50)..];
        let saw: Vec<Value> = newest.iter().map(|message| as_on_the_wire(message, saw == "staff_saw")).collect();
        let shown = shown["session"]["history"].as_array().unwrap().iter().cloned().map(without_zone);
        assert_eq!(saw, shown.collect::<Vec<_>>(), "{session} at {position}");
    }
    let decision = last_decision(&staff);
    let said =
        json!([said["last_decision"]["position"], said["last_decision"]["rule"], said["last_decision"]["reason"]]);
    assert_eq!(said, decision, "{session} at {position}");
}

/// Of a notice the text is left out: times in it are in the shop's zone, which a log does not tell.
fn without_zone(mut message: Value) -> Value {
    if message["role"] == "system" {
        message["content"] = Value::Null;
    }
    message
}

/// A message of `desk-replay show --json` as the routes write it.
fn as_on_the_wire(message: &Value, for_staff: bool) -> Value {
    let at: Timestamp = message["recorded_at"].as_str().unwrap().parse().unwrap();
    let mut wire = json!({
        "role": message["role"],
        "content": message["text"],
        "timestamp": api::wire::seconds(at),
        "agent_id": message["agent"],
        "agent_name": null,
        "message_id": message["message"],
        "position": message["position"],
    });
    for flag in ["hidden", "withheld"] {
        if message[flag] == true {
            wire[flag] = json!(true);
        }
    }
    if !message["shown"].is_null() {
        wire["shown"] = message["shown"].clone();
    }
    if message["suggestions"].as_array().is_some_and(|suggestions| !suggestions.is_empty()) {
        wire["suggestions"] = message["suggestions"].clone();
    }
    if for_staff && !message["agent"].is_null() {
        wire["agent_uuid"] = message["agent"].clone();
    }
    without_zone(wire)
}

/// From the audit trail that was shown: the newest escalation.
fn last_decision(staff: &Value) -> Value {
    let trail = staff["audit_trail"].as_array().unwrap();
    let Some(escalated) = trail.iter().rev().find(|entry| entry["action"] == "session.escalated") else {
        return json!([null, null, null]);
    };
    json!([escalated["position"], escalated["details"]["rule"], escalated["details"]["reason"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn past_moments_of_an_erased_customer_lack_only_the_texts() {
    let seed = seed("moments of forgotten customers");
    let fixture = Fixture::on_sqlite().await;
    let recording = Recording::of(&fixture, steps(count(400, 2_000), seed)).await;
    let (mut forgotten, mut texts) = (0, 0);
    let is_forgotten = |known: &Known| recording.erased.contains(&known.visitor);
    for (session, known) in recording.sessions.iter().filter(|(_, known)| is_forgotten(known)) {
        forgotten += 1;
        for moment in &recording.moments[session] {
            let at = moment.position.to_string();
            let answer = fixture.ask(&Caller::Staff, &session.to_string(), &[("at", &at)]).await;
            let shown: Value = serde_json::from_str(&answer.body).unwrap();
            let recorded = parsed(&moment.to_staff);
            texts +=
                usize::from(recorded["session"]["history"] != without_texts(recorded.clone())["session"]["history"]);
            let expected = without_texts(recorded);
            for part in ["session", "audit_trail"] {
                assert_eq!(shown["data"][part], expected[part], "{session} at {at}, of {known:?}");
            }
        }
    }
    println!("{forgotten} sessions of forgotten customers, {texts} moments with texts");
    assert!(forgotten > 0 && texts > 0);
}

/// A session as staff were shown it, without its personal parts.
fn without_texts(mut data: Value) -> Value {
    let session = data["session"].as_object_mut().unwrap();
    session["session_name"] = Value::Null;
    if let Some(escalation) = session["escalation"].as_object_mut() {
        escalation.remove("details");
    }
    session["user_profile"]["email"] = Value::Null;
    if let Some(transfer) = session["hand_off"]["transfer"].as_object_mut() {
        transfer.insert("reason".to_owned(), Value::Null);
    }
    if let Some(rating) = session["rating"].as_object_mut() {
        rating.insert("comment".to_owned(), Value::Null);
    }
    for message in session["history"].as_array_mut().unwrap().iter_mut().filter(|one| one["role"] != "system") {
        let message = message.as_object_mut().unwrap();
        message.insert("content".to_owned(), Value::Null);
        message.insert("erased".to_owned(), json!(true));
        message.remove("shown");
        // Sealed with the text.
        message.remove("suggestions");
    }
    data
}
