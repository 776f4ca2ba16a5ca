//! The rules: from an account and a command to events, or a rejection. No events mean "valid, nothing to change".

mod presence;
mod second_factor;

use crate::{
    agent::{
        command::{Changes, Command, NewAccount, NewApiKey, Renewal, SignInRequest},
        event::{
            ApiKeyIssued, ApiKeyLabel, ApiKeyRevoked, CapacityChanged, Created, Deactivated, Event, LanguagesChanged,
            Names, PasswordHash, PasswordOrigin, PasswordSecret, PasswordSet, Person, Reactivated, Renamed,
            RevokedReason, RoleChanged, SignInRenewed, SignInRevoked, SignInsFailed, SignedIn, SignedOut,
            SkillsChanged,
        },
        rejection::Rejection,
        state::{Account, ApiKey, State},
    },
    id::SignInId,
    personal::Personal,
};

type Decision = Result<Vec<Event>, Rejection>;

/// Decides a command.
///
/// # Errors
/// A rule refuses the command.
pub fn decide(state: &State, command: Command) -> Decision {
    match (state, command) {
        (State::New, command) => decide_new(command),
        (State::ApiKey(key), command) => decide_api_key(key, &command),
        (State::Existing(account), command) => decide_existing(account, command),
    }
}

fn decide_new(command: Command) -> Decision {
    match command {
        Command::Create(new) => Ok(create(*new)),
        Command::IssueApiKey(new) => issue(*new),
        Command::RevokeApiKey => Err(Rejection::NoApiKey),
        Command::Change(_)
        | Command::Deactivate
        | Command::Reactivate
        | Command::SetPassword { .. }
        | Command::SignIn(_)
        | Command::Renew(_)
        | Command::SignOut { .. }
        | Command::Revoke { .. }
        | Command::NoteFailure { .. }
        | Command::OfferSecondFactor(_)
        | Command::EnableSecondFactor { .. }
        | Command::ReplaceRecoveryCodes { .. }
        | Command::DisableSecondFactor { .. }
        | Command::ChoosePresence { .. }
        | Command::ComeBack { .. }
        | Command::NoteLost { .. }
        | Command::ResetSecondFactor => Err(Rejection::NoAccount),
    }
}

fn decide_api_key(key: &ApiKey, command: &Command) -> Decision {
    match command {
        Command::RevokeApiKey if key.is_revoked => Ok(Vec::new()),
        Command::RevokeApiKey => Ok(vec![Event::ApiKeyRevoked(ApiKeyRevoked {})]),
        Command::Create(_) | Command::IssueApiKey(_) => Err(Rejection::AlreadyExists),
        Command::Change(_)
        | Command::Deactivate
        | Command::Reactivate
        | Command::SetPassword { .. }
        | Command::SignIn(_)
        | Command::Renew(_)
        | Command::SignOut { .. }
        | Command::Revoke { .. }
        | Command::NoteFailure { .. }
        | Command::OfferSecondFactor(_)
        | Command::EnableSecondFactor { .. }
        | Command::ReplaceRecoveryCodes { .. }
        | Command::DisableSecondFactor { .. }
        | Command::ChoosePresence { .. }
        | Command::ComeBack { .. }
        | Command::NoteLost { .. }
        | Command::ResetSecondFactor => Err(Rejection::NoAccount),
    }
}

fn decide_existing(account: &Account, command: Command) -> Decision {
    match command {
        Command::Create(_) | Command::IssueApiKey(_) => Err(Rejection::AlreadyExists),
        Command::RevokeApiKey => Err(Rejection::NoApiKey),
        Command::Change(changes) => Ok(change(account, *changes)),
        Command::Deactivate if account.is_active => Ok(deactivate(account)),
        Command::Reactivate if !account.is_active => Ok(vec![Event::Reactivated(Reactivated {})]),
        Command::Deactivate | Command::Reactivate => Ok(Vec::new()),
        Command::SetPassword { hash, by, keep } => Ok(set_password(account, hash, by, keep)),
        Command::SignIn(request) => sign_in(account, request),
        Command::Renew(renewal) => renew(account, renewal),
        Command::SignOut { sign_in } => Ok(end(account, sign_in, Event::SignedOut(SignedOut { sign_in }))),
        Command::Revoke { sign_in, reason } => Ok(end(account, sign_in, revoked(sign_in, reason))),
        Command::ChoosePresence { sign_in, presence } => presence::chosen(account, sign_in, presence),
        Command::ComeBack { sign_in } => presence::come_back(account, sign_in),
        Command::NoteLost { sign_in } => Ok(presence::lost(account, sign_in)),
        Command::NoteFailure { hour, origin } => Ok(match account.failed_in {
            Some(noted) if noted >= hour => Vec::new(),
            Some(_) | None => vec![Event::SignInsFailed(SignInsFailed { hour, origin: Personal::Known(origin) })],
        }),
        Command::OfferSecondFactor(secret) => second_factor::offer(account, secret),
        Command::EnableSecondFactor { secret, step, recovery } => {
            second_factor::enable(account, &secret, step, recovery)
        }
        Command::ReplaceRecoveryCodes { proof, recovery } => second_factor::replace_codes(account, proof, recovery),
        Command::DisableSecondFactor { proof } => second_factor::disable(account, proof),
        Command::ResetSecondFactor => Ok(second_factor::reset(account)),
    }
}

fn create(new: NewAccount) -> Vec<Event> {
    let NewAccount { username, name, email, role, skills, languages, capacity, hash, by } = new;
    let person = Personal::Known(Person { username, name, email });
    vec![Event::Created(Created { role, skills, languages, capacity, person }), password_set(hash, by)]
}

fn issue(new: NewApiKey) -> Decision {
    let NewApiKey { name, permissions, digest, expires_at } = new;
    if !permissions.iter().all(|permission| permission.is_for_programs()) {
        return Err(Rejection::NotForPrograms);
    }
    let label = Personal::Known(ApiKeyLabel { name });
    Ok(vec![Event::ApiKeyIssued(ApiKeyIssued { permissions, digest, expires_at, label })])
}

fn deactivate(account: &Account) -> Vec<Event> {
    std::iter::once(Event::Deactivated(Deactivated {})).chain(presence::ended(account, |_| true)).collect()
}

fn password_set(hash: PasswordHash, by: PasswordOrigin) -> Event {
    Event::PasswordSet(PasswordSet { by, secret: Personal::Known(PasswordSecret { hash }) })
}

/// One event for each value that changes.
fn change(account: &Account, changes: Changes) -> Vec<Event> {
    let Changes { name, email, role, skills, languages, capacity } = changes;
    let renamed = rename(account, name, email);
    let role = role.filter(|role| *role != account.role).map(|role| Event::RoleChanged(RoleChanged { role }));
    let skills = skills.filter(|skills| *skills != account.skills);
    let languages = languages.filter(|languages| *languages != account.languages);
    let capacity = capacity.filter(|capacity| *capacity != account.capacity);
    let events = [
        renamed,
        role,
        skills.map(|skills| Event::SkillsChanged(SkillsChanged { skills })),
        languages.map(|languages| Event::LanguagesChanged(LanguagesChanged { languages })),
        capacity.map(|capacity| Event::CapacityChanged(CapacityChanged { capacity })),
    ];
    events.into_iter().flatten().collect()
}

fn rename(
    account: &Account,
    name: Option<crate::text::PersonName>,
    email: Option<Option<crate::text::EmailAddress>>,
) -> Option<Event> {
    let name = name.or_else(|| account.name.clone())?;
    let email = email.unwrap_or_else(|| account.email.clone());
    let is_new = account.name.as_ref() != Some(&name) || account.email != email;
    is_new.then_some(Event::Renamed(Renamed { names: Personal::Known(Names { name, email }) }))
}

fn set_password(account: &Account, hash: PasswordHash, by: PasswordOrigin, keep: Option<SignInId>) -> Vec<Event> {
    let others = account.sign_ins.keys().copied().filter(|sign_in| Some(*sign_in) != keep);
    let revoked = others.map(|sign_in| revoked(sign_in, RevokedReason::PasswordSet));
    let gone = presence::ended(account, |sign_in| Some(sign_in) != keep);
    std::iter::once(password_set(hash, by)).chain(revoked).chain(gone).collect()
}

fn sign_in(account: &Account, request: SignInRequest) -> Decision {
    let SignInRequest { sign_in, device, at, expires_at, origin, checked, proof } = request;
    if !account.is_active {
        return Err(Rejection::Deactivated);
    }
    if account.password.as_ref() != Some(&checked) {
        return Err(Rejection::PasswordChanged);
    }
    let used = second_factor::used(account, proof)?;
    let origin = Personal::Known(origin);
    let signed_in = Event::SignedIn(SignedIn { sign_in, device, at, expires_at, origin });
    Ok(used.into_iter().chain([signed_in]).chain(presence::begun(account, at)).collect())
}

/// Exchanges the newest token. One that was exchanged within [`super::state::GRACE`] gives the newest pair to the same device,
/// however many exchanges lay between; any other one ends the sign-in.
fn renew(account: &Account, renewal: Renewal) -> Decision {
    let Renewal { sign_in, number, device, at, expires_at } = renewal;
    let current = account.sign_in(sign_in, at).ok_or(Rejection::SignedOut)?;
    if number == current.number {
        let number = number.saturating_add(1);
        return Ok(vec![Event::SignInRenewed(SignInRenewed { sign_in, number, at, expires_at })]);
    }
    if device == current.device && current.was_just_exchanged(number, at) {
        return Ok(Vec::new());
    }
    Ok(end(account, sign_in, revoked(sign_in, RevokedReason::TokenReused)))
}

fn revoked(sign_in: SignInId, reason: RevokedReason) -> Event {
    Event::SignInRevoked(SignInRevoked { sign_in, reason })
}

fn end(account: &Account, sign_in: SignInId, event: Event) -> Vec<Event> {
    if !account.sign_ins.contains_key(&sign_in) {
        return Vec::new();
    }
    std::iter::once(event).chain(presence::ended(account, |ended| ended == sign_in)).collect()
}
