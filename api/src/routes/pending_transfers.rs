//! `GET /api/transfer-requests/pending`: what one is asked to take.

use actix_web::{HttpResponse, web::Data};
use domain::{SessionId, session::event::TransferTarget};
use event_store::event::time_text;
use projections::{Audience, TransferView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{acting::Acting, min_position::CaughtUpViews};
use crate::{
    auth::require::{Require, SessionWrite},
    problem::Problem,
    settings::Settings,
    wire::People,
};

/// Transfers that wait for the caller's answer.
#[derive(Serialize, ToSchema)]
pub struct PendingTransfersAnswer {
    success: bool,
    data: Vec<PendingTransfer>,
    /// How far the views had read the log.
    position: u64,
}

/// Somebody asks the caller, or one of the caller's groups, to take a session.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedTransfer)]
pub struct PendingTransfer {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "uuid")]
    session_id: String,
    /// What the client calls it; null once erased.
    session_name: Option<String>,
    /// The user name of who asks.
    from_agent_id: String,
    #[schema(format = "uuid")]
    from_agent_uuid: String,
    /// Null once erased.
    from_agent_name: Option<String>,
    /// The group that is asked; null where the caller is.
    #[schema(required = true)]
    to_group: Option<String>,
    /// Null where nobody said, and once erased.
    reason: Option<String>,
    /// RFC 3339: without an answer by then it is over.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Lists what the caller is asked to take, the first to expire first.
///
/// Transfers to the caller or to a group that the caller belongs to. No event is recorded.
///
/// # Errors
/// The caller may not, or log or views are away.
#[utoipa::path(
    get, path = "/api/transfer-requests/pending", operation_id = "list_pending_transfers", tag = "hand-off",
    security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = PendingTransfersAnswer),
    )
)]
pub async fn list(
    caller: Require<SessionWrite>,
    app: Acting,
    views: CaughtUpViews,
    settings: Data<Settings>,
) -> Result<HttpResponse, Problem> {
    let (own, now) = (caller.staff.agent, app.staff.clock.now());
    let groups = app.groups_of(own).await?;
    let mut reading = views.reading().await?;
    let asked = |transfer: &TransferView| match &transfer.to {
        TransferTarget::Agent(agent) => *agent == own,
        TransferTarget::Group(group) => transfer.from != own && groups.contains(group),
    };
    let open = reading.open_transfers().await?.into_iter();
    let open: Vec<_> = open.filter(|(_, transfer)| transfer.expires_at > now && asked(transfer)).collect();
    let senders = open.iter().map(|(_, transfer)| transfer.from);
    let people = People::read(&mut reading, senders, Audience::Staff, &settings.time_zone).await?;
    let mut data = Vec::with_capacity(open.len());
    for (session, transfer) in open {
        let session_name = reading.session(session).await?.and_then(|view| view.name);
        data.push(PendingTransfer::new(session, session_name, transfer, &people));
    }
    Ok(HttpResponse::Ok().json(PendingTransfersAnswer { success: true, data, position: reading.position().0 }))
}

impl PendingTransfer {
    fn new(session: SessionId, session_name: Option<String>, transfer: TransferView, people: &People) -> Self {
        let to_group = match transfer.to {
            TransferTarget::Agent(_) => None,
            TransferTarget::Group(group) => Some(group.as_str().to_owned()),
        };
        Self {
            id: transfer.transfer.to_string(),
            session_id: session.to_string(),
            session_name,
            from_agent_id: people.id(transfer.from),
            from_agent_uuid: transfer.from.to_string(),
            from_agent_name: people.name(transfer.from),
            to_group,
            reason: transfer.reason,
            expires_at: time_text(transfer.expires_at),
        }
    }
}
