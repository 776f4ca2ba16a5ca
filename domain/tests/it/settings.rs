//! The rules of settings, seen from outside: given these events, when this command, then those events.

use domain::settings::{
    Command, Event, Rejection, State, Topic, decide,
    event::{Published, RolledBack},
};
use uuid::Uuid;

fn published(version: u32, document: &str) -> Event {
    Event::Published(Published { version, document: document.to_owned(), reason: None })
}

fn rolled_back(to_version: u32, version: u32) -> Event {
    Event::RolledBack(RolledBack { to_version, version, reason: None })
}

fn publish(document: &str, seen: Option<u32>) -> Command {
    Command::Publish { document: document.to_owned(), reason: None, seen }
}

fn after(events: &[Event]) -> State {
    events.iter().fold(State::default(), State::evolve)
}

#[test]
fn versions_count_from_one_and_the_newest_is_in_force() {
    let state = after(&[published(1, "a"), published(2, "b")]);
    assert_eq!((state.version(), state.in_force().map(AsRef::as_ref)), (2, Some("b")));
    assert_eq!(decide(&state, publish("c", Some(2))), Ok(vec![published(3, "c")]));
    assert_eq!(decide(&State::default(), publish("a", None)), Ok(vec![published(1, "a")]));
}

#[test]
fn what_is_in_force_already_is_nothing_to_change() {
    let state = after(&[published(1, "a"), published(2, "b"), rolled_back(1, 3)]);
    assert_eq!(decide(&state, publish("a", Some(1))), Ok(vec![]));
    assert_eq!(decide(&state, Command::RollBack { reason: None, to_version: 1, seen: Some(0) }), Ok(vec![]));
    assert_eq!(decide(&State::default(), Command::RollBack { reason: None, to_version: 0, seen: None }), Ok(vec![]));
}

#[test]
fn a_version_that_is_no_longer_in_force_is_refused() {
    let state = after(&[published(1, "a"), published(2, "b")]);
    let stale = Err(Rejection::Stale { current: 2 });
    assert_eq!(decide(&state, publish("c", Some(1))), stale);
    assert_eq!(decide(&state, Command::RollBack { reason: None, to_version: 1, seen: Some(1) }), stale);
}

#[test]
fn going_back_gives_an_earlier_document_a_new_number() {
    let state = after(&[published(1, "a"), published(2, "b")]);
    assert_eq!(
        decide(&state, Command::RollBack { reason: None, to_version: 1, seen: None }),
        Ok(vec![rolled_back(1, 3)])
    );
    let back = state.clone().evolve(&rolled_back(1, 3));
    assert_eq!((back.version(), back.in_force().map(AsRef::as_ref)), (3, Some("a")));
    let zero = state.clone().evolve(&rolled_back(0, 3));
    assert_eq!((zero.version(), zero.in_force()), (3, None));
    assert_eq!(
        decide(&zero, Command::RollBack { reason: None, to_version: 2, seen: None }),
        Ok(vec![rolled_back(2, 4)])
    );
    assert_eq!(
        decide(&state, Command::RollBack { reason: None, to_version: 3, seen: None }),
        Err(Rejection::NoVersion { version: 3 })
    );
}

#[test]
fn every_topic_has_a_word_and_an_id_of_its_own() {
    for topic in Topic::ALL {
        assert_eq!(Topic::parse(topic.as_str()), Some(topic));
    }
    assert_ne!(Uuid::from(Topic::Policy), Uuid::from(Topic::Calendar));
}
