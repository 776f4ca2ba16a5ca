//! A handler's first argument says who may call it: it is a guard, or the route does not compile.
//!
//! Invariant: whoever is not let in by the guard is refused before the handler runs.

use std::future::{Ready, ready};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};

use super::{
    staff::{May, MaybeStaff, Needs, Own},
    visitor::{KnownVisitor, TokenHolder},
};

/// Says who may call a route.
pub trait Guard: FromRequest {}

impl<N: Needs> Guard for May<N> {}
impl<N: Needs> Guard for MaybeStaff<N> {}
impl Guard for Own {}
impl Guard for KnownVisitor {}
impl Guard for TokenHolder {}
impl Guard for Anybody {}

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

/// Arguments of which the first is a guard.
///
/// ```
/// # use api::{app::App, sign_in::{guard::Guarded, staff::{AgentRead, May}}};
/// # use actix_web::web::Data;
/// # fn route<Arguments: Guarded>() {}
/// route::<(May<AgentRead>, Data<App>)>();
/// ```
///
/// Without one it is no route:
///
/// ```compile_fail,E0277
/// # use api::{app::App, sign_in::guard::Guarded};
/// # use actix_web::web::Data;
/// # fn route<Arguments: Guarded>() {}
/// route::<(Data<App>,)>();
/// ```
pub trait Guarded: FromRequest {}

macro_rules! guarded {
    ($(($($argument:ident),*))*) => {$(
        impl<G: Guard + 'static, $($argument: FromRequest + 'static),*> Guarded for (G, $($argument,)*) {}
    )*};
}

guarded! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }
