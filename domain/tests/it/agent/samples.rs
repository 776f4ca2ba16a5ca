//! An account, its events and its commands, and the small language that the tests are written in.

use domain::{
    DeviceId, Language, Personal, SignInId,
    agent::{
        Command, Event, Presence, PresenceCause, Rejection, Role, State,
        command::{NewAccount, Renewal, SignInRequest},
        decide,
        event::{
            Created, PasswordHash, PasswordOrigin, PasswordSecret, PasswordSet, Person, PresenceChanged, RevokedReason,
            SignInRenewed, SignInRevoked, SignedIn, Whereabouts,
        },
    },
    text::{EmailAddress, PersonName, Skill, Username},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(crate) const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(crate) fn given(history: impl IntoIterator<Item = Event>) -> State {
    history.into_iter().fold(State::New, |state, event| state.evolve(&event))
}

#[track_caller]
pub(crate) fn then(state: &State, command: Command, expected: impl IntoIterator<Item = Event>) {
    let said = format!("{command:?}");
    assert_eq!(decide(state, command), Ok(expected.into_iter().collect()), "{said}");
}

#[track_caller]
pub(crate) fn then_rejected(state: &State, command: Command, expected: Rejection) {
    let said = format!("{command:?}");
    assert_eq!(decide(state, command), Err(expected), "{said}");
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_899_200 + second).unwrap()
}

pub(crate) fn sign_in_id(n: u128) -> SignInId {
    SignInId(Uuid::from_u128(n))
}

pub(crate) fn device(n: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(n))
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id${text}"))
}

pub(crate) fn new_account() -> NewAccount {
    NewAccount {
        username: Username::parse("anna").unwrap(),
        name: PersonName::parse("Anna Li").unwrap(),
        email: Some(EmailAddress::parse("anna@example.com").unwrap()),
        role: Role::Agent,
        skills: vec![Skill::parse("batteries").unwrap()],
        languages: vec![Language::Zh, Language::En],
        capacity: 5,
        hash: hash("first"),
        by: PasswordOrigin::Administrator,
    }
}

pub(crate) fn created() -> Event {
    let new = new_account();
    let person = Person { username: new.username, name: new.name, email: new.email };
    Event::Created(Created {
        role: new.role,
        skills: new.skills,
        languages: new.languages,
        capacity: new.capacity,
        person: Personal::Known(person),
    })
}

pub(crate) fn password_set(text: &str, by: PasswordOrigin) -> Event {
    Event::PasswordSet(PasswordSet { by, secret: Personal::Known(PasswordSecret { hash: hash(text) }) })
}

pub(crate) fn anna() -> Vec<Event> {
    vec![created(), password_set("first", PasswordOrigin::Administrator)]
}

pub(crate) fn from_here() -> Whereabouts {
    Whereabouts { address: "192.0.2.7".to_owned(), user_agent: None }
}

pub(crate) fn signed_in(n: u128, second: i64) -> Event {
    Event::SignedIn(SignedIn {
        sign_in: sign_in_id(n),
        device: Some(device(n)),
        at: at(second),
        expires_at: at(second) + WEEK,
        origin: Personal::Known(from_here()),
    })
}

pub(crate) fn sign_in(n: u128, second: i64) -> Command {
    Command::SignIn(SignInRequest {
        sign_in: sign_in_id(n),
        device: Some(device(n)),
        at: at(second),
        expires_at: at(second) + WEEK,
        origin: from_here(),
        checked: hash("first"),
        proof: None,
    })
}

pub(crate) fn renew(n: u128, number: u32, second: i64) -> Command {
    let (at, sign_in) = (at(second), sign_in_id(n));
    Command::Renew(Renewal { sign_in, number, device: Some(device(n)), at, expires_at: at + WEEK })
}

pub(crate) fn renewed(n: u128, number: u32, second: i64) -> Event {
    let (at, sign_in) = (at(second), sign_in_id(n));
    Event::SignInRenewed(SignInRenewed { sign_in, number, at, expires_at: at + WEEK })
}

pub(crate) fn revoked(n: u128, reason: RevokedReason) -> Event {
    Event::SignInRevoked(SignInRevoked { sign_in: sign_in_id(n), reason })
}

/// The presence that a first sign-in begins.
pub(crate) fn online() -> Event {
    Event::PresenceChanged(PresenceChanged { presence: Presence::Online, cause: PresenceCause::SignIn })
}

/// Anna, and what happened afterwards.
pub(crate) fn anna_and(events: impl IntoIterator<Item = Event>) -> State {
    given(anna().into_iter().chain(events))
}
