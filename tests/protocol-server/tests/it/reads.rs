//! Reads of streams and of `$all`: order, limits, places, filters, and what is told beside the events.

use protocol_server::{
    InvalidPosition, Options as ServerOptions,
    proto::streams::{
        read_req::options::{FilterOption, filter_options, stream_options::RevisionOption, uuid_option},
        read_resp::Content,
    },
    uuid_of,
};
use tonic::Code;

use crate::{
    harness::{start, start_with},
    raw::{Asking, Raw, event_of, filter, of_all, of_stream, raw, stream, streams_like, text},
};

/// `0`, `1`, … in a stream.
async fn numbered(raw: &Raw, stream: &str, count: u32) {
    for number in 0..count {
        raw.write(stream, &[&number.to_string()]).await;
    }
}

fn numbers(range: impl Iterator<Item = u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn last_position(contents: &[Content]) -> Option<u64> {
    match contents.last() {
        Some(Content::LastStreamPosition(position)) => Some(*position),
        _ => None,
    }
}

#[tokio::test]
async fn a_stream_is_read_in_both_directions_over_many_pages() {
    let started = start();
    let raw = raw(&started.server).await;
    numbered(&raw, "a", 70).await;
    assert_eq!(raw.texts("a").await.unwrap(), numbers(0..70));
    let backwards = raw.events(of_stream("a").at_end().backwards()).await.unwrap();
    assert_eq!(backwards.iter().map(text).collect::<Vec<_>>(), numbers((0..70).rev()));
    let middle = raw.events(of_stream("a").at(RevisionOption::Revision(40)).backwards().count(3)).await.unwrap();
    assert_eq!(middle.iter().map(text).collect::<Vec<_>>(), ["40", "39", "38"]);
    let middle = raw.events(of_stream("a").at(RevisionOption::Revision(40)).count(3)).await.unwrap();
    assert_eq!(middle.iter().map(text).collect::<Vec<_>>(), ["40", "41", "42"]);
    let late = raw.events(of_stream("a").at(RevisionOption::Revision(1000)).backwards().count(2)).await.unwrap();
    assert_eq!(late.iter().map(text).collect::<Vec<_>>(), ["69", "68"]);
}

#[tokio::test]
async fn a_read_of_a_stream_ends_with_the_number_of_its_newest_event() {
    let started = start();
    let raw = raw(&started.server).await;
    numbered(&raw, "a", 40).await;
    for options in [
        of_stream("a"),
        of_stream("a").count(5),
        of_stream("a").at_end().backwards().count(1),
        of_stream("a").at(RevisionOption::Revision(1000)),
    ] {
        let contents = raw.read(options).await.unwrap();
        assert_eq!(last_position(&contents), Some(39), "{contents:?}");
    }
    let mut quiet = of_stream("a").count(1);
    quiet.control_option = None;
    assert_eq!(raw.read(quiet).await.unwrap().len(), 1, "only who says so is told");
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_told_as_such() {
    let started = start();
    let raw = raw(&started.server).await;
    for options in [of_stream("absent"), of_stream("absent").at_end().backwards()] {
        let contents = raw.read(options).await.unwrap();
        let [Content::StreamNotFound(absent)] = &*contents else { panic!("{contents:?}") };
        assert_eq!(absent.stream_identifier, crate::raw::identifier("absent"));
    }
}

#[tokio::test]
async fn id_format_is_required_and_respected() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    let as_text = raw.events(of_stream("a")).await.unwrap().remove(0).id;
    let mut options = of_stream("a");
    options.uuid_option.as_mut().unwrap().content = Some(uuid_option::Content::Structured(()));
    let structured = raw.events(options.clone()).await.unwrap().remove(0).id;
    assert_ne!(as_text, structured);
    assert_eq!(uuid_of(as_text).unwrap(), uuid_of(structured).unwrap());
    options.uuid_option = None;
    assert_eq!(raw.read(options).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn all_is_read_in_both_directions_with_holes_between_positions() {
    let started = start();
    let raw = raw(&started.server).await;
    numbered(&raw, "a", 50).await;
    let forwards = raw.events(of_all()).await.unwrap();
    let places: Vec<u64> = forwards.iter().map(|event| event.commit_position).collect();
    assert!(places.windows(2).all(|pair| pair[0] + 1 < pair[1]), "{places:?}");
    assert!(places[0] > 0, "the first record of a log is none that anybody is shown");
    let mut backwards: Vec<u64> =
        raw.events(of_all().at_end().backwards()).await.unwrap().iter().map(|event| event.commit_position).collect();
    backwards.reverse();
    assert_eq!(backwards, places);
    assert_eq!(raw.all_texts().await, numbers(0..50));
}

#[tokio::test]
async fn position_is_inclusive_forwards_and_exclusive_backwards() {
    let started = start();
    let raw = raw(&started.server).await;
    let (_, first) = raw.write("a", &["first"]).await;
    let (_, second) = raw.write("a", &["second"]).await;
    let forwards = raw.events(of_all().from(second).count(1)).await.unwrap();
    assert_eq!(forwards[0].commit_position, second);
    let backwards = raw.events(of_all().from(second).backwards().count(1)).await.unwrap();
    assert_eq!(
        backwards[0].commit_position, first,
        "a record's place is where it begins, and there the reader looks back"
    );
}

#[tokio::test]
async fn the_servers_own_events_are_in_all_but_its_epochs_are_not() {
    let started = start_with(ServerOptions { stats_every: 5, ..ServerOptions::default() });
    let raw = raw(&started.server).await;
    numbered(&raw, "a", 20).await;
    let streams: Vec<String> = raw.events(of_all()).await.unwrap().iter().map(stream).collect();
    for own in ["$users", "$user-admin", "$$$stats-127.0.0.1:2113"] {
        assert!(streams.contains(&own.to_owned()), "{own} of {streams:?}");
    }
    assert!(streams.iter().filter(|stream| stream.starts_with("$stats-")).count() >= 4, "{streams:?}");
    assert!(!streams.contains(&"$epoch-information".to_owned()));
    assert_eq!(raw.events(of_stream("$epoch-information")).await.unwrap().len(), 1, "though it can be read itself");
}

#[tokio::test]
async fn filters_select_events() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("cat-1", &["c1"]).await;
    raw.write("dog-1", &["d1"]).await;
    raw.write("cat-2", &["c2"]).await;
    let expression = |regex: &str, prefixes: &[&str]| filter_options::Expression {
        regex: regex.to_owned(),
        prefix: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    };
    let cases = [
        (filter_options::Filter::StreamIdentifier(expression("", &["cat-"])), vec!["c1", "c2"]),
        (filter_options::Filter::StreamIdentifier(expression("", &["cat-2", "dog"])), vec!["d1", "c2"]),
        (filter_options::Filter::StreamIdentifier(expression(r"^(?:cat|dog)-1$", &[])), vec!["c1", "d1"]),
        (filter_options::Filter::EventType(expression("", &["noted"])), vec!["c1", "d1", "c2"]),
        (filter_options::Filter::EventType(expression(r"^[^\$n].*", &[])), vec![]),
    ];
    for (said, expected) in cases {
        let events = raw.events(of_all().filter(filter(said.clone()))).await.unwrap();
        assert_eq!(events.iter().map(text).collect::<Vec<_>>(), expected, "{said:?}");
        let backwards = raw.events(of_all().filter(filter(said.clone())).at_end().backwards()).await.unwrap();
        assert_eq!(backwards.iter().rev().map(text).collect::<Vec<_>>(), expected, "{said:?}");
    }
    let nothing = filter(filter_options::Filter::StreamIdentifier(expression("(", &[])));
    assert_eq!(raw.read(of_all().filter(nothing)).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_filtered_read_gives_as_many_as_were_asked_for_however_far_apart_they_are() {
    let started = start();
    let raw = raw(&started.server).await;
    for number in 0..6 {
        raw.write("wanted", &[&number.to_string()]).await;
        numbered(&raw, "other", 40).await;
    }
    let events = raw.events(of_all().filter(streams_like("^wanted$")).count(4)).await.unwrap();
    assert_eq!(events.iter().map(text).collect::<Vec<_>>(), numbers(0..4));
    let (place, count) = (events[3].commit_position, 2);
    let more = raw.events(of_all().from(place).filter(streams_like("^wanted$")).count(count)).await.unwrap();
    assert_eq!(more.iter().map(text).collect::<Vec<_>>(), ["3", "4"]);
}

#[tokio::test]
async fn position_without_a_record_is_refused() {
    for (invalid_position, code) in
        [(InvalidPosition::Unknown, Code::Unknown), (InvalidPosition::InvalidArgument, Code::InvalidArgument)]
    {
        let started = start_with(ServerOptions { invalid_position, ..ServerOptions::default() });
        let raw = raw(&started.server).await;
        let (_, place) = raw.write("a", &["x"]).await;
        for options in [of_all().from(place + 1), of_all().from(place + 1).filter(streams_like("a"))] {
            assert_eq!(raw.read(options).await.unwrap_err().code(), code);
        }
    }
}

#[tokio::test]
async fn reads_after_the_end_are_empty_or_refused() {
    let started = start();
    let behind = raw(&started.server).await;
    assert!(behind.read(of_all().from(1 << 40)).await.unwrap().is_empty());
    let strict = start_with(ServerOptions { refuse_positions_behind_the_end: true, ..ServerOptions::default() });
    let behind = raw(&strict.server).await;
    assert_eq!(behind.read(of_all().from(1 << 40)).await.unwrap_err().code(), Code::Unknown);
}

#[tokio::test]
async fn a_read_without_a_filter_or_the_lack_of_one_is_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let mut options = of_all();
    options.filter_option = None;
    assert_eq!(raw.read(options).await.unwrap_err().code(), Code::InvalidArgument);
    let mut options = of_stream("a");
    options.filter_option = Some(FilterOption::Filter(streams_like("a")));
    assert_eq!(raw.read(options).await.unwrap_err().code(), Code::InvalidArgument, "streams have no filters");
}

#[tokio::test]
async fn readers_never_see_half_of_a_write() {
    let started = start();
    let raw = raw(&started.server).await;
    let writer = raw.clone();
    let writing = tokio::spawn(async move {
        for _ in 0..50 {
            writer.write("a", &["1", "2", "3"]).await;
        }
    });
    while !writing.is_finished() {
        let contents = raw.read(of_stream("a")).await.unwrap();
        assert_eq!(contents.into_iter().filter_map(event_of).count() % 3, 0);
    }
    writing.await.unwrap();
}
