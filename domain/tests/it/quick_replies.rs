//! The rules of quick replies, seen from outside: given these events, when this command, then those events.

use domain::{
    AgentId, Language, Personal, QuickReplyId,
    settings::{
        Event, Rejection,
        quick_reply::{
            Command, MOST, PersonalQuickReplySaved, QuickReply, QuickReplyRemoved, QuickReplySaved, QuickReplyWords,
            State, decide, first_set,
        },
    },
    text::{MessageText, QuickReplyCategory, QuickReplyTitle},
};
use uuid::Uuid;

const REPLY: QuickReplyId = QuickReplyId(Uuid::from_u128(1));
const ANA: AgentId = AgentId(Uuid::from_u128(2));

fn says(content: &str) -> QuickReply {
    let words = QuickReplyWords {
        title: QuickReplyTitle::parse("Hello").unwrap(),
        content: MessageText::parse(content.to_owned()).unwrap(),
    };
    QuickReply { words, category: QuickReplyCategory::parse("greeting").unwrap(), language: Language::En }
}

fn saved(reply: QuickReplyId, version: u32, content: &str) -> Event {
    let QuickReply { words: QuickReplyWords { title, content }, category, language } = says(content);
    Event::QuickReplySaved(QuickReplySaved { reply, version, title, content, category, language })
}

fn removed(reply: QuickReplyId, version: u32) -> Event {
    Event::QuickReplyRemoved(QuickReplyRemoved { reply, version })
}

fn after(events: &[Event]) -> State {
    events.iter().fold(State::default(), State::evolve)
}

fn create(reply: QuickReplyId) -> Command {
    Command::Create { reply, owner: None, says: says("a") }
}

fn change(reply: QuickReplyId, seen: u32) -> Command {
    Command::Change { reply, owner: None, says: says("b"), seen }
}

#[test]
fn versions_count_from_one_and_the_version_seen_must_be_the_current_one() {
    assert_eq!(decide(&State::default(), create(REPLY)), Ok(vec![saved(REPLY, 1, "a")]));
    let state = after(&[saved(REPLY, 1, "a"), saved(REPLY, 2, "c")]);
    assert_eq!(decide(&state, change(REPLY, 2)), Ok(vec![saved(REPLY, 3, "b")]));
    assert_eq!(decide(&state, change(REPLY, 1)), Err(Rejection::QuickReplyChanged { current: 2 }));
    assert_eq!(decide(&state, Command::Remove { reply: REPLY, seen: 2 }), Ok(vec![removed(REPLY, 3)]));
    assert_eq!(
        decide(&state, Command::Remove { reply: REPLY, seen: 3 }),
        Err(Rejection::QuickReplyChanged { current: 2 })
    );
}

#[test]
fn what_was_removed_or_never_was_cannot_be_changed() {
    let state = after(&[saved(REPLY, 1, "a"), removed(REPLY, 2)]);
    for state in [State::default(), state] {
        assert_eq!(decide(&state, change(REPLY, 1)), Err(Rejection::NoQuickReply));
        assert_eq!(decide(&state, Command::Remove { reply: REPLY, seen: 2 }), Err(Rejection::NoQuickReply));
    }
}

#[test]
fn the_first_set_is_changed_and_removed_like_any_other() {
    let first = first_set::all()[0].0;
    assert_eq!(decide(&State::default(), change(first, 1)), Ok(vec![saved(first, 2, "b")]));
    assert_eq!(decide(&State::default(), Command::Remove { reply: first, seen: 1 }), Ok(vec![removed(first, 2)]));
    assert_eq!(after(&[removed(first, 2)]).version(first), None);
}

#[test]
fn words_of_an_agents_own_are_personal() {
    let command = Command::Create { reply: REPLY, owner: Some(ANA), says: says("a") };
    let events = decide(&State::default(), command).unwrap();
    let [Event::PersonalQuickReplySaved(PersonalQuickReplySaved { owner: ANA, version: 1, words, .. })] = &*events
    else {
        panic!("{events:?}")
    };
    assert_eq!(*words, Personal::Known(says("a").words));
    assert_eq!(after(&events).version(REPLY), Some(1));
}

#[test]
fn a_collection_has_no_room_for_more_than_its_most() {
    let ids = (0..MOST as u128).map(|number| QuickReplyId(Uuid::from_u128(0x100 + number)));
    let mut events: Vec<Event> = ids.map(|id| saved(id, 1, "a")).collect();
    assert_eq!(decide(&after(&events), create(REPLY)), Err(Rejection::TooManyQuickReplies { max: MOST }));
    events.push(removed(QuickReplyId(Uuid::from_u128(0x100)), 2));
    assert!(decide(&after(&events), create(REPLY)).is_ok());
}
