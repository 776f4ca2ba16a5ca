//! What is pending between a session and the people who answer: the newest mail, an offer, a transfer.
//!
//! Invariant: a row that holds a part of one of them, and not all of it, is malformed.

use std::fmt;

use domain::{
    AgentId, MailId, OfferId, TransferId,
    session::event::{MailFailure, OfferMade, ProfileChanged, TransferRequested, TransferTarget},
};
use event_store::sql::{Row, SqlError, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::view::SessionView;
use crate::rows;

/// The newest mail about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailView {
    /// Its id.
    pub mail: MailId,
    /// What became of it.
    pub status: MailStatus,
    /// When that was.
    pub at: Timestamp,
    /// Why it was given up.
    pub failure: Option<MailFailure>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// It is under way.
    Requested,
    /// The mail server took it.
    Sent,
    /// It was given up.
    Failed,
}

/// An offer that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferView {
    /// Its id.
    pub offer: OfferId,
    /// To whom it was made.
    pub agent: AgentId,
    /// Without an answer by then it is over.
    pub expires_at: Timestamp,
}

/// A transfer that waits for an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct TransferView {
    /// Its id.
    pub transfer: TransferId,
    /// Who has the session.
    pub from: AgentId,
    /// Who was asked.
    pub to: TransferTarget,
    /// Without an answer by then it is over.
    pub expires_at: Timestamp,
    /// Why, for staff; `None` where nobody said, and once erased.
    pub reason: Option<String>,
}

impl fmt::Debug for TransferView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferView").field("transfer", &self.transfer).field("to", &self.to).finish_non_exhaustive()
    }
}

impl MailStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Sent, Self::Failed];
}

impl SessionView {
    pub(super) fn note_contact(&mut self, changed: &ProfileChanged) {
        self.has_email = true;
        self.email = changed.contact.known().map(|contact| contact.email.as_str().to_owned());
    }

    /// Of a mail before the newest one nothing is kept.
    pub(super) fn note_mail(&mut self, mail: MailId, status: MailStatus, failure: Option<MailFailure>) {
        if status == MailStatus::Requested || self.mail.is_some_and(|newest| newest.mail == mail) {
            self.mail = Some(MailView { mail, status, at: self.updated_at, failure });
        }
    }
}

impl TransferView {
    pub(super) fn of(requested: &TransferRequested) -> Self {
        let reason = requested.remark.known().and_then(|remark| remark.reason.as_ref());
        Self {
            transfer: requested.transfer,
            from: requested.from,
            to: requested.to.clone(),
            expires_at: requested.expires_at,
            reason: reason.map(|reason| reason.as_str().to_owned()),
        }
    }

    /// The columns from this one on.
    pub(super) fn from_row(row: &Row, first: usize) -> Result<Option<Self>, SqlError> {
        let (transfer, from) = (rows::optional_id(row, first)?, rows::optional_id(row, first + 1)?);
        let to = (rows::optional_id(row, first + 2)?, rows::optional_coded(row, first + 3)?);
        let to = match to {
            (Some(agent), None) => Some(TransferTarget::Agent(agent)),
            (None, Some(group)) => Some(TransferTarget::Group(group)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(rows::malformed("a transfer to an agent and to a group")),
        };
        let (expires_at, reason) = (rows::optional_time(row, first + 4)?, row.optional_text(first + 5)?);
        match (transfer, from, to, expires_at, reason) {
            (None, None, None, None, None) => Ok(None),
            (Some(transfer), Some(from), Some(to), Some(expires_at), reason) => {
                Ok(Some(Self { transfer, from, to, expires_at, reason }))
            }
            _not_all_of_one => Err(rows::malformed("a part of a transfer")),
        }
    }
}

impl OfferView {
    pub(super) fn of(made: &OfferMade) -> Self {
        Self { offer: made.offer, agent: made.agent, expires_at: made.expires_at }
    }

    /// The columns from this one on.
    pub(super) fn from_row(row: &Row, first: usize) -> Result<Option<Self>, SqlError> {
        let (offer, agent) = (rows::optional_id(row, first)?, rows::optional_id(row, first + 1)?);
        match (offer, agent, rows::optional_time(row, first + 2)?) {
            (None, None, None) => Ok(None),
            (Some(offer), Some(agent), Some(expires_at)) => Ok(Some(Self { offer, agent, expires_at })),
            _not_all_of_one => Err(rows::malformed("a part of an offer")),
        }
    }
}

impl MailView {
    /// The columns from this one on.
    pub(super) fn from_row(row: &Row, first: usize) -> Result<Option<Self>, SqlError> {
        let (mail, status) = (rows::optional_id(row, first)?, rows::optional_coded(row, first + 1)?);
        let (at, failure) = (rows::optional_time(row, first + 2)?, rows::optional_coded(row, first + 3)?);
        match (mail, status, at, failure) {
            (None, None, None, None) => Ok(None),
            (Some(mail), Some(status), Some(at), failure) => Ok(Some(Self { mail, status, at, failure })),
            _not_all_of_one => Err(rows::malformed("a part of a mail")),
        }
    }
}

/// The columns that are stored as texts, for the statement's values to borrow.
pub(super) struct HandOffTexts {
    mail: Option<[String; 2]>,
    mail_failure: Option<String>,
    offer: Option<[String; 2]>,
    transfer: Option<[String; 2]>,
    to_agent: Option<String>,
}

impl HandOffTexts {
    pub(super) fn of(session: &SessionView) -> Self {
        let to_agent = session.transfer.as_ref().and_then(|transfer| match &transfer.to {
            TransferTarget::Agent(agent) => Some(agent.to_string()),
            TransferTarget::Group(_) => None,
        });
        let transfer = session.transfer.as_ref();
        Self {
            mail: session.mail.map(|mail| [mail.mail.to_string(), rows::code(&mail.status)]),
            mail_failure: session.mail.and_then(|mail| mail.failure).map(|failure| rows::code(&failure)),
            offer: session.offer.map(|offer| [offer.offer.to_string(), offer.agent.to_string()]),
            transfer: transfer.map(|transfer| [transfer.transfer.to_string(), transfer.from.to_string()]),
            to_agent,
        }
    }

    /// In the order of `sql/session_insert.sql`, from `mail` on.
    pub(super) fn values<'a>(&'a self, session: &'a SessionView) -> Vec<Value<'a>> {
        let transfer = session.transfer.as_ref();
        let group = transfer.and_then(|transfer| match &transfer.to {
            TransferTarget::Group(group) => Some(group.as_str()),
            TransferTarget::Agent(_) => None,
        });
        vec![
            of(self.mail.as_ref(), 0),
            of(self.mail.as_ref(), 1),
            us(session.mail.map(|mail| mail.at)),
            self.mail_failure.as_deref().into(),
            session.has_email.into(),
            session.email.as_deref().into(),
            of(self.offer.as_ref(), 0),
            of(self.offer.as_ref(), 1),
            us(session.offer.map(|offer| offer.expires_at)),
            of(self.transfer.as_ref(), 0),
            of(self.transfer.as_ref(), 1),
            self.to_agent.as_deref().into(),
            group.into(),
            us(transfer.map(|transfer| transfer.expires_at)),
            transfer.and_then(|transfer| transfer.reason.as_deref()).into(),
        ]
    }
}

fn of(texts: Option<&[String; 2]>, which: usize) -> Value<'_> {
    texts.map(|texts| &*texts[which]).into()
}

/// A time as it is stored.
pub(super) fn us(time: Option<Timestamp>) -> Value<'static> {
    Value::Int(time.map(Timestamp::as_microsecond))
}
