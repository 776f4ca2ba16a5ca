//! What an append answers: expectations, repeats, limits.

use bytes::Bytes;
use protocol_server::{
    Options,
    proto::streams::append_resp::{
        Result as Answer, WrongExpectedVersion,
        wrong_expected_version::{
            CurrentRevisionOption as Current, CurrentRevisionOption2060 as OldCurrent, ExpectedRevisionOption as Said,
            ExpectedRevisionOption2060 as OldSaid,
        },
    },
};
use tonic::Code;
use uuid::Uuid;

use crate::{
    harness::{start, start_with},
    raw::{Expected, id, of_stream, proposed, raw, success, wrong},
};

fn new(text: &str) -> Vec<protocol_server::proto::streams::append_req::ProposedMessage> {
    vec![proposed(Uuid::new_v4(), text)]
}

#[tokio::test]
async fn append_with_the_right_expected_revision_succeeds() {
    let started = start();
    let raw = raw(&started.server).await;
    for (number, expected) in
        [Expected::NoStream(()), Expected::Revision(0), Expected::Any(()), Expected::StreamExists(())]
            .into_iter()
            .enumerate()
    {
        let (revision, _) = success(raw.append("a", expected, new("x")).await.unwrap());
        assert_eq!(revision, number as u64);
    }
    let (revision, _) = success(raw.append("b", Expected::Any(()), new("x")).await.unwrap());
    assert_eq!(revision, 0, "any: no stream is fine too");
}

#[tokio::test]
async fn append_with_a_wrong_expected_revision_reports_both_revisions() {
    let started = start();
    let raw = raw(&started.server).await;
    let none = (Current::CurrentNoStream(()), OldCurrent::NoStream2060(()));
    let one = (Current::CurrentRevision(0), OldCurrent::CurrentRevision2060(0));
    raw.write("there", &["x"]).await;
    let cases = [
        ("absent", Expected::Revision(0), none, (Said::ExpectedRevision(0), OldSaid::ExpectedRevision2060(0))),
        ("absent", Expected::StreamExists(()), none, (Said::ExpectedStreamExists(()), OldSaid::StreamExists2060(()))),
        ("there", Expected::NoStream(()), one, (Said::ExpectedNoStream(()), OldSaid::ExpectedRevision2060(u64::MAX))),
        ("there", Expected::Revision(7), one, (Said::ExpectedRevision(7), OldSaid::ExpectedRevision2060(7))),
    ];
    for (stream, expected, (current, old_current), (said, old_said)) in cases {
        let answer = wrong(raw.append(stream, expected, new("y")).await.unwrap());
        let both = WrongExpectedVersion {
            current_revision_option_20_6_0: Some(old_current),
            expected_revision_option_20_6_0: Some(old_said),
            current_revision_option: Some(current),
            expected_revision_option: Some(said),
        };
        assert_eq!(answer, both, "{stream} {expected:?}");
    }
    assert_eq!(raw.texts("there").await.unwrap(), ["x"]);
}

#[tokio::test]
async fn stream_with_metadata_counts_as_existing() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.set_metadata("described", r#"{"by":"us"}"#).await;
    success(raw.append("described", Expected::StreamExists(()), new("x")).await.unwrap());
}

#[tokio::test]
async fn repeat_at_the_same_revision_gets_the_first_answer() {
    let started = start();
    let raw = raw(&started.server).await;
    let ids = [Uuid::new_v4(), Uuid::new_v4()];
    let write = |texts: [&str; 2]| vec![proposed(ids[0], texts[0]), proposed(ids[1], texts[1])];
    let first = success(raw.append("a", Expected::NoStream(()), write(["one", "two"])).await.unwrap());
    raw.write("a", &["three"]).await;
    // Content is not compared.
    let again = success(raw.append("a", Expected::NoStream(()), write(["other", "words"])).await.unwrap());
    assert_eq!(again, first);
    let second = vec![proposed(ids[1], "two")];
    assert_eq!(success(raw.append("a", Expected::Revision(0), second).await.unwrap()), first);
    assert_eq!(raw.texts("a").await.unwrap(), ["one", "two", "three"]);
}

#[tokio::test]
async fn repeat_at_the_same_revision_is_known_after_a_restart() {
    let mut started = start();
    let write = vec![proposed(Uuid::new_v4(), "x")];
    let before = raw(&started.server).await;
    let first = success(before.append("a", Expected::NoStream(()), write.clone()).await.unwrap());
    started.server.restart().unwrap();
    let after = raw(&started.server).await;
    assert_eq!(success(after.append("a", Expected::NoStream(()), write).await.unwrap()), first);
}

#[tokio::test]
async fn partly_stored_write_is_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let known = proposed(Uuid::new_v4(), "known");
    let more = vec![known.clone(), proposed(Uuid::new_v4(), "new")];
    success(raw.append("a", Expected::NoStream(()), vec![known]).await.unwrap());
    for expected in [Expected::NoStream(()), Expected::Any(()), Expected::StreamExists(())] {
        let answer = wrong(raw.append("a", expected, more.clone()).await.unwrap());
        assert_eq!(answer.current_revision_option, Some(Current::CurrentRevision(0)), "{expected:?}");
    }
    assert_eq!(raw.texts("a").await.unwrap(), ["known"]);
}

#[tokio::test]
async fn other_events_at_an_occupied_revision_are_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let known = proposed(Uuid::new_v4(), "known");
    success(raw.append("a", Expected::NoStream(()), vec![known.clone()]).await.unwrap());
    raw.write("a", &["second"]).await;
    wrong(raw.append("a", Expected::Revision(0), vec![known]).await.unwrap());
}

#[tokio::test]
async fn older_id_is_appended_again_at_the_end() {
    let started = start();
    let raw = raw(&started.server).await;
    let event = vec![proposed(Uuid::new_v4(), "x")];
    success(raw.append("a", Expected::NoStream(()), event.clone()).await.unwrap());
    let (revision, _) = success(raw.append("a", Expected::Revision(0), event).await.unwrap());
    assert_eq!(revision, 1, "the number is right, so nobody looks at ids");
}

#[tokio::test]
async fn unconditional_repeat_is_known_until_a_restart() {
    let mut started = start();
    let event = vec![proposed(Uuid::new_v4(), "x")];
    let before = raw(&started.server).await;
    let first = success(before.append("a", Expected::Any(()), event.clone()).await.unwrap());
    before.write("a", &["y"]).await;
    assert_eq!(success(before.append("a", Expected::Any(()), event.clone()).await.unwrap()), first);
    assert_eq!(success(before.append("a", Expected::StreamExists(()), event.clone()).await.unwrap()), first);
    let (elsewhere, _) = success(before.append("b", Expected::Any(()), event.clone()).await.unwrap());
    assert_eq!(elsewhere, 0, "an id belongs to its stream");
    started.server.restart().unwrap();
    let after = raw(&started.server).await;
    let (again, _) = success(after.append("a", Expected::Any(()), event).await.unwrap());
    assert_eq!(again, 2, "what a node remembers of the recent past is in its memory only");
}

#[tokio::test]
async fn events_of_one_append_have_distinct_positions() {
    let started = start();
    let raw = raw(&started.server).await;
    let (last, position) = raw.write("a", &["one", "two", "three"]).await;
    let events = raw.events(of_stream("a")).await.unwrap();
    assert_eq!(events.iter().map(|event| event.stream_revision).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(events.windows(2).all(|pair| pair[0].commit_position < pair[1].commit_position), "{events:?}");
    assert_eq!((last, position), (2, events[2].commit_position), "the answer tells of the last");
}

#[tokio::test]
async fn events_are_read_as_sent() {
    let started = start();
    let raw = raw(&started.server).await;
    let event = proposed(Uuid::new_v4(), "content");
    success(raw.append("a", Expected::Any(()), vec![event.clone()]).await.unwrap());
    let read = raw.events(of_stream("a")).await.unwrap().remove(0);
    assert_eq!(Some(crate::raw::text_id(id(&read))), event.id);
    assert_eq!((read.data, read.custom_metadata), (event.data, event.custom_metadata));
    assert_eq!(read.metadata["type"], "noted");
    assert_eq!(read.metadata["content-type"], "application/octet-stream");
    assert!(read.metadata["created"].parse::<i64>().unwrap() > 17_000_000_000_000_000, "{:?}", read.metadata);
    assert_eq!(read.prepare_position, read.commit_position);
}

#[tokio::test]
async fn an_append_over_the_limit_is_refused_and_one_at_it_is_not() {
    let started = start_with(Options { max_append_bytes: 1000, ..Options::default() });
    let raw = raw(&started.server).await;
    // The type `noted` counts twice, the metadata `beside` once.
    let mut event = proposed(Uuid::new_v4(), "");
    event.data = Bytes::from(vec![b'x'; 500 - 16]);
    let mut second = proposed(Uuid::new_v4(), "");
    second.data = event.data.clone();
    success(raw.append("a", Expected::Any(()), vec![event, second.clone()]).await.unwrap());
    let one_more = proposed(Uuid::new_v4(), &"x".repeat(1000 - 16 + 1));
    let refused = raw.append("a", Expected::Any(()), vec![one_more]).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.metadata().get("exception").unwrap(), "maximum-append-size-exceeded");
    assert_eq!(refused.metadata().get("maximum-append-size").unwrap(), "1000");
}

#[tokio::test]
async fn an_event_over_the_limit_is_refused_by_its_id() {
    let started = start_with(Options { max_event_bytes: 100, ..Options::default() });
    let raw = raw(&started.server).await;
    let event = Uuid::new_v4();
    let refused = raw.append("a", Expected::Any(()), vec![proposed(event, &"x".repeat(100))]).await.unwrap_err();
    assert_eq!(refused.metadata().get("exception").unwrap(), "maximum-append-event-size-exceeded");
    assert_eq!(refused.metadata().get("event-id").unwrap(), &*event.to_string());
}

#[tokio::test]
async fn an_append_of_a_mebibyte_passes_by_default_and_one_byte_more_does_not() {
    let started = start();
    let raw = raw(&started.server).await;
    let fits = proposed(Uuid::new_v4(), &"x".repeat(1024 * 1024 - 16));
    success(raw.append("a", Expected::Any(()), vec![fits]).await.unwrap());
    let too_big = proposed(Uuid::new_v4(), &"x".repeat(1024 * 1024 - 15));
    let refused = raw.append("a", Expected::Any(()), vec![too_big]).await.unwrap_err();
    assert_eq!(refused.metadata().get("maximum-append-size").unwrap(), "1048576");
}

#[tokio::test]
async fn an_event_without_a_type_is_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let mut event = proposed(Uuid::new_v4(), "x");
    event.metadata.remove("type");
    let refused = raw.append("a", Expected::Any(()), vec![event]).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.metadata().get("exception").unwrap(), "missing-required-metadata-property");
}

#[tokio::test]
async fn empty_append_only_checks_the_expected_revision() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    assert!(matches!(raw.append("a", Expected::Revision(0), Vec::new()).await.unwrap(), Answer::Success(_)));
    wrong(raw.append("a", Expected::Revision(1), Vec::new()).await.unwrap());
    wrong(raw.append("a", Expected::NoStream(()), Vec::new()).await.unwrap());
    assert_eq!(raw.texts("a").await.unwrap(), ["x"]);
}

#[tokio::test]
async fn appends_at_the_same_time_have_one_winner_for_each_number() {
    let started = start();
    let raw = raw(&started.server).await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let raw = raw.clone();
        tasks.spawn(async move {
            let mut won = 0;
            for number in 0..20 {
                let expected = if number == 0 { Expected::NoStream(()) } else { Expected::Revision(number - 1) };
                let event = vec![proposed(Uuid::new_v4(), &format!("{writer}"))];
                won += u32::from(matches!(raw.append("a", expected, event).await.unwrap(), Answer::Success(_)));
            }
            won
        });
    }
    let won: u32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(won as usize, raw.texts("a").await.unwrap().len());
    assert!((1..=20).contains(&won), "{won}");
}
