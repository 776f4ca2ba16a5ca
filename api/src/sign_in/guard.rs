//! A handler's first argument says who may call it: it is the guard that the table of routes names, or the route does not
//! compile.
//!
//! Invariant: whoever is not let in by the guard is refused before the handler runs.

use std::future::{Ready, ready};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use domain::agent::Permission;

use super::{
    staff::{May, MaybeStaff, Needs, Own},
    visitor::{KnownVisitor, TokenHolder},
};

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

impl<N: Needs> Guard for May<N> {
    const ACCESS: Access = Access::Staff(N::PERMISSION);
}

impl<N: Needs> Guard for MaybeStaff<N> {
    const ACCESS: Access = Access::StaffOrVisitor(N::PERMISSION);
}

impl Guard for Own {
    const ACCESS: Access = Access::CurrentUser;
}

impl Guard for KnownVisitor {
    const ACCESS: Access = Access::Visitor;
}

impl Guard for TokenHolder {
    const ACCESS: Access = Access::Visitor;
}

impl Guard for Anybody {
    const ACCESS: Access = Access::Anybody;
}

/// The route is for anybody, whoever calls: it tells nothing of anyone, or it is the door itself.
#[derive(Debug, Clone, Copy)]
pub struct Anybody;

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
/// # use api::sign_in::{guard::GuardedBy, staff::{AgentRead, May}};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<May<AgentRead>, (May<AgentRead>, Path<String>)>();
/// ```
///
/// Without it, or with another one, it is no route:
///
/// ```compile_fail,E0277
/// # use api::sign_in::{guard::GuardedBy, staff::{AgentRead, May}};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<May<AgentRead>, (Path<String>,)>();
/// ```
///
/// ```compile_fail,E0277
/// # use api::sign_in::{guard::GuardedBy, staff::{AgentRead, AgentWrite, May}};
/// # use actix_web::web::Path;
/// # fn route<Access, Arguments: GuardedBy<Access>>() {}
/// route::<May<AgentWrite>, (May<AgentRead>, Path<String>)>();
/// ```
pub trait GuardedBy<G> {}

macro_rules! guarded {
    ($(($($argument:ident),*))*) => {$(
        impl<G: Guard, $($argument),*> GuardedBy<G> for (G, $($argument,)*) {}
    )*};
}

guarded! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, H) }
