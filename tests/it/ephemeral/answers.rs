//! An answer that one server makes, on the streams of the other.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_of_an_answer_reach_the_streams_of_the_other_server_and_whoever_joins_late_gets_what_there_is() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    let mut here = session.ask(&session.here).await;
    let before = until_shown(&mut here, 7_000).await;
    // Far more than a notification takes is there already.
    let mut there = session.ask(&session.there).await;
    let mut late = until_shown(&mut there, 7_000).await;
    let first = late.iter().find(|frame| kind(frame) == "message").unwrap();
    assert!(first.data["content"].as_str().unwrap().len() >= 7_000, "it came in one frame: {first:?}");
    assert!(rows(&nodes).await > 0, "it went by a row");
    let at_once = late.len();
    late.extend(rest(&mut there).await);
    let before: Vec<EventFrame> = before.into_iter().chain(rest(&mut here).await).collect();
    assert_eq!((kind(before.last().unwrap()), kind(late.last().unwrap())), ("done", "done"));
    assert_eq!(text_of(&before), story());
    assert_eq!(text_of(&late), story());
    // Without pieces from the other server the rest would come with `done`, in one frame.
    assert!(late.len() > at_once + 10, "{at_once} of {} frames", late.len());
    assert!(late.iter().chain(&before).all(|frame| kind(frame) != "restart"));

    rows_are_swept(&nodes).await;
}

async fn rows(nodes: &Nodes) -> i64 {
    relay::count(nodes, "select count(*) from policy.ephemeral_frame").await
}

/// Rows are made older than they are; otherwise it would take a minute.
async fn rows_are_swept(nodes: &Nodes) {
    relay::execute(nodes, "update policy.ephemeral_frame set created_at = created_at - 60000").await;
    let swept = async {
        while rows(nodes).await > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(LIMIT, swept).await.expect("rows of a minute ago are removed");
}

/// The answer is made and streamed here, and streamed there as well; it is taken over there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn takeover_at_one_server_silences_the_answer_on_the_streams_of_both() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    let mut events = session.here.follow(&session.name, None).await.unwrap();
    let mut here = session.ask(&session.here).await;
    let mut there = session.ask(&session.there).await;
    let mut shown = [until_shown(&mut here, 200).await, until_shown(&mut there, 200).await];
    session.take_over(&nodes.there.staff()).await;
    shown[0].extend(rest(&mut here).await);
    shown[1].extend(rest(&mut there).await);
    shown.iter().for_each(|frames| assert_silent_after_takeover(frames));

    let withheld = withheld(&nodes).await;
    let (text, noted) = (withheld["text"].as_str().unwrap(), withheld["shown"].as_str().unwrap());
    assert!(story().starts_with(text) && text.starts_with(noted), "{withheld}");
    for frames in &shown {
        assert!(noted.starts_with(&text_of(frames)), "more was shown than was noted: {} bytes", noted.len());
    }
    nothing_of_the_assistant_follows_the_takeover(&session, &mut events).await;
}

/// On the customer's stream of events, up to the session's end.
async fn nothing_of_the_assistant_follows_the_takeover(session: &Session, events: &mut Frames) {
    let closed = session.here.post(&format!("/api/sessions/{}/close", session.name), &json!({})).await.unwrap();
    assert_eq!(closed.status(), 200);
    let read = events.until(|frame| frame.event.as_deref() == Some("session.closed"));
    let read = tokio::time::timeout(LIMIT, read).await.expect("it is closed");
    let names: Vec<&str> = read.iter().filter_map(|frame| frame.event.as_deref()).collect();
    let taken = names.iter().position(|name| *name == "session.agent_took_over").expect("it was taken over");
    assert!(names[taken..].iter().all(|name| !name.contains("assistant")), "{names:?}");
}

/// The answer is made here for a request without a stream, and shown there alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_other_server_showed_of_a_withheld_answer_is_noted() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    session.ask_without_waiting(&session.here).await;
    let mut there = session.ask(&session.there).await;
    let mut shown = until_shown(&mut there, 600).await;
    session.take_over(&nodes.there.staff()).await;
    shown.extend(rest(&mut there).await);
    let noted = withheld(&nodes).await["shown"].as_str().unwrap().len();
    assert!(noted >= text_of(&shown).len(), "{noted} bytes, and {} were shown", text_of(&shown).len());
}

/// What was recorded of the withheld answer.
async fn withheld(nodes: &Nodes) -> Value {
    let staff = nodes.here.staff();
    let recorded = async {
        loop {
            let log = staff.log().await.unwrap();
            if let Some(event) = log.iter().find(|event| event["type"] == "session.assistant_reply_withheld") {
                return event["personal"].clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LIMIT, recorded).await.expect("the answer is recorded as withheld")
}

/// Nothing of the run comes after the takeover on its stream.
pub(super) fn assert_silent_after_takeover(frames: &[EventFrame]) {
    let kinds: Vec<&str> = frames.iter().map(kind).collect();
    let taken = kinds.iter().position(|kind| *kind == "status_change");
    let taken = taken.unwrap_or_else(|| panic!("no takeover after {kinds:?}"));
    assert_eq!(frames[taken].data["status"], "manual_live");
    assert_eq!(kinds[taken - 1], "withdrawn");
    assert_eq!(kinds[taken + 1..], ["manual_message"], "{kinds:?}");
}
