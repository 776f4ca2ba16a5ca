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
    visitor::{CookieName, IssuedToken, PresentedToken, TokenSource, Visitors, signed_out},
};
use crate::{client_ip::Client, problem::Problem};

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

    /// The visitor whose token it is, if it has not left; a token that is old is renewed with the answer.
    ///
    /// # Errors
    /// A bearer token is not good, or its visitor has left, or nobody can tell at this moment.
    pub async fn visitor(&self, request: &HttpRequest) -> Result<Option<VisitorId>, Problem> {
        let Some(PresentedToken { visitor, is_old, source }) = self.presented(request.headers())? else {
            return Ok(None);
        };
        // The original's reads are GETs, and nothing that changes anything is.
        if self.callers.visitors.has_left(visitor, request.method().is_safe()).await? {
            return if source == TokenSource::Bearer { Err(signed_out()) } else { Ok(None) };
        }
        if is_old {
            self.set_token(visitor);
        }
        Ok(Some(visitor))
    }

    /// A bearer token wins over cookies and must be good; a cookie that is not is as none. A browser sends the cookie with
    /// whatever page's request; the middleware lets only those of known pages change something.
    fn presented(&self, headers: &HeaderMap) -> Result<Option<PresentedToken>, Problem> {
        let find = || {
            let (visitors, now) = (&self.callers.visitors, self.callers.visitors.clock.now());
            match bearer(headers) {
                Some(token) => visitors.by_bearer(token, now).map(Some),
                None => Ok(visitors.by_cookies(headers, now)),
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
        self.set_token(visitor);
        visitor
    }

    /// Lets the answer bring a new token for this visitor, in place of any other.
    pub(super) fn set_token(&self, visitor: VisitorId) {
        let visitors = &self.callers.visitors;
        *self.issued.borrow_mut() = Some(visitors.tokens.issue(visitor, visitors.clock.now()));
    }

    /// The token that goes out with the answer, if there is one.
    pub(crate) fn take_issued(&self) -> Option<IssuedToken> {
        self.issued.take()
    }

    /// What the visitor's cookie is called.
    pub(crate) fn cookie_name(&self) -> &CookieName {
        &self.callers.visitors.cookie
    }

    /// Whether the visitor was known by the cookie that all desks of a host once shared.
    pub(crate) fn came_by_shared_cookie(&self) -> bool {
        matches!(self.visitor.get(), Some(Ok(Some(PresentedToken { source: TokenSource::SharedCookie, .. }))))
    }
}

/// The token of `Authorization: Bearer`.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
