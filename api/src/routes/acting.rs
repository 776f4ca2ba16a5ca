//! What the routes by which people act on sessions need alike: who acts, on which session, and the answer.
//!
//! Invariant: who acts comes from the token; an agent named in a body has to be that one.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode};
use commands::{
    CommandError, Sessions,
    sessions::{Author, Commanded, Request, StaffRequest},
};
use domain::{
    AgentId, SessionId, TransferId,
    agent::Permission,
    session::command,
    text::{SessionName, Skill},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    agents,
    idempotency::RequestKey,
    own_session::OwnSession,
    refused::{Wanted, refused},
    sessions::{SessionServices, no_session, state_after},
};
use crate::{
    agent_names::NameLookup,
    auth::{require::KnownVisitor, staff::Staff, staff_services::StaffServices},
    problem::Problem,
    request::request_id,
    services::registered,
    wire::SessionState,
};

/// The services by which people act on sessions.
pub struct Acting {
    pub(super) sessions: Arc<Sessions>,
    pub(super) names: Arc<NameLookup>,
    pub(super) staff: Arc<StaffServices>,
    pub(super) shown: SessionServices,
}

impl FromRequest for Acting {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let shown = SessionServices::from_request(request, payload).into_inner();
        ready(shown.map(|shown| Self {
            sessions: registered(request),
            names: registered(request),
            staff: registered(request),
            shown,
        }))
    }
}

/// A session as a command left it.
#[derive(Serialize, ToSchema)]
pub struct CommandAnswer {
    success: bool,
    data: SessionState,
    /// What was done, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What the caller should know of what was done all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// Where it is recorded.
    position: u64,
}

impl Acting {
    /// A member of staff's request about the session that it names by id or unique name.
    ///
    /// # Errors
    /// The session is not there, or the name is not unique.
    pub(super) async fn by_staff(
        &self,
        staff: &Staff,
        name: String,
        RequestKey(key): RequestKey,
    ) -> Result<StaffRequest, Problem> {
        let session = self.shown.named("name", name).await?;
        Ok(Request { session, by: acting(staff), key, correlation_id: request_id() })
    }

    /// A request of staff, or of the customer about its own session.
    ///
    /// # Errors
    /// The session is not there or not the caller's, or the name is not unique.
    pub(super) async fn by_either(
        &self,
        staff: Option<&Staff>,
        visitor: Result<KnownVisitor, Problem>,
        name: String,
        RequestKey(key): RequestKey,
    ) -> Result<Request, Problem> {
        let (session, by) = match staff {
            Some(staff) => (self.shown.named("name", name).await?, Author::Staff(acting(staff))),
            None => {
                let name = SessionName::parse(name).map_err(|error| Problem::invalid("name", error))?;
                let own = OwnSession::find(&self.sessions, &visitor?, name).await?.ok_or_else(no_session)?;
                (own.session, Author::Customer(own.visitor))
            }
        };
        Ok(Request { session, by, key, correlation_id: request_id() })
    }

    /// The account that a body names by user name or id.
    ///
    /// # Errors
    /// It cannot be the name of one.
    pub(super) fn agent(&self, field: &'static str, text: &str) -> Result<AgentId, Problem> {
        agents::named(&self.staff, text).map_err(|_| Problem::invalid(field, "must be a user name or id of an account"))
    }

    /// Refuses a body in which somebody else acts than by the token.
    ///
    /// # Errors
    /// It names another account.
    pub(super) fn is_own(&self, staff: &Staff, field: &'static str, named: Option<&str>) -> Result<(), Problem> {
        let Some(named) = named else { return Ok(()) };
        if self.agent(field, named)? == staff.agent {
            return Ok(());
        }
        let detail = format!("{field} is not the account that is signed in");
        Err(Problem::new(StatusCode::FORBIDDEN, "NOT_YOUR_ACCOUNT", detail).with("field", field))
    }

    /// The answer to a command.
    ///
    /// # Errors
    /// A rule said no, or log or views are away.
    pub(super) async fn answer(
        &self,
        staff: Option<&Staff>,
        wanted: Wanted,
        done: Result<Commanded, CommandError>,
        message: Option<String>,
    ) -> Result<HttpResponse, Problem> {
        let (data, done) = self.state(staff, wanted, done).await?;
        let (position, warning) = (done.position.0, None);
        Ok(HttpResponse::Ok().json(CommandAnswer { success: true, data, message, warning, position }))
    }

    /// The answer to a takeover: capacity binds offers alone, so whoever picks by hand has one more and is told.
    ///
    /// # Errors
    /// A rule said no, or log or views are away.
    pub(super) async fn answer_takeover(
        &self,
        staff: &Staff,
        done: Result<Commanded, CommandError>,
    ) -> Result<HttpResponse, Problem> {
        let (data, done) = self.state(Some(staff), Wanted::TakeOver, done).await?;
        let account = self.staff.accounts.current(staff.agent).await?;
        let capacity = account.state.account().map_or(0, |account| u64::from(account.capacity));
        let load = self.shown.views().reading().await?.load().await?;
        let live = load.get(&staff.agent).copied().unwrap_or_default();
        let warning = (live > capacity).then(|| format!("CAPACITY_EXCEEDED: {live} sessions, capacity {capacity}"));
        let (position, message) = (done.position.0, None);
        Ok(HttpResponse::Ok().json(CommandAnswer { success: true, data, message, warning, position }))
    }

    /// The session as a command left it.
    ///
    /// # Errors
    /// A rule said no, or log or views are away.
    pub(super) async fn state(
        &self,
        staff: Option<&Staff>,
        wanted: Wanted,
        done: Result<Commanded, CommandError>,
    ) -> Result<(SessionState, Commanded), Problem> {
        let done = match done {
            Ok(done) => done,
            Err(error) => return Err(refused(&self.names, wanted, error).await),
        };
        let state = state_after(&self.shown, done.session, staff, done.position, done.is_repeat).await?;
        Ok((state, done))
    }
}

impl Acting {
    /// The groups of an account.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) async fn groups_of(&self, agent: AgentId) -> Result<Vec<Skill>, Problem> {
        let found = self.staff.accounts.current(agent).await?;
        Ok(found.state.account().map(|account| account.skills.clone()).unwrap_or_default())
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.staff.clock.now()
    }

    /// When a transfer that is asked for now is over without an answer.
    pub(super) fn transfers_expire_at(&self) -> Timestamp {
        self.now().checked_add(self.shown.settings().transfer_seconds).unwrap_or(Timestamp::MAX)
    }

    /// The session that a transfer is about, also where it is over; where the log does not find events by their ids alone, only
    /// while it waits.
    ///
    /// # Errors
    /// Log or views are away.
    pub(super) async fn session_of(&self, transfer: TransferId) -> Result<Option<SessionId>, Problem> {
        if let Some(session) = self.sessions.session_of_transfer(transfer).await? {
            return Ok(Some(session));
        }
        let open = self.shown.views().reading().await?.open_transfers().await?;
        Ok(open.into_iter().find(|(_, open)| open.transfer == transfer).map(|(session, _)| session))
    }
}

/// Staff as the rules know it.
pub(super) fn acting(staff: &Staff) -> command::Staff {
    command::Staff { agent: staff.agent, is_supervisor: staff.may(Permission::SessionSupervise) }
}
