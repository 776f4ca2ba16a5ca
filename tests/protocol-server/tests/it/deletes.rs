//! Streams that end, for a while or for ever, and metadata that hides events.

use protocol_server::proto::streams::{
    delete_req::options::ExpectedStreamRevision as Wanted, read_req::options::stream_options::RevisionOption,
    read_resp::Content,
};
use tonic::Code;
use uuid::Uuid;

use crate::{
    harness::start,
    raw::{Asking, Expected, Raw, of_all, of_stream, proposed, raw, stream, success, text, wrong},
};

async fn is_not_found(raw: &Raw, stream: &str) -> bool {
    matches!(&*raw.read(of_stream(stream)).await.unwrap(), [Content::StreamNotFound(_)])
}

#[tokio::test]
async fn deleted_stream_is_absent_and_continues_its_revisions() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["one", "two"]).await;
    raw.delete("a", Wanted::Revision(1)).await.unwrap();
    assert!(is_not_found(&raw, "a").await);
    let new = vec![proposed(Uuid::new_v4(), "three")];
    wrong(raw.append("a", Expected::StreamExists(()), new.clone()).await.unwrap());
    let (revision, _) = success(raw.append("a", Expected::NoStream(()), new).await.unwrap());
    assert_eq!(revision, 2);
    assert_eq!(raw.texts("a").await.unwrap(), ["three"]);
    assert_eq!(raw.all_texts().await, ["one", "two", "three"], "$all tells everything until a scavenge");
}

#[tokio::test]
async fn a_write_that_was_there_in_part_before_the_deletion_is_refused() {
    let started = start();
    let raw = raw(&started.server).await;
    let known = proposed(Uuid::new_v4(), "known");
    success(raw.append("a", Expected::NoStream(()), vec![known.clone()]).await.unwrap());
    raw.write("a", &["second"]).await;
    raw.delete("a", Wanted::Any(())).await.unwrap();
    let more = vec![known, proposed(Uuid::new_v4(), "new")];
    wrong(raw.append("a", Expected::NoStream(()), more).await.unwrap());
    assert!(is_not_found(&raw, "a").await);
}

#[tokio::test]
async fn metadata_of_a_deleted_stream_brings_it_back_empty() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["one"]).await;
    raw.delete("a", Wanted::Any(())).await.unwrap();
    raw.set_metadata("a", r#"{"note":"back"}"#).await;
    let contents = raw.read(of_stream("a")).await.unwrap();
    assert!(
        !contents.iter().any(|content| matches!(content, Content::Event(_) | Content::StreamNotFound(_))),
        "{contents:?}"
    );
    let metadata = raw.texts("$$a").await.unwrap();
    let said: serde_json::Value = serde_json::from_str(&metadata[0]).unwrap();
    assert_eq!(said, serde_json::json!({ "note": "back", "$tb": 1 }));
}

#[tokio::test]
async fn delete_checks_the_expected_revision() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    let refused = raw.delete("a", Wanted::Revision(4)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.metadata().get("exception").unwrap(), "wrong-expected-version");
    assert_eq!(refused.metadata().get("expected-version").unwrap(), "4");
    assert_eq!(refused.metadata().get("actual-version").unwrap(), "0");
    assert_eq!(raw.delete("absent", Wanted::Any(())).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn tombstone_is_permanent() {
    let mut started = start();
    let before = raw(&started.server).await;
    before.write("a", &["x"]).await;
    before.tombstone("a").await.unwrap();
    started.server.restart().unwrap();
    let raw = raw(&started.server).await;
    let read = raw.read(of_stream("a")).await.unwrap_err();
    let append = raw.append("a", Expected::Any(()), vec![proposed(Uuid::new_v4(), "y")]).await.unwrap_err();
    let delete = raw.delete("a", Wanted::Any(())).await.unwrap_err();
    for refused in [read, append, delete] {
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(refused.metadata().get("exception").unwrap(), "stream-deleted");
        assert_eq!(refused.metadata().get("stream-name").unwrap(), "a");
    }
    let all = raw.events(of_all()).await.unwrap();
    let tombstone = all.iter().find(|event| event.metadata["type"] == "$streamDeleted").unwrap();
    assert_eq!((&*stream(tombstone), tombstone.stream_revision), ("a", i64::MAX as u64));
}

#[tokio::test]
async fn a_read_fails_as_a_whole_when_its_first_answer_would_be_an_error() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.tombstone("a").await.unwrap();
    assert!(raw.open(of_stream("a")).await.is_err(), "there is no stream of answers at all");
    let read = started.client().read_stream("a", &Default::default()).await;
    assert!(matches!(read, Err(eventstore::Error::ResourceDeleted)));
}

#[tokio::test]
async fn a_maximum_count_leaves_the_newest() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["0", "1", "2", "3"]).await;
    raw.set_metadata("a", r#"{"$maxCount":2}"#).await;
    assert_eq!(raw.texts("a").await.unwrap(), ["2", "3"]);
    raw.write("a", &["4"]).await;
    assert_eq!(raw.texts("a").await.unwrap(), ["3", "4"]);
    let backwards = raw.events(of_stream("a").at_end().backwards()).await.unwrap();
    assert_eq!(backwards.iter().map(text).collect::<Vec<_>>(), ["4", "3"]);
}

#[tokio::test]
async fn read_before_a_truncation_reports_the_first_revision() {
    let started = start();
    let raw = raw(&started.server).await;
    let texts: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    raw.write("a", &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    raw.set_metadata("a", r#"{"$tb":90}"#).await;
    let contents = raw.read(of_stream("a")).await.unwrap();
    assert!(matches!(contents[0], Content::FirstStreamPosition(90)), "{:?}", contents[0]);
    assert_eq!(raw.texts("a").await.unwrap(), texts[90..]);
    assert!(matches!(contents.last(), Some(Content::LastStreamPosition(99))));
    let near = raw.read(of_stream("a").at(RevisionOption::Revision(80))).await.unwrap();
    assert!(matches!(near[0], Content::Event(_)), "the first page has events already");
    assert_eq!(raw.all_texts().await, texts);
}

#[tokio::test]
async fn a_maximum_age_hides_what_is_older() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["x"]).await;
    raw.set_metadata("a", r#"{"$maxAge":3600}"#).await;
    assert_eq!(raw.texts("a").await.unwrap(), ["x"]);
    raw.set_metadata("a", r#"{"$maxAge":0}"#).await;
    assert!(raw.texts("a").await.unwrap().is_empty());
}

#[tokio::test]
async fn newest_metadata_counts_and_invalid_metadata_is_ignored() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["0", "1"]).await;
    raw.set_metadata("a", r#"{"$maxCount":1}"#).await;
    raw.set_metadata("a", r#"{"$maxCount":"many","$tb":1}"#).await;
    assert_eq!(raw.texts("$$a").await.unwrap(), [r#"{"$maxCount":"many","$tb":1}"#]);
    assert_eq!(raw.texts("a").await.unwrap(), ["1"]);
    raw.set_metadata("a", "nonsense").await;
    assert_eq!(raw.texts("a").await.unwrap(), ["0", "1"]);
}

#[tokio::test]
async fn the_official_client_sets_metadata_and_deletes() {
    let started = start();
    let client = started.client();
    client.append_to_stream("a", &Default::default(), crate::harness::events(0..5)).await.unwrap();
    let metadata = eventstore::StreamMetadataBuilder::new().max_count(2).build();
    client.set_stream_metadata("a", &Default::default(), &metadata).await.unwrap();
    let mut read = client.read_stream("a", &Default::default()).await.unwrap();
    assert_eq!(read.next().await.unwrap().unwrap().get_original_event().revision, 3);
    client.delete_stream("a", &Default::default()).await.unwrap();
    let mut read = client.read_stream("a", &Default::default()).await.unwrap();
    assert!(matches!(read.next().await, Err(eventstore::Error::ResourceNotFound)));
}
