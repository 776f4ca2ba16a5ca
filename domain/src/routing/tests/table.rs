//! Who is asked first, and about which session.

use super::*;
use crate::session::event::{AgentTookOver, PriorityChanged, Released, ReturnReason, ReturnedToQueue};
use crate::text::ReasonCode;
use Language::{De, En, Zh};
use PriorityClass::{Danger, Normal, Urgent, Vip};
use Strategy::{ByHand, LeastLoaded, RoundRobin};

fn taken(n: u128) -> session::Event {
    session::Event::AgentTookOver(AgentTookOver { agent: agent(n), messages: Vec::new() })
}

fn released(n: u128) -> session::Event {
    let reason = ReasonCode::parse("resolved").expect("a code");
    session::Event::Released(Released { agent: agent(n), reason })
}

fn returned(n: u128, reason: ReturnReason, group: Option<&str>) -> session::Event {
    session::Event::ReturnedToQueue(ReturnedToQueue { agent: agent(n), reason, group: group.map(skill) })
}

#[test]
fn the_first_of_the_queue_gets_the_only_room() {
    let mut desk = Desk::new();
    // In order of arrival: a class is worth ten minutes of waiting.
    for (n, class) in [(1, Normal), (2, Urgent), (3, Vip), (4, Danger), (5, Vip)] {
        desk.asks(n, class, None, Zh);
        desk.pass(1);
    }
    for expected in [4, 3, 5, 2, 1] {
        desk.has_agent(100 + expected, 1, &[], &[]);
        assert_eq!(desk.decides(RoundRobin), [(expected, 100 + expected)]);
    }
}

#[test]
fn who_has_waited_long_enough_comes_before_a_higher_class() {
    let mut desk = Desk::new();
    desk.asks(1, Normal, None, Zh);
    desk.pass(600);
    desk.asks(2, Urgent, None, Zh);
    desk.has_agent(1, 1, &[], &[]);
    assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
}

#[test]
fn a_session_of_which_the_priority_changes_is_ordered_by_the_new_one() {
    let mut desk = Desk::new();
    desk.asks(1, Vip, None, Zh);
    desk.asks(2, Normal, None, Zh);
    desk.tell(2, &session::Event::PriorityChanged(PriorityChanged { class: Danger, rule: None }));
    desk.has_agent(1, 1, &[], &[]);
    assert_eq!(desk.decides(RoundRobin), [(2, 1)]);
}

#[test]
fn group_and_language_are_asked_for_except_where_there_is_danger() {
    let table: [(PriorityClass, Option<&str>, Language, &[u128]); 7] = [
        (Normal, None, Zh, &[1]),
        (Normal, None, De, &[2]),
        (Normal, Some("repairs"), De, &[2]),
        (Normal, Some("repairs"), Zh, &[]),
        (Vip, Some("nobody's"), De, &[]),
        (Danger, Some("repairs"), De, &[2]),
        (Danger, Some("nobody's"), En, &[1]),
    ];
    for (class, group, language, expected) in table {
        let mut desk = Desk::new();
        desk.has_agent(1, 1, &[], &[Zh]);
        desk.has_agent(2, 1, &["repairs"], &[De]);
        desk.asks(7, class, group, language);
        let asked: Vec<u128> = desk.decides(LeastLoaded).into_iter().map(|(_, agent)| agent).collect();
        assert_eq!(asked, expected, "{class:?} {group:?} {language:?}");
    }
}

#[test]
fn who_says_of_no_language_that_it_is_spoken_is_asked_in_all() {
    let mut desk = Desk::new();
    desk.has_agent(1, 1, &[], &[]);
    desk.asks(1, Normal, None, De);
    assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
}

#[test]
fn round_robin_asks_whoever_was_asked_longest_ago_and_least_loaded_whoever_has_fewest() {
    for (strategy, expected) in [(RoundRobin, [1, 2, 1]), (LeastLoaded, [1, 2, 2])] {
        let mut desk = Desk::new();
        desk.has_agent(1, 9, &[], &[]);
        desk.has_agent(2, 9, &[], &[]);
        for (n, expected) in (1..).zip(expected) {
            if n == 3 {
                // The second agent is free again, having been asked last.
                desk.tell(2, &taken(2));
                desk.tell(2, &released(2));
            }
            desk.asks(n, Normal, None, Zh);
            assert_eq!(desk.decides(strategy), [(n, expected)], "{strategy:?}");
            desk.pass(1);
        }
    }
}

#[test]
fn the_agent_who_served_the_session_last_is_asked_first() {
    let mut desk = Desk::new();
    desk.has_agent(1, 5, &[], &[]);
    desk.has_agent(2, 5, &[], &[]);
    desk.tell(1, &taken(2));
    desk.tell(1, &released(2));
    desk.tell(2, &taken(2));
    desk.asks(1, Normal, None, Zh);
    assert_eq!(desk.decides(LeastLoaded), [(1, 2)], "although the other has none");
}

#[test]
fn whoever_gave_a_session_away_rests_and_whoever_was_lost_is_asked_again() {
    let table =
        [(ReturnReason::HandedBack, None), (ReturnReason::Transferred, None), (ReturnReason::AgentLost, Some(1))];
    for (reason, expected) in table {
        let mut desk = Desk::new();
        desk.has_agent(1, 5, &[], &[]);
        desk.tell(1, &taken(1));
        desk.tell(1, &returned(1, reason, None));
        assert_eq!(desk.decides(RoundRobin).first().map(|offer| offer.1), expected, "{reason:?}");
    }
}

#[test]
fn a_session_that_comes_back_keeps_its_first_waiting_time_and_goes_to_the_new_group() {
    let mut desk = Desk::new();
    desk.asks(1, Normal, None, Zh);
    desk.tell(1, &taken(9));
    desk.pass(30);
    desk.asks(2, Normal, Some("repairs"), Zh);
    desk.pass(30);
    desk.tell(1, &returned(9, ReturnReason::Transferred, Some("repairs")));
    desk.has_agent(1, 1, &["repairs"], &[]);
    desk.has_agent(2, 9, &[], &[]);
    assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
}

#[test]
fn an_offer_that_nobody_answers_goes_to_the_next_and_comes_back_after_a_rest() {
    let mut desk = Desk::new();
    desk.has_agent(1, 5, &[], &[]);
    desk.has_agent(2, 5, &[], &[]);
    desk.asks(1, Normal, None, Zh);
    assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
    assert_eq!(desk.decides(RoundRobin), [], "it has one offer");
    desk.pass(15);
    desk.lets_pass(1);
    assert_eq!(desk.decides(RoundRobin), [(1, 2)]);
    desk.pass(15);
    desk.lets_pass(1);
    assert_eq!(desk.decides(RoundRobin), [], "both rest");
    desk.pass(44);
    assert_eq!(desk.decides(RoundRobin), []);
    desk.pass(1);
    assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
}

#[test]
fn only_who_is_online_and_signed_in_is_asked() {
    use Presence::{Break, Busy, Offline, Online, Training};
    for (presence, expected) in [(Online, 1), (Busy, 0), (Break, 0), (Training, 0), (Offline, 0)] {
        let mut desk = Desk::new();
        desk.has_agent(1, 5, &[], &[]);
        desk.is(1, presence);
        desk.asks(1, Normal, None, Zh);
        assert_eq!(desk.decides(RoundRobin).len(), expected, "{presence:?}");
    }
    let mut desk = Desk::new();
    desk.has_agent(1, 5, &[], &[]);
    desk.pass(3600);
    desk.asks(1, Normal, None, Zh);
    assert_eq!(desk.decides(RoundRobin), [], "the sign-in has expired");
}

#[test]
fn by_hand_offers_nothing() {
    let mut desk = Desk::new();
    desk.has_agent(1, 5, &[], &[]);
    desk.asks(1, Normal, None, Zh);
    assert_eq!(desk.decides(ByHand), []);
}

#[test]
fn the_offers_of_whoever_goes_away_or_picks_another_session_are_withdrawn() {
    for goes_away in [true, false] {
        let mut desk = Desk::new();
        desk.has_agent(1, 1, &[], &[]);
        desk.asks(1, Normal, None, Zh);
        assert_eq!(desk.decides(RoundRobin), [(1, 1)]);
        if goes_away {
            desk.is(1, Presence::Break);
        } else {
            desk.tell(2, &taken(1));
        }
        let steps = desk.board.decide(RoundRobin, desk.now);
        assert!(matches!(*steps, [Step::Withdraw { .. }]), "{steps:?}");
    }
}

#[test]
fn a_board_made_of_its_rows_decides_the_same() {
    let mut desk = Desk::new();
    desk.has_agent(1, 2, &["repairs"], &[De, En]);
    desk.tell(1, &taken(1));
    desk.tell(2, &taken(1));
    desk.tell(2, &released(1));
    desk.asks(2, Normal, Some("repairs"), De);
    desk.asks(3, Urgent, None, En);
    let mut restored = Board::default();
    for (of, row) in desk.board.changed_rows() {
        restored.restore(of, row).expect("it is readable");
    }
    assert_eq!(restored.changed_rows(), []);
    assert_eq!(restored.decide(LeastLoaded, desk.now), desk.board.decide(LeastLoaded, desk.now));
}
