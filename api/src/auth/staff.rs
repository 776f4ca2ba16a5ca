//! Staff and programs as callers: who they are, and whether they may do what a route does.
//!
//! Invariant: who acts comes from a token or a key; what may be done comes from the role or the key as it is at this moment.

use std::time::Duration;

use actix_web::http::StatusCode;
use domain::{
    AgentId, SignInId,
    agent::{Permission, Permissions, event::ApiKeyDigest},
};
use event_store::Actor;
use jiff::Timestamp;

use super::{
    api_keys,
    second_factor::SecondFactorRoles,
    staff_directory::{AuthStatus, Person, StaffDirectory},
    staff_services::StaffServices,
    staff_tokens::{AccessClaims, TokenError},
};
use crate::problem::Problem;

/// A member of staff who is signed in, or a program with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub agent: AgentId,
    credential: Credential,
}

/// What a caller is authenticated by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Credential {
    SignIn { sign_in: SignInId, person: Person, expires_at: Timestamp },
    Key { digest: ApiKeyDigest, permissions: Permissions },
}

impl Staff {
    /// The actor of events that it causes.
    #[must_use]
    pub fn actor(&self) -> Actor {
        commands::accounts::actor_of(self.agent)
    }

    /// Whether it may do this, as of this request.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match &self.credential {
            Credential::SignIn { person, .. } => person.role.may(permission),
            Credential::Key { permissions, .. } => permissions.contains(permission),
        }
    }

    /// Returns when it may not do all of this any more: the token, the key, the sign-in or a permission has ended.
    pub async fn until_over(&self, directory: &StaffDirectory, permissions: &[Permission]) {
        directory.until(|directory| !self.may_still(directory, permissions)).await;
    }

    /// True while the directory is behind the log: the stream would deliver nothing meanwhile, and a revocation comes with the
    /// events that it waits for.
    fn may_still(&self, directory: &StaffDirectory, permissions: &[Permission]) -> bool {
        let now = directory.now();
        let may_all = |may: &dyn Fn(Permission) -> bool| permissions.iter().all(|permission| may(*permission));
        match &self.credential {
            Credential::SignIn { expires_at, .. } if *expires_at <= now => false,
            Credential::SignIn { sign_in, .. } => match directory.status(self.agent, *sign_in, now) {
                AuthStatus::Good(person) => may_all(&|permission| person.role.may(permission)),
                AuthStatus::Unknown => true,
                AuthStatus::Over => false,
            },
            Credential::Key { digest, .. } => match directory.status_of_key(self.agent, digest, now) {
                AuthStatus::Good(allowed) => may_all(&|permission| allowed.contains(permission)),
                AuthStatus::Unknown => true,
                AuthStatus::Over => false,
            },
        }
    }

    /// Whose token or key this is; `None` if it is neither.
    ///
    /// # Errors
    /// The token has ended, the sign-in or the key is over, or nobody can tell at this moment.
    pub(super) fn find(token: &str, services: &StaffServices) -> Result<Option<Self>, Problem> {
        let now = services.clock.now();
        if let Some((agent, digest)) = api_keys::read(token) {
            let status = services.directory.status_of_key(agent, &digest, now);
            let permissions =
                known(status, || over("API_KEY_INVALID", "the API key is unknown, revoked or has ended"))?;
            return Ok(Some(Self { agent, credential: Credential::Key { digest, permissions } }));
        }
        let said = match services.tokens.check_access(token, now) {
            Ok(said) => said,
            Err(TokenError::Expired) => return Err(over("TOKEN_EXPIRED", "the access token has expired; refresh it")),
            Err(TokenError::Invalid) => return Ok(None),
        };
        let AccessClaims { agent, sign_in, expires_at } = said;
        let status = services.directory.status(agent, sign_in, now);
        let person = known(status, || over("SIGNED_OUT", "the sign-in is over; sign in again"))?;
        services.signs_of_life.note(sign_in);
        Ok(Some(Self { agent, credential: Credential::SignIn { sign_in, person, expires_at } }))
    }

    /// The sign-in of a person; a program has none.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignInId> {
        match self.credential {
            Credential::SignIn { sign_in, .. } => Some(sign_in),
            Credential::Key { .. } => None,
        }
    }

    /// # Errors
    /// It may not, or something has to be done first.
    pub(super) fn require(self, permission: Permission, roles: &SecondFactorRoles) -> Result<Self, Problem> {
        if let Credential::SignIn { person, .. } = &self.credential
            && permission != Permission::ProfileWrite
        {
            is_ready(person, roles)?;
        }
        if self.may(permission) {
            return Ok(self);
        }
        let detail = match &self.credential {
            Credential::SignIn { person, .. } => {
                format!("this needs the permission {permission}, which the role {} does not have", person.role)
            }
            Credential::Key { .. } => {
                format!("this needs the permission {permission}, which this API key does not have")
            }
        };
        let problem = Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail);
        Err(problem.with("permission", permission.as_str()))
    }
}

/// Whether password and second factor are set up as required.
fn is_ready(person: &Person, second_factor_roles: &SecondFactorRoles) -> Result<(), Problem> {
    if person.must_change_password {
        let detail = "the password was set by somebody else: change it first (POST /api/agent/change-password)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "PASSWORD_CHANGE_REQUIRED", detail));
    }
    if second_factor_roles.contains(person.role) && !person.has_second_factor {
        let detail = "accounts of this role need a second factor: set one up first (POST /api/agent/second-factor)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "SECOND_FACTOR_SETUP_REQUIRED", detail));
    }
    Ok(())
}

fn known<T>(status: AuthStatus<T>, over: impl FnOnce() -> Problem) -> Result<T, Problem> {
    match status {
        AuthStatus::Good(known) => Ok(known),
        AuthStatus::Over => Err(over()),
        AuthStatus::Unknown => {
            let detail =
                "who may come in is not known at this moment, because the event log is out of sight; try again";
            Err(Problem::unavailable("ACCESS_UNKNOWN", detail, Duration::from_secs(1)))
        }
    }
}

fn over(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
}
