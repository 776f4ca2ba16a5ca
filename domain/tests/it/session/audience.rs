//! Who may see what happened in a session.

use domain::{
    Audience, Viewer, Viewers,
    agent::{Permission, Permissions},
    session::{Event, decode, encode},
};
use proptest::prelude::*;

use super::{arbitrary, stored::erased};

fn staff(permissions: &[Permission]) -> Viewer {
    Viewer::Staff(Permissions::of(permissions))
}

fn without_personal_part(event: &Event) -> Event {
    let stored = encode(event);
    decode(stored.event_type, stored.schema, &stored.data, erased(&stored)).unwrap()
}

proptest! {
    #[test]
    fn an_erased_event_has_the_audience_that_it_had(event in arbitrary::event()) {
        prop_assert_eq!(without_personal_part(&event).audience(), event.audience());
    }

    #[test]
    fn a_personal_part_has_viewers_where_there_is_one(event in arbitrary::event()) {
        let is_seen = event.audience().personal != Viewers::NOBODY;
        prop_assert_eq!(is_seen, encode(&event).personal.is_some());
    }

    #[test]
    fn staff_sees_a_session_whole_by_its_permission_and_the_log_without_personal_parts(event in arbitrary::event()) {
        use Permission::{LogRead, PersonalRead, SessionRead, StatisticsRead};
        let audience: Audience = event.audience();
        let has_part = encode(&event).personal.is_some();
        for whole in [staff(&[SessionRead]), staff(&[LogRead, PersonalRead])] {
            prop_assert!(audience.may_see(whole));
            prop_assert_eq!(audience.may_see_personal(whole), has_part);
        }
        prop_assert!(audience.may_see(staff(&[LogRead])) && !audience.may_see_personal(staff(&[LogRead])));
        prop_assert!(!audience.may_see(staff(&[StatisticsRead])) && !audience.may_see_personal(staff(&[PersonalRead])));
    }

    #[test]
    fn what_customers_do_not_see_of_the_plain_part_is_a_field_of_it(event in arbitrary::event()) {
        let plain: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&encode(&event).data).unwrap();
        let optional =
            ["group", "rule_signals", "confidence_permille", "sources", "tokens", "cost", "variant", "quick_reply"];
        for field in event.hidden_from_customer() {
            prop_assert!(plain.contains_key(*field) || optional.contains(field), "{field}");
        }
    }

    #[test]
    fn customers_see_their_session_but_for_failures_the_queue_and_what_is_said_among_staff(event in arbitrary::event()) {
        let hidden = [
            "session.assistant_asked", "session.assistant_failed", "session.assistant_reply_withheld", "session.command_confirmed",
            "session.transfer_requested", "session.transfer_accepted", "session.transfer_declined", "session.offer_made",
            "session.offer_accepted", "session.offer_expired", "session.mail_requested", "session.mail_sent",
            "session.mail_failed", "session.priority_changed", "session.note_added", "session.note_edited",
            "session.note_removed", "session.tags_changed",
        ];
        let for_staff = ["session.escalated", "session.transferred"];
        let stored = encode(&event);
        let (audience, is_shown) = (event.audience(), !hidden.contains(&stored.event_type));
        prop_assert_eq!(audience.may_see(Viewer::Customer), is_shown);
        let is_read = is_shown && stored.personal.is_some() && !for_staff.contains(&stored.event_type);
        prop_assert_eq!(audience.may_see_personal(Viewer::Customer), is_read);
    }
}
