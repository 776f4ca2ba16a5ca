//! Accounts are made, changed and closed.

use domain::{
    Personal,
    agent::{
        Command, Event, Rejection, Role, State,
        command::Changes,
        event::{
            CapacityChanged, Deactivated, Names, PasswordOrigin, Reactivated, Renamed, RevokedReason, RoleChanged,
            SignInsFailed, SkillsChanged,
        },
    },
    text::PersonName,
};

use super::samples::{
    anna, anna_and, at, from_here, given, hash, new_account, password_set, revoked, sign_in, sign_in_id, signed_in,
    then, then_rejected,
};

fn change(changes: Changes) -> Command {
    Command::Change(Box::new(changes))
}

#[test]
fn an_account_is_made_once_with_its_password() {
    then(&State::New, Command::Create(Box::new(new_account())), anna());
    then_rejected(&anna_and([]), Command::Create(Box::new(new_account())), Rejection::AlreadyExists);
    let gone = anna_and([Event::Deactivated(Deactivated {})]);
    then_rejected(&gone, Command::Create(Box::new(new_account())), Rejection::AlreadyExists);
}

#[test]
fn commands_without_an_account_are_rejected() {
    let hash = hash("x");
    let set = Command::SetPassword { hash, by: PasswordOrigin::Owner, keep: None };
    for command in [Command::Deactivate, Command::Reactivate, sign_in(1, 0), set, change(Changes::default())] {
        then_rejected(&given([]), command, Rejection::NoAccount);
    }
}

#[test]
fn each_changed_field_is_an_event_and_an_unchanged_one_is_none() {
    let changes = Changes { role: Some(Role::Supervisor), capacity: Some(7), ..Changes::default() };
    let told = [
        Event::RoleChanged(RoleChanged { role: Role::Supervisor }),
        Event::CapacityChanged(CapacityChanged { capacity: 7 }),
    ];
    then(&anna_and([]), change(changes.clone()), told.clone());
    then(&anna_and(told), change(changes), []);
    then(
        &anna_and([]),
        change(Changes { skills: Some(Vec::new()), ..Changes::default() }),
        [Event::SkillsChanged(SkillsChanged { skills: Vec::new() })],
    );
}

#[test]
fn a_new_name_keeps_the_email_and_a_new_email_the_name() {
    let name = PersonName::parse("Anna Wang").unwrap();
    let renamed = |name: &PersonName, email| {
        Event::Renamed(Renamed { names: Personal::Known(Names { name: name.clone(), email }) })
    };
    let changes = Changes { name: Some(name.clone()), ..Changes::default() };
    then(&anna_and([]), change(changes), [renamed(&name, new_account().email)]);
    let nowhere = Changes { email: Some(None), ..Changes::default() };
    then(&anna_and([]), change(nowhere), [renamed(&new_account().name, None)]);
}

#[test]
fn deactivation_ends_every_sign_in_and_refuses_new_ones() {
    let open = anna_and([signed_in(1, 0), signed_in(2, 1)]);
    then(&open, Command::Deactivate, [Event::Deactivated(Deactivated {})]);
    let closed = anna_and([signed_in(1, 0), signed_in(2, 1), Event::Deactivated(Deactivated {})]);
    then(&closed, Command::Deactivate, []);
    then_rejected(&closed, sign_in(3, 2), Rejection::Deactivated);
    assert!(closed.account().unwrap().sign_ins.is_empty());
    then(&closed, Command::Reactivate, [Event::Reactivated(Reactivated {})]);
    let again = closed.evolve(&Event::Reactivated(Reactivated {}));
    assert!(again.account().unwrap().sign_in(sign_in_id(1), at(3)).is_none(), "what is over stays over");
}

#[test]
fn a_new_password_ends_all_other_sign_ins() {
    let state = anna_and([signed_in(1, 0), signed_in(2, 1)]);
    let set = Command::SetPassword { hash: hash("next"), by: PasswordOrigin::Owner, keep: Some(sign_in_id(2)) };
    let told = [password_set("next", PasswordOrigin::Owner), revoked(1, RevokedReason::PasswordSet)];
    then(&state, set, told);
    let reset = Command::SetPassword { hash: hash("next"), by: PasswordOrigin::Administrator, keep: None };
    let all = [revoked(1, RevokedReason::PasswordSet), revoked(2, RevokedReason::PasswordSet)];
    then(&state, reset, [password_set("next", PasswordOrigin::Administrator)].into_iter().chain(all));
}

#[test]
fn failed_sign_ins_are_recorded_once_an_hour() {
    let note = |hour| Command::NoteFailure { hour: at(hour), origin: from_here() };
    let told = |hour| Event::SignInsFailed(SignInsFailed { hour: at(hour), origin: Personal::Known(from_here()) });
    then(&anna_and([]), note(0), [told(0)]);
    then(&anna_and([told(0)]), note(0), []);
    then(&anna_and([told(3_600)]), note(0), []);
    then(&anna_and([told(0)]), note(3_600), [told(3_600)]);
}
