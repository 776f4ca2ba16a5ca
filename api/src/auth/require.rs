//! A handler's first argument says who may call it: it is the guard that the table of routes names, or the route does not
//! compile.
//!
//! Invariant: whoever is not let in by the guard is refused before the handler runs.

use std::{
    future::{Future, Ready, ready},
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use domain::{AgentId, SignInId, VisitorId, agent::Permission};
use event_store::Actor;

use super::{caller::Caller, staff::Staff};
use crate::{problem::Problem, visitor_revocation::Issued};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Anybody,
    /// Visitors, known or new. Staff's tokens are refused.
    Visitor,
    /// Staff, or programs, with this permission.
    Staff(Permission),
    /// Persons of staff who are signed in, for what is their own.
    CurrentUser,
    /// Staff with this permission, or a visitor for what is its own.
    StaffOrVisitor(Permission),
}

/// An argument that says who may call a route.
pub trait Guard: FromRequest {
    /// Who.
    const ACCESS: Access;
}

/// A permission as a type, to stand in a handler's signature.
pub trait RequiredPermission: 'static {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("[`Permission::", stringify!($name), "`]")]
        #[derive(Debug)]
        pub struct $name;

        impl RequiredPermission for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

needs!(
    SessionRead,
    SessionWrite,
    SessionSupervise,
    StatisticsRead,
    LogRead,
    AuditRead,
    AgentRead,
    AgentWrite,
    SystemRead,
    SettingsRead,
    SettingsWrite,
);

/// The caller is staff who may do this.
#[derive(Debug)]
pub struct Require<N> {
    /// Who.
    pub staff: Staff,
    need: PhantomData<N>,
}

impl<N: RequiredPermission> Guard for Require<N> {
    const ACCESS: Access = Access::Staff(N::PERMISSION);
}

impl<N: RequiredPermission> FromRequest for Require<N> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(required(request, N::PERMISSION).map(|staff| Self { staff, need: PhantomData }))
    }
}

fn required(request: &HttpRequest, permission: Permission) -> Result<Staff, Problem> {
    Caller::of(request).staff_who_may(request, permission)?.ok_or_else(nobody)
}

/// Staff was asked for, and nobody of staff has come.
pub(crate) fn nobody() -> Problem {
    Problem::unauthorized(
        "this route is for staff: sign in (POST /api/agent/login) and send Authorization: Bearer with the token",
    )
}

/// The caller is a person who is signed in, about to see or change what is its own: `profile:write`, which no program has.
#[derive(Debug)]
pub struct CurrentUser {
    /// Who.
    pub agent: AgentId,
    /// By which sign-in.
    pub sign_in: SignInId,
}

impl CurrentUser {
    /// As it stands with the events that it brings about.
    #[must_use]
    pub fn actor(&self) -> Actor {
        commands::accounts::actor_of(self.agent)
    }
}

impl Guard for CurrentUser {
    const ACCESS: Access = Access::CurrentUser;
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let staff = required(request, Permission::ProfileWrite);
        ready(staff.and_then(|staff| {
            let sign_in = staff.sign_in().ok_or_else(nobody)?;
            Ok(Self { agent: staff.agent, sign_in })
        }))
    }
}

/// Staff who may do this, or anybody else: for routes that customers use as well.
#[derive(Debug)]
pub struct OptionalStaff<N> {
    /// Who, if it is staff.
    pub staff: Option<Staff>,
    need: PhantomData<N>,
}

impl<N: RequiredPermission> Guard for OptionalStaff<N> {
    const ACCESS: Access = Access::StaffOrVisitor(N::PERMISSION);
}

impl<N: RequiredPermission> FromRequest for OptionalStaff<N> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let staff = Caller::of(request).staff_who_may(request, N::PERMISSION);
        ready(staff.map(|staff| Self { staff, need: PhantomData }))
    }
}

/// The caller as a visitor who came before and has not left, if it is one.
pub struct KnownVisitor {
    caller: Rc<Caller>,
    visitor: Option<VisitorId>,
    issued: Option<Issued>,
}

impl KnownVisitor {
    /// When the token was given out by which the visitor is known.
    #[must_use]
    pub fn issued(&self) -> Option<Issued> {
        self.issued
    }

    /// Who looks at the session of this name, if it is anyone: the visitor, or with `compat_legacy_sessions` the owner of that
    /// session alone.
    #[must_use]
    pub fn find(&self, name: Option<&str>) -> Option<VisitorId> {
        self.visitor.or_else(|| name.and_then(|name| self.caller.legacy_visitor(name)))
    }

    /// As [`Self::find`], or a new visitor, whose token goes out with the answer.
    #[must_use]
    pub fn find_or_create(&self, name: Option<&str>) -> VisitorId {
        self.find(name).unwrap_or_else(|| self.caller.create_visitor())
    }
}

impl Guard for KnownVisitor {
    const ACCESS: Access = Access::Visitor;
}

impl FromRequest for KnownVisitor {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, caller) = (request.clone(), Caller::of(request));
        Box::pin(async move {
            let visitor = caller.visitor(&request).await?;
            let issued = caller.issued(&request).filter(|_| visitor.is_some());
            Ok(Self { caller, visitor, issued })
        })
    }
}

/// Whose token the caller brings, also of one who has left: for the routes that make one visitor out of another.
pub struct TokenHolder {
    caller: Rc<Caller>,
    request: HttpRequest,
    /// Who.
    pub visitor: Option<VisitorId>,
}

impl TokenHolder {
    /// Whether the token is not over. One of before the shop first named the visitor must do nothing to it: somebody else may
    /// have given it to the browser.
    ///
    /// # Errors
    /// Nobody can tell at this moment.
    pub async fn is_in_force(&self) -> Result<bool, Problem> {
        self.caller.is_in_force(&self.request).await
    }

    /// Lets the answer bring the token of this visitor, whom the shop has named.
    pub fn become_visitor(&self, visitor: VisitorId) {
        self.caller.set_token(visitor, true);
    }

    /// Lets the answer bring the token of a new visitor.
    pub fn become_new_visitor(&self) {
        self.caller.create_visitor();
    }
}

impl Guard for TokenHolder {
    const ACCESS: Access = Access::Visitor;
}

impl FromRequest for TokenHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (caller, request) = (Caller::of(request), request.clone());
        ready(caller.token_holder(&request).map(|visitor| Self { caller, request, visitor }))
    }
}

/// The route is for anybody: it shows nothing about a person, or it is the sign-in itself.
#[derive(Debug, Clone, Copy)]
pub struct Anybody;

impl Guard for Anybody {
    const ACCESS: Access = Access::Anybody;
}

impl FromRequest for Anybody {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

/// Arguments of which the first is this guard.
///
/// ```
/// # use api::auth::require::{AgentRead, GuardedBy, Require};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<Require<AgentRead>, (Require<AgentRead>, Path<String>)>();
/// ```
///
/// Without it, or with another one, it is no route:
///
/// ```compile_fail,E0277
/// # use api::auth::require::{AgentRead, GuardedBy, Require};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<Require<AgentRead>, (Path<String>,)>();
/// ```
///
/// ```compile_fail,E0277
/// # use api::auth::require::{AgentRead, AgentWrite, GuardedBy, Require};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<Require<AgentWrite>, (Require<AgentRead>, Path<String>)>();
/// ```
pub trait GuardedBy<G> {}

macro_rules! guarded {
    ($(($($argument:ident),*))*) => {$(
        impl<G: Guard, $($argument),*> GuardedBy<G> for (G, $($argument,)*) {}
    )*};
}

guarded! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, H) }
