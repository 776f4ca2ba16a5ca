//! A customer, its events and its commands, and the small language that the tests are written in.

use domain::{
    Personal,
    customer::{
        Command, Event, Rejection, State,
        command::Identity,
        decide,
        event::{CommandConfirmed, DataErased, Identified, LeaveReason, Profile, ProfileChanged, SignedOut},
    },
    text::{EmailAddress, PersonName, ShopCustomerId},
};

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

pub(crate) fn profile(sub: &str, email: Option<&str>, name: Option<&str>) -> Profile {
    Profile {
        sub: ShopCustomerId::parse(sub).unwrap(),
        email: email.map(|email| EmailAddress::parse(email).unwrap()),
        name: name.map(|name| PersonName::parse(name).unwrap()),
    }
}

pub(crate) fn ming() -> Profile {
    profile("shop-4711", Some("ming@example.com"), Some("Wang Xiaoming"))
}

pub(crate) fn identify(profile: Profile, vip: bool) -> Command {
    Command::Identify(Identity { profile, vip })
}

pub(crate) fn sign_out() -> Command {
    Command::SignOut { reason: LeaveReason::Asked }
}

pub(crate) fn identified(profile: Profile, vip: bool) -> Event {
    Event::Identified(Identified { vip, profile: Personal::Known(profile) })
}

pub(crate) fn changed(profile: Profile, vip: bool) -> Event {
    Event::ProfileChanged(ProfileChanged { vip, profile: Personal::Known(profile) })
}

pub(crate) fn signed_out(reason: LeaveReason) -> Event {
    Event::SignedOut(SignedOut { reason })
}

pub(crate) fn confirmed() -> Event {
    Event::CommandConfirmed(CommandConfirmed { command: "identify".to_owned() })
}

pub(crate) fn erased() -> Event {
    let key_ids = vec!["5e55/message/2026-11".to_owned()];
    Event::DataErased(DataErased { key_ids, cause: domain::ErasureCause::Request })
}
