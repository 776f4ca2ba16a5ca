//! Subscriptions: what comes first, what comes once, marks, checkpoints, and callers who do not keep up.

use protocol_server::{
    Options as ServerOptions, SlowSubscribers,
    proto::streams::{
        ReadResp,
        read_req::options::stream_options::RevisionOption,
        read_resp::{CaughtUp, Content, Position},
    },
};
use tonic::{Code, Status, Streaming};

use crate::{
    harness::{start, start_with, within},
    raw::{Asking, Raw, event_of, of_all, of_stream, raw, streams_like, text},
};

struct Subscribed(Streaming<ReadResp>);

impl Subscribed {
    async fn next(&mut self) -> Content {
        self.try_next().await.unwrap()
    }

    async fn try_next(&mut self) -> Result<Content, Status> {
        within(self.0.message()).await.map(|answer| answer.expect("it ended").content.unwrap())
    }

    async fn event(&mut self) -> String {
        loop {
            if let Some(event) = event_of(self.next().await) {
                return text(&event);
            }
        }
    }

    async fn caught_up(&mut self) -> CaughtUp {
        loop {
            if let Content::CaughtUp(mark) = self.next().await {
                return mark;
            }
        }
    }

    async fn error(&mut self) -> Status {
        loop {
            if let Err(status) = self.try_next().await {
                return status;
            }
        }
    }
}

async fn subscribe(raw: &Raw, options: protocol_server::proto::streams::read_req::Options) -> Subscribed {
    Subscribed(within(raw.open(options.subscribe())).await.unwrap())
}

#[tokio::test]
async fn subscription_sends_confirmation_history_caught_up_and_live_events() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["one", "two"]).await;
    let mut subscribed = subscribe(&raw, of_stream("a")).await;
    let Content::Confirmation(confirmed) = subscribed.next().await else { panic!("not confirmed") };
    assert!(!confirmed.subscription_id.is_empty());
    assert_eq!(text(&event_of(subscribed.next().await).unwrap()), "one");
    assert_eq!(text(&event_of(subscribed.next().await).unwrap()), "two");
    let Content::CaughtUp(mark) = subscribed.next().await else { panic!("no mark") };
    assert_eq!((mark.stream_revision, mark.position), (Some(1), None));
    assert!(mark.timestamp.is_some());
    for now in ["three", "four", "five"] {
        raw.write("a", &[now]).await;
        assert_eq!(text(&event_of(subscribed.next().await).unwrap()), now);
    }
}

#[tokio::test]
async fn a_stream_that_is_not_there_yet_can_be_subscribed_to() {
    let started = start();
    let raw = raw(&started.server).await;
    let mut subscribed = subscribe(&raw, of_stream("later")).await;
    assert_eq!(subscribed.caught_up().await.stream_revision, None);
    raw.write("later", &["now"]).await;
    assert_eq!(subscribed.event().await, "now");
}

#[tokio::test]
async fn subscription_begins_after_its_position() {
    let started = start();
    let raw = raw(&started.server).await;
    let (_, place) = raw.write("a", &["one"]).await;
    raw.write("a", &["two"]).await;
    let mut to_stream = subscribe(&raw, of_stream("a").at(RevisionOption::Revision(0))).await;
    assert_eq!(to_stream.event().await, "two");
    let mut to_all = subscribe(&raw, of_all().from(place)).await;
    assert_eq!(to_all.event().await, "two");
    let mut filtered = subscribe(&raw, of_all().from(place).filter(streams_like("^a$"))).await;
    assert_eq!(filtered.event().await, "two");
}

#[tokio::test]
async fn a_subscription_from_the_end_is_live_at_once() {
    let started = start();
    let raw = raw(&started.server).await;
    let (_, place) = raw.write("a", &["past"]).await;
    let mut to_all = subscribe(&raw, of_all().at_end()).await;
    let position = Position { commit_position: place, prepare_position: place };
    assert_eq!(to_all.caught_up().await.position, Some(position));
    let mut to_stream = subscribe(&raw, of_stream("a").at_end()).await;
    assert_eq!(to_stream.caught_up().await.stream_revision, Some(0));
    raw.write("a", &["now"]).await;
    assert_eq!(to_all.event().await, "now");
    assert_eq!(to_stream.event().await, "now");
}

#[tokio::test]
async fn filtered_subscription_sends_checkpoints() {
    let started = start();
    let raw = raw(&started.server).await;
    for number in 0..100 {
        raw.write("other", &[&number.to_string()]).await;
    }
    let mut filter = streams_like("^wanted$");
    filter.checkpoint_interval_multiplier = 1;
    let mut subscribed = subscribe(&raw, of_all().filter(filter)).await;
    let mut places = Vec::new();
    loop {
        match subscribed.next().await {
            Content::Checkpoint(checkpoint) => places.push(checkpoint.commit_position),
            Content::CaughtUp(mark) => {
                assert_eq!(mark.position.unwrap().commit_position, *places.last().unwrap());
                break;
            }
            Content::Confirmation(_) => {}
            content => panic!("{content:?}"),
        }
    }
    assert!(places.len() >= 3, "a checkpoint for each 32 events: {places:?}");
    assert!(places.is_sorted(), "{places:?}");
    for number in 0..40 {
        raw.write("other", &[&number.to_string()]).await;
    }
    let Content::Checkpoint(live) = subscribed.next().await else { panic!("no checkpoint while live") };
    assert!(live.commit_position > *places.last().unwrap());
    // Whoever comes back with a checkpoint misses nothing.
    raw.write("wanted", &["found"]).await;
    for place in places.into_iter().chain([live.commit_position]) {
        let mut again = subscribe(&raw, of_all().from(place).filter(streams_like("^wanted$"))).await;
        assert_eq!(again.event().await, "found", "from {place}");
    }
}

#[tokio::test]
async fn without_a_filter_there_are_no_checkpoints() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    let mut subscribed = subscribe(&raw, of_all()).await;
    loop {
        match subscribed.next().await {
            Content::CaughtUp(mark) => {
                assert!(mark.position.is_some());
                break;
            }
            Content::Checkpoint(checkpoint) => panic!("{checkpoint:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_filter_with_no_interval_at_all_is_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let mut filter = streams_like("^a$");
    filter.checkpoint_interval_multiplier = 0;
    assert_eq!(raw.open(of_all().filter(filter).subscribe()).await.unwrap_err().code(), Code::Unknown);
}

#[tokio::test]
async fn invalid_position_is_refused_and_one_after_the_end_waits() {
    let started = start();
    let raw = raw(&started.server).await;
    let (_, place) = raw.write("a", &["one"]).await;
    raw.write("a", &["two"]).await;
    let mut subscribed = subscribe(&raw, of_all().from(place + 1)).await;
    assert_eq!(subscribed.error().await.code(), Code::InvalidArgument);
    let mut far = subscribe(&raw, of_all().from(1 << 40)).await;
    far.caught_up().await;
    let mut ahead = subscribe(&raw, of_stream("a").at(RevisionOption::Revision(2))).await;
    ahead.caught_up().await;
    raw.write("a", &["three", "four"]).await;
    assert_eq!(ahead.event().await, "four", "what lies before the place is not sent");
}

#[tokio::test]
async fn a_tombstone_ends_the_subscriptions_of_its_stream() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    let mut subscribed = subscribe(&raw, of_stream("a").at_end()).await;
    subscribed.caught_up().await;
    raw.tombstone("a").await.unwrap();
    let tombstone = event_of(subscribed.next().await).unwrap();
    assert_eq!(tombstone.metadata["type"], "$streamDeleted");
    assert_eq!(tombstone.stream_revision, i64::MAX as u64);
    let error = subscribed.error().await;
    assert_eq!(error.metadata().get("exception").unwrap(), "stream-deleted");
    let again = raw.open(of_stream("a").subscribe()).await.unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition, "it is not even confirmed");
}

/// Writes more than fits into all buffers on the way while nobody takes anything; then everything is taken.
async fn neglected(options: ServerOptions) -> (Vec<String>, Vec<&'static str>, Option<Status>, usize) {
    let started = start_with(ServerOptions { stats_every: 0, ..options });
    let raw = raw(&started.server).await;
    let mut subscribed = subscribe(&raw, of_all().at_end().filter(streams_like("^a$"))).await;
    subscribed.caught_up().await;
    // The official limits of HTTP/2 let some megabytes through before a caller has to take anything.
    let large = "x".repeat(64 * 1024);
    let writes = 200;
    for number in 0..writes {
        raw.write("a", &[&format!("{number} {large}")]).await;
    }
    raw.write("a", &["last"]).await;
    let (mut texts, mut marks) = (Vec::new(), Vec::new());
    loop {
        match subscribed.try_next().await {
            Ok(Content::Event(event)) => texts.push(text(&event.event.unwrap())),
            Ok(Content::FellBehind(_)) => marks.push("fell behind"),
            Ok(Content::CaughtUp(_)) => marks.push("caught up"),
            Ok(_) => {}
            Err(status) => return (texts, marks, Some(status), writes),
        }
        if texts.last().is_some_and(|text| text == "last") && marks.last() == Some(&"caught up") {
            return (texts, marks, None, writes);
        }
    }
}

#[tokio::test]
async fn a_subscription_that_falls_behind_catches_up_without_gap_or_repeat() {
    let (texts, marks, ended, writes) =
        neglected(ServerOptions { tell_fell_behind: true, ..ServerOptions::default() }).await;
    assert!(ended.is_none());
    assert_eq!(marks[..2], ["fell behind", "caught up"], "{marks:?}");
    assert_eq!(texts.len(), writes + 1);
    let numbers: Vec<&str> = texts.iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert!(numbers[..writes].iter().enumerate().all(|(place, number)| *number == place.to_string()), "{numbers:?}");
}

#[tokio::test]
async fn kurrentdb_does_not_say_that_a_subscription_fell_behind() {
    let (texts, marks, ended, writes) = neglected(ServerOptions::default()).await;
    assert!(ended.is_none());
    assert!(!marks.contains(&"fell behind") && marks.contains(&"caught up"), "{marks:?}");
    assert_eq!(texts.len(), writes + 1);
}

#[tokio::test]
async fn a_subscription_that_is_too_slow_is_dropped_where_that_is_the_rule() {
    let options = ServerOptions { slow_subscribers: SlowSubscribers::Drop, ..ServerOptions::default() };
    let (texts, _, ended, writes) = neglected(options).await;
    let ended = ended.unwrap();
    assert_eq!(ended.code(), Code::Aborted);
    assert!(ended.message().contains("Consumer too slow"), "{ended}");
    assert!(texts.len() < writes, "what had been sent is less than everything: nothing is kept without bound");
}
