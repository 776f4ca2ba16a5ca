//! The key of a program: it says what it may do, and ends once.

use domain::{
    Personal,
    agent::{
        Command, Event, Permission, Rejection,
        command::NewApiKey,
        event::{ApiKeyDigest, ApiKeyIssued, ApiKeyLabel, ApiKeyRevoked},
    },
    text::PersonName,
};

use super::samples::{anna_and, at, given, new_account, sign_in, then, then_rejected};

fn new() -> NewApiKey {
    NewApiKey {
        name: PersonName::parse("Nightly export").unwrap(),
        permissions: vec![Permission::StatisticsRead],
        digest: ApiKeyDigest("ab".repeat(32)),
        expires_at: Some(at(60)),
    }
}

fn issued() -> Event {
    let NewApiKey { name, permissions, digest, expires_at } = new();
    Event::ApiKeyIssued(ApiKeyIssued { permissions, digest, expires_at, label: Personal::Known(ApiKeyLabel { name }) })
}

fn issue() -> Command {
    Command::IssueApiKey(Box::new(new()))
}

fn revoked() -> Event {
    Event::ApiKeyRevoked(ApiKeyRevoked {})
}

#[test]
fn a_key_is_issued_once_and_revoked_once() {
    then(&given([]), issue(), [issued()]);
    then_rejected(&given([issued()]), issue(), Rejection::AlreadyExists);
    then(&given([issued()]), Command::RevokeApiKey, [revoked()]);
    then(&given([issued(), revoked()]), Command::RevokeApiKey, []);
    then_rejected(&given([]), Command::RevokeApiKey, Rejection::NoApiKey);
}

#[test]
fn a_key_is_valid_until_it_expires_or_is_revoked() {
    let is_good = |events: Vec<Event>, second| given(events).api_key().unwrap().is_good(at(second));
    assert!(is_good(vec![issued()], 59));
    assert!(!is_good(vec![issued()], 60));
    assert!(!is_good(vec![issued(), revoked()], 0));
    let Event::ApiKeyIssued(lasting) = issued() else { unreachable!() };
    assert!(is_good(vec![Event::ApiKeyIssued(ApiKeyIssued { expires_at: None, ..lasting })], 1_000_000_000));
}

#[test]
fn account_commands_on_a_key_and_key_commands_on_an_account_are_rejected() {
    then_rejected(&given([issued()]), sign_in(1, 0), Rejection::NoAccount);
    then_rejected(&given([issued()]), Command::Create(Box::new(new_account())), Rejection::AlreadyExists);
    then_rejected(&anna_and([]), issue(), Rejection::AlreadyExists);
    then_rejected(&anna_and([]), Command::RevokeApiKey, Rejection::NoApiKey);
    assert!(given([issued()]).account().is_none());
    assert!(anna_and([]).api_key().is_none());
}

#[test]
fn keys_cannot_have_permissions_for_accounts_or_profiles() {
    for only_for_people in [Permission::ProfileWrite, Permission::AgentWrite, Permission::SessionWrite] {
        let wanted = NewApiKey { permissions: vec![Permission::LogRead, only_for_people], ..new() };
        then_rejected(&given([]), Command::IssueApiKey(Box::new(wanted)), Rejection::NotForPrograms);
    }
    let for_people: Vec<&Permission> =
        Permission::ALL.iter().filter(|permission| !permission.is_for_programs()).collect();
    let expected = [
        Permission::SessionWrite,
        Permission::SessionSupervise,
        Permission::ProfileWrite,
        Permission::AgentWrite,
        Permission::SettingsWrite,
    ];
    assert_eq!(for_people, expected.each_ref());
}
