//! The second factor: offered, proven, asked for at every sign-in, and each code good once.

use domain::{
    Personal,
    agent::{
        Command, Event, Rejection, State,
        command::SecondFactorProof as Proof,
        event::{
            Offer, RecoveryCodes, RecoveryCodesReplaced, RecoveryDigest, SecondFactorDisabled, SecondFactorEnabled,
            SecondFactorOffered, SecondFactorUsed, TotpSecret,
        },
    },
};
use proptest::prelude::*;

use super::samples::{anna_and, online, sign_in, signed_in, then, then_rejected};

fn secret(text: &str) -> TotpSecret {
    TotpSecret(text.to_owned())
}

fn digests() -> Vec<RecoveryDigest> {
    ["a", "b", "c"].map(|text| RecoveryDigest(text.to_owned())).to_vec()
}

fn codes() -> Personal<RecoveryCodes> {
    Personal::Known(RecoveryCodes { digests: digests() })
}

fn offered(text: &str) -> Event {
    Event::SecondFactorOffered(SecondFactorOffered { offer: Personal::Known(Offer { secret: secret(text) }) })
}

fn enabled(step: u64) -> Event {
    Event::SecondFactorEnabled(SecondFactorEnabled { step, recovery: codes() })
}

fn used(step: u64) -> Event {
    Event::SecondFactorUsed(SecondFactorUsed::Totp { step })
}

fn code_used(number: u8) -> Event {
    Event::SecondFactorUsed(SecondFactorUsed::RecoveryCode { number })
}

fn disabled() -> Event {
    Event::SecondFactorDisabled(SecondFactorDisabled {})
}

fn totp(step: u64) -> Proof {
    Proof::Totp { secret: secret("S"), step }
}

fn recovery(text: &str) -> Proof {
    Proof::RecoveryCode(RecoveryDigest(text.to_owned()))
}

/// Anna, whose second factor was enabled by the code of step 100, and what happened afterwards.
fn protected_and(events: impl IntoIterator<Item = Event>) -> State {
    anna_and([offered("S"), enabled(100)].into_iter().chain(events))
}

fn enter(proof: Option<Proof>) -> Command {
    let Command::SignIn(mut request) = sign_in(1, 0) else { unreachable!() };
    request.proof = proof;
    Command::SignIn(request)
}

fn enable(text: &str, step: u64) -> Command {
    Command::EnableSecondFactor { secret: secret(text), step, recovery: digests() }
}

#[test]
fn a_second_factor_is_required_after_its_first_right_code() {
    then(&anna_and([]), Command::OfferSecondFactor(secret("S")), [offered("S")]);
    then(&anna_and([offered("S")]), enter(None), [signed_in(1, 0), online()]);
    then(&anna_and([offered("S")]), enable("S", 100), [enabled(100)]);
    then_rejected(&protected_and([]), enter(None), Rejection::SecondFactorRequired);
}

#[test]
fn a_code_of_another_secret_than_the_newest_enables_nothing() {
    then_rejected(&anna_and([]), enable("S", 100), Rejection::SecondFactorNotOffered);
    then_rejected(&anna_and([offered("S"), offered("T")]), enable("S", 100), Rejection::SecondFactorNotOffered);
    then_rejected(&protected_and([]), enable("S", 101), Rejection::SecondFactorEnabled);
    then_rejected(&protected_and([]), Command::OfferSecondFactor(secret("T")), Rejection::SecondFactorEnabled);
}

#[test]
fn a_code_is_good_once_and_none_before_it_is_good_after_it() {
    then(&protected_and([]), enter(Some(totp(101))), [used(101), signed_in(1, 0), online()]);
    for stale in [100, 99] {
        then_rejected(&protected_and([]), enter(Some(totp(stale))), Rejection::SecondFactorWrong);
    }
    then_rejected(&protected_and([used(102)]), enter(Some(totp(101))), Rejection::SecondFactorWrong);
    let of_another = Proof::Totp { secret: secret("T"), step: 101 };
    then_rejected(&protected_and([]), enter(Some(of_another)), Rejection::SecondFactorWrong);
}

#[test]
fn a_recovery_code_is_good_once() {
    then(&protected_and([]), enter(Some(recovery("b"))), [code_used(1), signed_in(1, 0), online()]);
    then_rejected(&protected_and([code_used(1)]), enter(Some(recovery("b"))), Rejection::SecondFactorWrong);
    then(&protected_and([code_used(1)]), enter(Some(recovery("c"))), [code_used(2), signed_in(1, 0), online()]);
    then_rejected(&protected_and([]), enter(Some(recovery("x"))), Rejection::SecondFactorWrong);
}

#[test]
fn new_recovery_codes_replace_the_old_ones_and_cost_a_factor() {
    let fresh = vec![RecoveryDigest("n".to_owned())];
    let replaced = Event::RecoveryCodesReplaced(RecoveryCodesReplaced {
        recovery: Personal::Known(RecoveryCodes { digests: fresh.clone() }),
    });
    let replace = |proof| Command::ReplaceRecoveryCodes { proof, recovery: fresh.clone() };
    then(&protected_and([]), replace(Some(totp(101))), [used(101), replaced.clone()]);
    then_rejected(&protected_and([]), replace(None), Rejection::SecondFactorRequired);
    then_rejected(&anna_and([]), replace(None), Rejection::SecondFactorNotOffered);
    then_rejected(&protected_and([replaced.clone()]), enter(Some(recovery("a"))), Rejection::SecondFactorWrong);
    then(&protected_and([replaced]), enter(Some(recovery("n"))), [code_used(0), signed_in(1, 0), online()]);
}

#[test]
fn the_owner_turns_it_off_with_a_code_and_an_administrator_without() {
    let off = |proof| Command::DisableSecondFactor { proof };
    then(&protected_and([]), off(Some(recovery("a"))), [code_used(0), disabled()]);
    then_rejected(&protected_and([]), off(None), Rejection::SecondFactorRequired);
    then(&protected_and([]), Command::ResetSecondFactor, [disabled()]);
    then(&anna_and([]), Command::ResetSecondFactor, []);
    then(&anna_and([]), off(None), []);
    then(&protected_and([disabled()]), enter(None), [signed_in(1, 0), online()]);
}

#[test]
fn after_it_was_turned_off_the_old_secret_has_to_be_offered_anew() {
    then_rejected(&protected_and([disabled()]), enable("S", 200), Rejection::SecondFactorNotOffered);
    then(&protected_and([disabled()]), Command::OfferSecondFactor(secret("T")), [offered("T")]);
}

#[test]
fn secrets_and_codes_are_not_in_debug_output() {
    let printed = format!("{:?}{:?}", protected_and([]), [offered("S"), enabled(1)]);
    assert!(!printed.contains("\"S\"") && !printed.contains("\"a\""), "{printed}");
}

proptest! {
    #[test]
    fn no_code_is_accepted_twice_in_any_order(tries in prop::collection::vec((any::<bool>(), 95..110_u64, 0..4_usize), 0..60)) {
        let mut state = protected_and([]);
        let mut opened: Vec<SecondFactorUsed> = Vec::new();
        for (is_totp, step, code) in tries {
            let proof = if is_totp { totp(step) } else { recovery(["a", "b", "c", "x"][code]) };
            for event in domain::agent::decide(&state, enter(Some(proof))).unwrap_or_default() {
                if let Event::SecondFactorUsed(used) = &event {
                    prop_assert!(!opened.contains(used), "{:?}", used);
                    opened.push(*used);
                }
                state = state.evolve(&event);
            }
        }
    }
}
