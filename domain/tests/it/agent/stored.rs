//! What is written is read again, and what is not ours is refused.

use domain::{
    PersonalText,
    agent::{Event, codec::EVENT_TYPES, decode, encode, event::PasswordOrigin},
};
use proptest::prelude::*;

use super::samples::{created, password_set, renewed, signed_in};

#[test]
fn stored_account_events_round_trip() {
    for event in [created(), password_set("x", PasswordOrigin::Owner), signed_in(1, 0), renewed(1, 1, 2)] {
        let stored = encode(&event);
        assert!(EVENT_TYPES.contains(&stored.event_type));
        let personal = stored.personal.map_or(PersonalText::Absent, |(_, json)| PersonalText::Known(json));
        assert_eq!(decode(stored.event_type, stored.schema, &stored.data, personal).unwrap(), event);
    }
}

#[test]
fn personal_data_is_not_in_the_plain_part_and_hashes_are_not_in_debug_output() {
    for event in [created(), password_set("secret-hash", PasswordOrigin::Owner), signed_in(1, 0)] {
        let (plain, shown) = (encode(&event).data, format!("{event:?}"));
        for secret in ["anna", "Anna Li", "example.com", "secret-hash", "192.0.2.7"] {
            assert!(!plain.contains(secret) && !shown.contains(secret), "{secret} in {plain} {shown}");
        }
    }
}

#[test]
fn an_erased_account_can_still_be_read() {
    let stored = encode(&created());
    let Event::Created(read) = decode(stored.event_type, 1, &stored.data, PersonalText::Erased).unwrap() else {
        panic!("another event")
    };
    assert!(read.person.known().is_none());
}

proptest! {
    #[test]
    fn arbitrary_text_does_not_make_decoding_panic(event_type in prop::sample::select(EVENT_TYPES), data: String, personal: String) {
        drop(decode(event_type, 1, &data, PersonalText::Known(personal)));
    }
}
