//! Who calls: found once for each request, as far as anybody asks, and read by limits and handlers alike.
//!
//! Invariants: a token or key is checked at most once in a request, and a token is issued by this alone.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::Arc,
};

use actix_web::{
    HttpMessage as _, HttpRequest,
    http::header::{self, HeaderMap},
};
use domain::{VisitorId, agent::Permission};
use uuid::Uuid;

use super::{
    staff::Staff,
    staff_services::StaffServices,
    visitor::{COOKIE, CookieName, IssuedToken, PresentedToken, TokenSource, Visitors, signed_out},
};
use crate::{client_ip::Client, problem::Problem, visitor_revocation::Issued};

/// What callers are known by.
#[derive(Clone)]
pub struct Callers {
    /// Visitors by their tokens.
    pub visitors: Arc<Visitors>,
    /// Staff by tokens, programs by keys.
    pub staff: Arc<StaffServices>,
}

impl Callers {
    /// The caller of a request that came from this client.
    #[must_use]
    pub fn caller(&self, client: Client) -> Rc<Caller> {
        let (staff, visitor, issued) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Rc::new(Caller { client, callers: self.clone(), staff, visitor, issued })
    }
}

/// The caller of one request.
pub struct Caller {
    /// Where the request came from.
    pub client: Client,
    callers: Callers,
    staff: OnceCell<Result<Option<Staff>, Problem>>,
    visitor: OnceCell<Result<Option<PresentedToken>, Problem>>,
    issued: RefCell<Option<IssuedToken>>,
}

impl Caller {
    /// The caller that the middleware has put beside the request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Rc<Self> {
        let caller = request.extensions().get::<Rc<Self>>().cloned();
        caller.expect("the middleware stands before every route")
    }

    /// Staff or a program; `None` where there is no token of theirs.
    ///
    /// # Errors
    /// The token has ended, the sign-in or the key is over, or nobody can tell at this moment.
    pub fn staff(&self, request: &HttpRequest) -> Result<Option<Staff>, Problem> {
        let find = || match bearer(request.headers()) {
            Some(token) => Staff::find(token, &self.callers.staff),
            None => Ok(None),
        };
        self.staff.get_or_init(find).clone()
    }

    /// Staff or a program that may do this; `None` where there is no token of theirs.
    ///
    /// # Errors
    /// As [`Self::staff`]; or it may not, or something has to be done first.
    pub(super) fn staff_who_may(&self, request: &HttpRequest, needed: Permission) -> Result<Option<Staff>, Problem> {
        let roles = &self.callers.staff.second_factor_roles;
        self.staff(request)?.map(|staff| staff.require(needed, roles)).transpose()
    }

    /// The visitor whose token it is, also of one who has left.
    ///
    /// # Errors
    /// A bearer token is no good visitor's token.
    pub fn token_holder(&self, request: &HttpRequest) -> Result<Option<VisitorId>, Problem> {
        Ok(self.presented(request.headers())?.map(|presented| presented.visitor))
    }

    /// The visitor whose token it is, if that is not over; a token that is old is renewed with the answer.
    ///
    /// # Errors
    /// A bearer token is not good, or is over, or nobody can tell at this moment.
    pub async fn visitor(&self, request: &HttpRequest) -> Result<Option<VisitorId>, Problem> {
        let Some(presented) = self.presented(request.headers())? else { return Ok(None) };
        // The original's reads are GETs, and nothing that changes anything is.
        if self.callers.visitors.is_over(&presented, request.method().is_safe()).await? {
            return if presented.source == TokenSource::Bearer { Err(signed_out()) } else { Ok(None) };
        }
        if presented.is_old {
            self.set_token(presented.visitor, presented.issued.is_named);
        }
        Ok(Some(presented.visitor))
    }

    /// When the visitor's token was given out, where one came.
    pub(super) fn issued(&self, request: &HttpRequest) -> Option<Issued> {
        Some(self.presented(request.headers()).ok()??.issued)
    }

    /// Whether the visitor's token is not over; nobody's is as one that is not.
    ///
    /// # Errors
    /// As [`Self::token_holder`], or nobody can tell at this moment.
    pub(super) async fn is_in_force(&self, request: &HttpRequest) -> Result<bool, Problem> {
        let Some(presented) = self.presented(request.headers())? else { return Ok(false) };
        Ok(!self.callers.visitors.is_over(&presented, false).await?)
    }

    /// A bearer token wins over cookies and must be good; a cookie that is not is as none. A browser sends the cookie with
    /// whatever page's request; the middleware lets only those of known pages change something.
    fn presented(&self, headers: &HeaderMap) -> Result<Option<PresentedToken>, Problem> {
        let find = || {
            let (visitors, now) = (&self.callers.visitors, self.callers.visitors.clock.now());
            match bearer(headers) {
                Some(token) => visitors.by_bearer(token, now).map(Some),
                None => Ok(visitors.by_cookies(headers, self.client.is_secure, now)),
            }
        };
        self.visitor.get_or_init(find).clone()
    }

    /// Who it is as events name it, where a token says so.
    pub(crate) fn actor(&self, request: &HttpRequest) -> Option<String> {
        let staff = self.staff(request).ok().flatten().map(|staff| staff.actor().as_str().to_owned());
        staff.or_else(|| self.token_holder(request).ok().flatten().map(|visitor| format!("customer:{visitor}")))
    }

    /// Whether a visitor's token came, good or over, and none of staff's.
    pub(crate) fn is_visitor(&self, headers: &HeaderMap) -> bool {
        matches!(self.presented(headers), Ok(Some(_)))
    }

    /// The owner of the session of this name, where a name alone opens it (`compat_legacy_sessions`).
    pub(super) fn legacy_visitor(&self, name: &str) -> Option<VisitorId> {
        self.callers.visitors.by_legacy_name(name)
    }

    /// A new visitor, whose token goes out with the answer.
    pub(super) fn create_visitor(&self) -> VisitorId {
        let visitor = VisitorId(Uuid::new_v4());
        self.set_token(visitor, false);
        visitor
    }

    /// Lets the answer bring a new token for this visitor, whom the shop has named or not, in place of any other.
    pub(super) fn set_token(&self, visitor: VisitorId, named: bool) {
        let visitors = &self.callers.visitors;
        *self.issued.borrow_mut() = Some(visitors.tokens.issue(visitor, named, visitors.clock.now()));
    }

    /// The token that goes out with the answer, if there is one.
    pub(crate) fn take_issued(&self) -> Option<IssuedToken> {
        self.issued.take()
    }

    /// What the visitor's cookie is called.
    pub(crate) fn cookie_name(&self) -> &CookieName {
        &self.callers.visitors.cookie
    }

    /// The cookie of an earlier name by which the visitor was known, if it was.
    pub(crate) fn earlier_cookie(&self) -> Option<String> {
        let Some(Ok(Some(presented))) = self.visitor.get() else { return None };
        match presented.source {
            TokenSource::PlainCookie => Some(self.cookie_name().plain()),
            TokenSource::SharedCookie => Some(COOKIE.to_owned()),
            TokenSource::Bearer | TokenSource::OwnCookie => None,
        }
    }
}

/// The token of `Authorization: Bearer`.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
