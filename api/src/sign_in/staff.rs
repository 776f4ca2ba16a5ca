//! Staff at the door: who calls, and whether they may do what the route does.
//!
//! Invariants: the acting agent comes from a token; what may be done comes from the role that the account has at this moment.
//! A handler names the permission it needs in its signature.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use domain::{
    AgentId, SignInId,
    agent::{Permission, Role},
};
use event_store::Actor;
use jiff::Timestamp;

use crate::{
    app::App,
    problem::Problem,
    sign_in::{
        access::{StaffAccess, Standing},
        bearer,
        staff_tokens::TokenError,
    },
};

/// A member of staff who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub agent: AgentId,
    /// By which sign-in.
    pub sign_in: SignInId,
    /// What the account may do.
    pub role: Role,
    /// When the token ends.
    pub expires_at: Timestamp,
    must_change_password: bool,
}

impl Staff {
    /// As it stands with the events that it brings about.
    #[must_use]
    pub fn actor(&self) -> Actor {
        commands::accounts::actor_of(self.agent)
    }

    /// Returns when whoever this is may not do it any more: the token has ended, or the sign-in, or the right.
    pub async fn until_over(&self, access: &StaffAccess, permission: Permission) {
        access.until(|access| !self.is_good(access, permission)).await;
    }

    /// While nobody can tell, there is nothing to send either: what locks somebody out comes with what would be sent.
    fn is_good(&self, access: &StaffAccess, permission: Permission) -> bool {
        let now = Timestamp::now();
        let may_stay = match access.standing(self.agent, self.sign_in, now) {
            Standing::Good { role, .. } => role.may(permission),
            Standing::Unknown => true,
            Standing::Over => false,
        };
        may_stay && now < self.expires_at
    }

    /// Whoever sends a token of staff; `None` where the token is none.
    ///
    /// # Errors
    /// The token has ended, the sign-in is over, or nobody can tell at this moment.
    pub fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(token) = bearer(request) else { return Ok(None) };
        let app = app(request);
        let said = match app.staff_tokens.check_access(token) {
            Ok(said) => said,
            Err(TokenError::Expired) => return Err(over("TOKEN_EXPIRED", "the access token has expired; refresh it")),
            Err(TokenError::Invalid) => return Ok(None),
        };
        match app.access.standing(said.agent, said.sign_in, Timestamp::now()) {
            Standing::Good { role, must_change_password } => {
                let (agent, sign_in, expires_at) = (said.agent, said.sign_in, said.expires_at);
                Ok(Some(Self { agent, sign_in, role, expires_at, must_change_password }))
            }
            Standing::Over => Err(over("SIGNED_OUT", "the sign-in is over; sign in again")),
            Standing::Unknown => {
                let detail =
                    "who may come in is not known at this moment, because the event log is out of sight; try again";
                Err(Problem::unavailable("ACCESS_UNKNOWN", detail, Duration::from_secs(1)))
            }
        }
    }

    /// # Errors
    /// The role does not allow it, or the password has to be changed first.
    fn require(self, permission: Permission) -> Result<Self, Problem> {
        if self.must_change_password && permission != Permission::ProfileWrite {
            let detail = "the password was set by somebody else: change it first (POST /api/agent/change-password)";
            return Err(Problem::new(StatusCode::FORBIDDEN, "PASSWORD_CHANGE_REQUIRED", detail));
        }
        if !self.role.may(permission) {
            let detail = format!("this needs the permission {permission}, which the role {} does not have", self.role);
            let problem = Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail);
            return Err(problem.with("permission", permission.as_str()));
        }
        Ok(self)
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

needs!(SessionRead, StatisticsRead, LogRead, AuditRead, ProfileWrite, AgentRead, AgentWrite);

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
        let staff = Staff::of(request).and_then(|staff| staff.ok_or_else(nobody)?.require(N::PERMISSION));
        ready(staff.map(|staff| Self { staff, need: PhantomData }))
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
        let staff = Staff::of(request).and_then(|staff| staff.map(|staff| staff.require(N::PERMISSION)).transpose());
        ready(staff.map(|staff| Self { staff, need: PhantomData }))
    }
}
