//! The adapter's list of names holds every name that the program gives to a stream.

use std::collections::BTreeSet;

use domain::settings::Topic;
use event_store::{AppendError, EventStore as _, Expected, StreamName, kurrentdb::is_ours, restore};

use super::{Fixture, events};
use crate::copy_log::shop;

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_that_the_program_makes_is_ours() {
    let place = shop(3000, tests::test_scale::seed("names of streams")).await;
    let streams: BTreeSet<String> = place.events().await.iter().map(|event| event.stream.to_string()).collect();
    let mut names: Vec<StreamName> = streams.iter().map(|name| StreamName::parse(name).unwrap()).collect();
    names.extend(Topic::ALL.map(|topic| StreamName::parse(&format!("settings-{topic}")).unwrap()));
    names.extend([commands::settings::budget::budget_stream(), restore::stream()]);
    let strange: Vec<_> = names.iter().filter(|name| !is_ours(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let kinds: BTreeSet<_> = names.iter().map(StreamName::category).collect();
    assert!(kinds.is_superset(&BTreeSet::from(["customer", "session", "settings"])), "{kinds:?}");
}

/// It would be written and never be seen again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_to_streams_of_other_names_are_refused() {
    let log = Fixture::new().log().await;
    let stream = StreamName::parse("session-foreign").unwrap();
    let refused = log.append(&stream, Expected::Any, events(1)).await;
    assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
}
