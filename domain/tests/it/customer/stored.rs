//! What is written is read again, and what is not ours is refused.

use domain::{
    Class, PersonalText,
    customer::{Event, codec::EVENT_TYPES, decode, encode, event::LeaveReason},
};
use proptest::prelude::*;

use super::samples::{changed, confirmed, erased, identified, ming, profile, signed_out};

fn every_type() -> [Event; 5] {
    let left = signed_out(LeaveReason::AnotherCustomer);
    [identified(ming(), true), changed(ming(), false), left, confirmed(), erased()]
}

#[test]
fn stored_customer_events_round_trip() {
    let mut seen = Vec::new();
    for event in every_type().into_iter().chain([identified(profile("7", None, None), false)]) {
        let stored = encode(&event);
        seen.push(stored.event_type);
        assert!(stored.personal.as_ref().is_none_or(|(class, _)| *class == Class::Contact));
        let personal = stored.personal.map_or(PersonalText::Absent, |(_, json)| PersonalText::Known(json));
        assert_eq!(decode(stored.event_type, stored.schema, &stored.data, personal).unwrap(), event);
    }
    assert!(EVENT_TYPES.iter().all(|event_type| seen.contains(event_type)), "{seen:?}");
}

#[test]
fn personal_data_is_not_in_the_plain_part_or_debug_output() {
    for event in every_type() {
        let (plain, shown) = (encode(&event).data, format!("{event:?}"));
        for secret in ["shop-4711", "ming", "Xiaoming", "example.com"] {
            assert!(!plain.contains(secret) && !shown.contains(secret), "{secret} in {plain} {shown}");
        }
    }
}

#[test]
fn an_erased_customer_can_still_be_read() {
    for event in [identified(ming(), true), changed(ming(), true)] {
        let stored = encode(&event);
        let read = decode(stored.event_type, 1, &stored.data, PersonalText::Erased).unwrap();
        assert_eq!(encode(&read).data, stored.data);
        assert!(encode(&read).personal.is_none());
    }
}

proptest! {
    #[test]
    fn arbitrary_text_does_not_make_decoding_panic(event_type in prop::sample::select(EVENT_TYPES), data: String, personal: String) {
        drop(decode(event_type, 1, &data, PersonalText::Known(personal)));
    }
}
