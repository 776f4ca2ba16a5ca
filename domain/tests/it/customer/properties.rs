//! What holds whatever comes, in any order.

use domain::customer::{Command, Event, State, command::Identity, decide};
use proptest::prelude::*;

use super::samples::{identify, profile, sign_out};

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let one = (0..8_u8, 0..3_u8, any::<bool>(), 0..3_u8).prop_map(|(kind, sub, vip, name)| match kind {
        0 => sign_out(),
        _identity => identify(profile(&format!("shop-{sub}"), None, Some(&format!("Name {name}"))), vip),
    });
    prop::collection::vec(one, 0..30)
}

fn run(commands: Vec<Command>) -> (State, Vec<Event>) {
    let (mut state, mut history) = (State::New, Vec::new());
    for command in commands {
        for event in decide(&state, command).unwrap_or_default() {
            state = state.evolve(&event);
            history.push(event);
        }
    }
    (state, history)
}

proptest! {
    #[test]
    fn a_visitor_is_at_most_one_customer_of_the_shop(commands in commands()) {
        let (_, history) = run(commands);
        let subs = history.iter().filter_map(|event| match event {
            Event::Identified(identified) => identified.profile.known(),
            Event::ProfileChanged(changed) => changed.profile.known(),
            Event::SignedOut(_) | Event::CommandConfirmed(_) | Event::DataErased(_) => None,
        });
        let mut subs: Vec<&str> = subs.map(|profile| profile.sub.as_str()).collect();
        subs.dedup();
        prop_assert!(subs.len() <= 1, "{subs:?}");
    }

    #[test]
    fn no_event_follows_a_sign_out(before in commands(), after in commands()) {
        let mut all = before;
        all.push(sign_out());
        let (left, _) = run(all);
        prop_assert!(left.has_left());
        for command in after {
            prop_assert!(decide(&left, command).unwrap_or_default().is_empty());
        }
    }

    #[test]
    fn the_state_is_the_last_identity_and_the_same_again_changes_nothing(commands in commands(), last in commands()) {
        let (mut state, _) = run(commands);
        for command in last {
            let Ok(events) = decide(&state, command.clone()) else { continue };
            state = events.iter().fold(state, State::evolve);
            if let Command::Identify(Identity { profile, vip }) = &command {
                let customer = state.customer().unwrap();
                prop_assert_eq!((customer.profile.as_ref(), customer.vip), (Some(profile), *vip));
            }
            prop_assert_eq!(decide(&state, command), Ok(Vec::new()));
        }
    }
}
