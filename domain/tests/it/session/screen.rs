//! What a customer who cleared the screen still sees.

use domain::session::{Event, Screen};

use super::samples::*;

fn after(events: &[Event]) -> Screen {
    let mut screen = Screen::default();
    events.iter().for_each(|event| screen.apply(event));
    screen
}

#[test]
fn messages_before_a_clear_are_hidden_with_their_late_answer() {
    let screen = after(&[said(1), cleared(2), said(2)]);
    assert!(screen.hides(&said(1)) && screen.hides(&replied(1, 1, &[1])));
    assert!(!screen.hides(&said(2)) && !screen.hides(&replied(1, 1, &[2])));
}

#[test]
fn an_answer_to_a_visible_message_is_visible() {
    let screen = after(&[said(1), cleared(2), said(2)]);
    assert!(!screen.hides(&replied(1, 1, &[1, 2])));
}

#[test]
fn a_new_context_hides_nothing() {
    let screen = after(&[said(1), context_started(2)]);
    assert!(!screen.hides(&said(1)) && !screen.hides(&replied(1, 1, &[1])));
}
