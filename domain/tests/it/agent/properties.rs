//! What holds whatever is asked of an account, in any order.

use std::collections::BTreeSet;

use domain::{
    SignInId,
    agent::{
        Command, Event, Presence, State, decide,
        event::{PasswordOrigin, RevokedReason},
    },
};
use proptest::prelude::*;

use super::samples::{anna_and, hash, renew, sign_in, sign_in_id};

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let one = (0..11_u8, 1..4_u128, 0..4_u32, 0..1_000_000_i64).prop_map(|(kind, n, number, second)| match kind {
        0 | 1 => sign_in(n, second),
        2 | 3 => renew(n, number, second),
        4 => Command::SignOut { sign_in: sign_in_id(n) },
        5 => Command::Revoke { sign_in: sign_in_id(n), reason: RevokedReason::Asked },
        6 if second % 2 == 0 => Command::Deactivate,
        6 => Command::Reactivate,
        7 => Command::ChoosePresence { sign_in: sign_in_id(n), presence: Presence::ALL[number as usize] },
        8 => Command::NoteLost { sign_in: sign_in_id(n) },
        9 => Command::ComeBack { sign_in: sign_in_id(n) },
        _password => Command::SetPassword { hash: hash("first"), by: PasswordOrigin::Owner, keep: Some(sign_in_id(n)) },
    });
    prop::collection::vec(one, 0..40)
}

fn ended(state: &State, event: &Event) -> Vec<SignInId> {
    match event {
        Event::SignedOut(left) => vec![left.sign_in],
        Event::SignInRevoked(revoked) => vec![revoked.sign_in],
        Event::Deactivated(_) => state.account().map(|a| a.sign_ins.keys().copied().collect()).unwrap_or_default(),
        _other => Vec::new(),
    }
}

proptest! {
    #[test]
    fn an_ended_sign_in_stays_invalid_unless_begun_again(commands in commands()) {
        let mut state = anna_and([]);
        let mut over: BTreeSet<SignInId> = BTreeSet::new();
        for command in commands {
            for event in decide(&state, command).unwrap_or_default() {
                over.extend(ended(&state, &event));
                if let Event::SignedIn(signed_in) = &event {
                    over.remove(&signed_in.sign_in);
                }
                if let Event::SignInRenewed(renewed) = &event {
                    prop_assert!(!over.contains(&renewed.sign_in));
                }
                state = state.evolve(&event);
            }
            let account = state.account().unwrap();
            prop_assert!(account.sign_ins.keys().all(|sign_in| !over.contains(sign_in)));
            prop_assert!(account.is_active || account.sign_ins.is_empty());
            prop_assert!(account.presence == Presence::Offline || !account.sign_ins.is_empty());
        }
    }

    #[test]
    fn a_repeated_command_changes_nothing(commands in commands(), last in commands()) {
        let mut state = anna_and([]);
        for command in commands {
            for event in decide(&state, command).unwrap_or_default() {
                state = state.evolve(&event);
            }
        }
        for command in last {
            let may_repeat = matches!(command, Command::SignOut { .. } | Command::Revoke { .. } | Command::Deactivate | Command::Reactivate
                | Command::ChoosePresence { .. } | Command::NoteLost { .. } | Command::ComeBack { .. });
            let events = decide(&state, command.clone()).unwrap_or_default();
            state = events.iter().fold(state, State::evolve);
            if may_repeat {
                prop_assert_eq!(decide(&state, command).unwrap_or_default(), Vec::new());
            }
        }
    }
}
