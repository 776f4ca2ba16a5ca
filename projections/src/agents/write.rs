//! How each event of an account changes its rows.
//!
//! Invariant: a row changes only by events newer than itself, so that an event which comes again changes nothing.

use domain::agent::{
    Event,
    event::{Created, PasswordOrigin, SignInRenewed, SignedIn},
};
use event_store::sql::{SqlError, Transaction, Value};

use super::{api_keys, change::Change};
use crate::rows;

const CREATE: &str = "insert into agent (id, username, name, email, role, skills, languages, capacity, active,
    must_change_password, second_factor, presence, presence_cause, presence_since,
    created_at, updated_at, last_sign_in_at, position)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 1, 0, 0, 'offline', 'sign_out', $9, $9, $9, null, $10) on conflict (id) do nothing";
const SIGN_IN: &str =
    "insert into sign_in (id, agent, device, since, renewed_at, expires_at, ended_at, ended_by, address,
    user_agent, position) values ($1, $2, $3, $4, $4, $5, null, null, $6, $7, $8) on conflict (id) do nothing";
const RENEW: &str =
    "update sign_in set renewed_at = $2, expires_at = $3, position = $4 where id = $1 and position < $4";
const END: &str = "update sign_in set ended_at = $2, ended_by = $3, position = $4
    where id = $1 and ended_at is null and position < $4";
const END_ALL: &str = "update sign_in set ended_at = $2, ended_by = 'deactivated', position = $3
    where agent = $1 and ended_at is null and position < $3";

/// Writes one event.
pub(super) async fn apply(tx: &mut Transaction, change: &Change<'_>, event: &Event) -> Result<(), SqlError> {
    match event {
        Event::Created(created) => create(tx, change, created).await,
        Event::Renamed(renamed) => {
            let names = renamed.names.known();
            let name = names.map(|names| names.name.as_str());
            let email = names.and_then(|names| names.email.as_ref()).map(|email| email.as_str());
            set(tx, change, "name = $4, email = $5", &[name.into(), email.into()]).await
        }
        Event::RoleChanged(changed) => set(tx, change, "role = $4", &[changed.role.as_str().into()]).await,
        Event::SkillsChanged(changed) => {
            set(tx, change, "skills = $4", &[(&*rows::to_json(&changed.skills)).into()]).await
        }
        Event::LanguagesChanged(changed) => {
            set(tx, change, "languages = $4", &[(&*rows::to_json(&changed.languages)).into()]).await
        }
        Event::CapacityChanged(changed) => {
            set(tx, change, "capacity = $4", &[i64::from(changed.capacity).into()]).await
        }
        Event::Deactivated(_) => {
            set(tx, change, "active = $4", &[0_i64.into()]).await?;
            tx.execute(END_ALL, &[change.agent(), change.at(), change.position()]).await.map(drop)
        }
        Event::Reactivated(_) => set(tx, change, "active = $4", &[1_i64.into()]).await,
        Event::PasswordSet(password) => {
            let must_change = i64::from(password.by == PasswordOrigin::Administrator);
            set(tx, change, "must_change_password = $4", &[must_change.into()]).await
        }
        Event::SignedIn(signed_in) => sign_in(tx, change, signed_in).await,
        Event::SignInRenewed(renewed) => renew(tx, change, renewed).await,
        Event::SignedOut(signed_out) => end(tx, change, signed_out.sign_in, "signed_out").await,
        Event::SignInRevoked(revoked) => end(tx, change, revoked.sign_in, &rows::code(&revoked.reason)).await,
        Event::PresenceChanged(changed) => {
            let values = [changed.presence.as_str().into(), changed.cause.as_str().into()];
            set(tx, change, "presence = $4, presence_cause = $5, presence_since = $2", &values).await
        }
        Event::SecondFactorEnabled(_) => set(tx, change, "second_factor = $4", &[1_i64.into()]).await,
        Event::SecondFactorDisabled(_) => set(tx, change, "second_factor = $4", &[0_i64.into()]).await,
        Event::ApiKeyIssued(issued) => api_keys::issue(tx, change, issued).await,
        Event::ApiKeyRevoked(_) => api_keys::revoke(tx, change).await,
        Event::SignInsFailed(_)
        | Event::SecondFactorOffered(_)
        | Event::SecondFactorUsed(_)
        | Event::RecoveryCodesReplaced(_)
        | Event::DataErased(_) => Ok(()),
    }
}

async fn create(tx: &mut Transaction, change: &Change<'_>, created: &Created) -> Result<(), SqlError> {
    let person = created.person.known();
    let (skills, languages) = (rows::to_json(&created.skills), rows::to_json(&created.languages));
    let values = [
        change.agent(),
        person.map(|person| person.username.as_str()).into(),
        person.map(|person| person.name.as_str()).into(),
        person.and_then(|person| person.email.as_ref()).map(|email| email.as_str()).into(),
        created.role.as_str().into(),
        (&*skills).into(),
        (&*languages).into(),
        i64::from(created.capacity).into(),
        change.at(),
        change.position(),
    ];
    tx.execute(CREATE, &values).await.map(drop)
}

/// Changes columns of the account's row.
async fn set(tx: &mut Transaction, change: &Change<'_>, columns: &str, values: &[Value<'_>]) -> Result<(), SqlError> {
    let sql = format!("update agent set {columns}, updated_at = $2, position = $3 where id = $1 and position < $3");
    let mut all = vec![change.agent(), change.at(), change.position()];
    all.extend(values);
    tx.execute(&sql, &all).await.map(drop)
}

async fn sign_in(tx: &mut Transaction, change: &Change<'_>, signed_in: &SignedIn) -> Result<(), SqlError> {
    let id = signed_in.sign_in.to_string();
    let device = signed_in.device.map(|device| device.to_string());
    let origin = signed_in.origin.known();
    let at = signed_in.at.as_microsecond();
    let values = [
        (&*id).into(),
        change.agent(),
        device.as_deref().into(),
        at.into(),
        signed_in.expires_at.as_microsecond().into(),
        origin.map(|origin| &*origin.address).into(),
        origin.and_then(|origin| origin.user_agent.as_deref()).into(),
        change.position(),
    ];
    tx.execute(SIGN_IN, &values).await?;
    set(tx, change, "last_sign_in_at = $4", &[at.into()]).await
}

async fn renew(tx: &mut Transaction, change: &Change<'_>, renewed: &SignInRenewed) -> Result<(), SqlError> {
    let id = renewed.sign_in.to_string();
    let times = [renewed.at.as_microsecond().into(), renewed.expires_at.as_microsecond().into()];
    tx.execute(RENEW, &[(&*id).into(), times[0], times[1], change.position()]).await.map(drop)
}

async fn end(
    tx: &mut Transaction,
    change: &Change<'_>,
    sign_in: domain::SignInId,
    reason: &str,
) -> Result<(), SqlError> {
    let id = sign_in.to_string();
    let values = [(&*id).into(), change.at(), reason.into(), change.position()];
    tx.execute(END, &values).await.map(drop)
}
