//! The view of sessions: one row per session with everything the original's `SessionState` has, except the messages.
//!
//! Invariants: the row's status is the one that the domain's fold gives (a property test); an escalation is gone as soon as
//! the session is released, cancelled or closed; a wait is counted only while the session waits, and from the first time where
//! it comes back to the queue.

mod fold;
mod hand_off;
mod rating;
mod row;
mod view;

use domain::SessionId;
use event_store::sql::SqlError;

use crate::{error::ViewsError, reading::Reading, rows, views::Views};
pub use fold::SessionsProjection;
pub use hand_off::{MailStatus, MailView, OfferView, TransferView};
pub use rating::RatingView;
pub(crate) use rating::score;
pub use view::{EscalationView, SessionView};

const BY_ID: &str = include_str!("sql/session_by_id.sql");
const BY_NAME: &str = "select id from session where name = $1 order by created_at, id";

const OFFERS: &str = "select id, offer, offer_agent, offer_expires_at from session
    where offer is not null order by offer_expires_at, id";
const TRANSFERS: &str = "select id, transfer, transfer_from, transfer_to_agent, transfer_to_group, transfer_expires_at,
    transfer_reason from session where transfer is not null order by transfer_expires_at, id";

impl Reading {
    /// All offers that wait for an answer, the first to expire first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn open_offers(&mut self) -> Result<Vec<(SessionId, OfferView)>, ViewsError> {
        let rows = self.rows.fetch(OFFERS, &[]).await?;
        let offers = rows.iter().map(|row| Ok(OfferView::from_row(row, 1)?.zip(Some(rows::id(row, 0)?))));
        let offers: Vec<_> = offers.collect::<Result<_, SqlError>>()?;
        Ok(offers.into_iter().flatten().map(|(offer, session)| (session, offer)).collect())
    }

    /// All transfers that wait for an answer, the first to expire first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn open_transfers(&mut self) -> Result<Vec<(SessionId, TransferView)>, ViewsError> {
        let rows = self.rows.fetch(TRANSFERS, &[]).await?;
        let transfers = rows.iter().map(|row| Ok(TransferView::from_row(row, 1)?.zip(Some(rows::id(row, 0)?))));
        let transfers: Vec<_> = transfers.collect::<Result<_, SqlError>>()?;
        Ok(transfers.into_iter().flatten().map(|(transfer, session)| (session, transfer)).collect())
    }

    /// A session by id.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&mut self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        let rows = self.rows.fetch(BY_ID, &[(&*session.to_string()).into()]).await?;
        Ok(rows.first().map(SessionView::from_row).transpose()?)
    }
}

impl Views {
    /// [`Reading::session`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        self.reading().await?.session(session).await
    }

    /// The sessions with exactly this name, oldest first: names are unique per visitor only.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn find_by_name(&self, name: &str) -> Result<Vec<SessionId>, ViewsError> {
        let rows = self.database().fetch(BY_NAME, &[name.into()]).await?;
        Ok(rows.iter().map(|row| rows::id(row, 0)).collect::<Result<_, _>>()?)
    }
}
