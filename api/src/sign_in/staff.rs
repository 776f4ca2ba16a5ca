//! Staff at the door: who calls, and whether they may do what the route does.
//!
//! Invariants: who acts comes from a token or a key; what may be done comes from the role or the key as it is at this moment.
//! A handler names the permission it needs in its signature.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use domain::{
    AgentId, SignInId,
    agent::{Permission, Permissions, event::ApiKeyDigest},
};
use event_store::Actor;
use jiff::Timestamp;

use crate::{
    app::App,
    problem::Problem,
    sign_in::{
        api_keys, bearer,
        second_factor::SecondFactorRoles,
        staff_directory::{Person, StaffDirectory, Standing},
        staff_tokens::{AccessClaims, TokenError},
    },
};

/// A member of staff who is signed in, or a program with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub agent: AgentId,
    pass: Pass,
}

/// What somebody came in with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pass {
    SignIn { sign_in: SignInId, person: Person, expires_at: Timestamp },
    Key { digest: ApiKeyDigest, permissions: Permissions },
}

impl Staff {
    /// As it stands with the events that it brings about.
    #[must_use]
    pub fn actor(&self) -> Actor {
        commands::accounts::actor_of(self.agent)
    }

    /// Whether it may do this, as of when it came in.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match &self.pass {
            Pass::SignIn { person, .. } => person.role.may(permission),
            Pass::Key { permissions, .. } => permissions.contains(permission),
        }
    }

    /// Returns when whoever this is may not do all of this any more: token or key have ended, or the sign-in, or a right.
    pub async fn until_over(&self, access: &StaffDirectory, permissions: &[Permission]) {
        access.until(|access| !self.may_still(access, permissions)).await;
    }

    /// While nobody can tell, there is nothing to send either: what locks somebody out comes with what would be sent.
    fn may_still(&self, access: &StaffDirectory, permissions: &[Permission]) -> bool {
        let may_all = |may: &dyn Fn(Permission) -> bool| permissions.iter().all(|permission| may(*permission));
        match &self.pass {
            Pass::SignIn { expires_at, .. } if *expires_at <= access.now() => false,
            Pass::SignIn { sign_in, .. } => match access.standing(self.agent, *sign_in) {
                Standing::Good(person) => may_all(&|permission| person.role.may(permission)),
                Standing::Unknown => true,
                Standing::Over => false,
            },
            Pass::Key { digest, .. } => match access.standing_of_key(self.agent, digest) {
                Standing::Good(allowed) => may_all(&|permission| allowed.contains(permission)),
                Standing::Unknown => true,
                Standing::Over => false,
            },
        }
    }

    /// Whoever sends a token of staff or a key; `None` where what is sent is neither.
    ///
    /// # Errors
    /// The token has ended, the sign-in or the key is over, or nobody can tell at this moment.
    pub fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(token) = bearer(request) else { return Ok(None) };
        let app = app(request);
        if let Some((agent, digest)) = api_keys::read(token) {
            let standing = app.access.standing_of_key(agent, &digest);
            let permissions =
                known(standing, || over("API_KEY_INVALID", "the API key is unknown, revoked or has ended"))?;
            return Ok(Some(Self { agent, pass: Pass::Key { digest, permissions } }));
        }
        let said = match app.staff_tokens.check_access(token, app.now()) {
            Ok(said) => said,
            Err(TokenError::Expired) => return Err(over("TOKEN_EXPIRED", "the access token has expired; refresh it")),
            Err(TokenError::Invalid) => return Ok(None),
        };
        let AccessClaims { agent, sign_in, expires_at } = said;
        let standing = app.access.standing(agent, sign_in);
        let person = known(standing, || over("SIGNED_OUT", "the sign-in is over; sign in again"))?;
        Ok(Some(Self { agent, pass: Pass::SignIn { sign_in, person, expires_at } }))
    }

    /// # Errors
    /// It may not, or something has to be done first.
    fn require(self, permission: Permission, app: &App) -> Result<Self, Problem> {
        if let Pass::SignIn { person, .. } = &self.pass
            && permission != Permission::ProfileWrite
        {
            is_ready(person, &app.settings.second_factor_roles)?;
        }
        if self.may(permission) {
            return Ok(self);
        }
        let detail = match &self.pass {
            Pass::SignIn { person, .. } => {
                format!("this needs the permission {permission}, which the role {} does not have", person.role)
            }
            Pass::Key { .. } => format!("this needs the permission {permission}, which this API key does not have"),
        };
        let problem = Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail);
        Err(problem.with("permission", permission.as_str()))
    }
}

/// Whether somebody has done what comes before anything else.
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

fn known<T>(standing: Standing<T>, over: impl FnOnce() -> Problem) -> Result<T, Problem> {
    match standing {
        Standing::Good(known) => Ok(known),
        Standing::Over => Err(over()),
        Standing::Unknown => {
            let detail =
                "who may come in is not known at this moment, because the event log is out of sight; try again";
            Err(Problem::unavailable("ACCESS_UNKNOWN", detail, Duration::from_secs(1)))
        }
    }
}

fn over(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
}

fn app(request: &HttpRequest) -> &Data<App> {
    request.app_data::<Data<App>>().expect("every server of ours is built with an App")
}

/// A permission as a type, to stand in a handler's signature.
pub trait Needs: 'static {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("[`Permission::", stringify!($name), "`]")]
        #[derive(Debug)]
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

needs!(SessionRead, StatisticsRead, LogRead, AuditRead, AgentRead, AgentWrite, SystemRead);

/// The caller is staff who may do this.
#[derive(Debug)]
pub struct May<N> {
    /// Who.
    pub staff: Staff,
    need: PhantomData<N>,
}

impl<N: Needs> FromRequest for May<N> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(required(request, N::PERMISSION).map(|staff| Self { staff, need: PhantomData }))
    }
}

fn required(request: &HttpRequest, permission: Permission) -> Result<Staff, Problem> {
    Staff::of(request)?.ok_or_else(nobody)?.require(permission, app(request))
}

/// The caller is a person who is signed in, about to see or change what is its own: `profile:write`, which no program has.
#[derive(Debug)]
pub struct Own {
    /// Who.
    pub agent: AgentId,
    /// By which sign-in.
    pub sign_in: SignInId,
}

impl Own {
    /// As it stands with the events that it brings about.
    #[must_use]
    pub fn actor(&self) -> Actor {
        commands::accounts::actor_of(self.agent)
    }
}

impl FromRequest for Own {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(required(request, Permission::ProfileWrite).and_then(|staff| match staff.pass {
            Pass::SignIn { sign_in, .. } => Ok(Self { agent: staff.agent, sign_in }),
            Pass::Key { .. } => Err(nobody()),
        }))
    }
}

fn nobody() -> Problem {
    Problem::unauthorized(
        "this route is for staff: sign in (POST /api/agent/login) and send Authorization: Bearer with the token",
    )
}

/// Staff who may do this, or anybody else: for routes that customers use as well.
#[derive(Debug)]
pub struct MaybeStaff<N> {
    /// Who, if it is staff.
    pub staff: Option<Staff>,
    need: PhantomData<N>,
}

impl<N: Needs> FromRequest for MaybeStaff<N> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let staff = Staff::of(request)
            .and_then(|staff| staff.map(|staff| staff.require(N::PERMISSION, app(request))).transpose());
        ready(staff.map(|staff| Self { staff, need: PhantomData }))
    }
}
