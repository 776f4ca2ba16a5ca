//! What the routes share.

use std::sync::Arc;

use commands::{AccessLog, Accounts, Customers, LiveReplies, LoginThrottle, Node, Sessions};
use event_store::{EventReader, Identity, Log, checkpoint};
use journal::Tail;
use projections::Views;
use tokio::sync::watch;

use crate::{
    departures::Departures,
    settings::Settings,
    sign_in::{
        access::StaffAccess, identity::IdentityTokens, passwords::Passwords, staff_tokens::StaffTokens,
        visitor::VisitorTokens,
    },
    staff_frames::StaffFrames,
};

/// Everything a route may use.
pub struct App {
    /// The use cases of sessions.
    pub sessions: Arc<Sessions>,
    /// The use cases of customers.
    pub customers: Arc<Customers>,
    /// The log, for streams that open personal parts.
    pub log: Log,
    /// The log's tail.
    pub tail: Arc<Tail>,
    /// The read side.
    pub views: Arc<Views>,
    /// Answers in the making.
    pub live: Arc<dyn LiveReplies>,
    /// This process.
    pub node: Node,
    /// Which log this is.
    pub identity: Identity,
    /// How the signing of checkpoints goes.
    pub checkpoints: watch::Receiver<checkpoint::Status>,
    /// Visitors.
    pub visitor_tokens: VisitorTokens,
    /// The use cases of staff accounts.
    pub accounts: Arc<Accounts>,
    /// What staff has looked at.
    pub access_log: AccessLog,
    /// Who of staff may come in.
    pub access: Arc<StaffAccess>,
    /// Customers whom the shop names.
    pub identity_tokens: IdentityTokens,
    /// Visitors who leave.
    pub departures: Departures,
    /// Staff.
    pub staff_tokens: StaffTokens,
    /// How passwords are checked.
    pub passwords: Passwords,
    /// Who could not sign in.
    pub failures: LoginThrottle,
    /// The newest events as staff sees them.
    pub staff_frames: StaffFrames,
    /// What was set.
    pub settings: Settings,
    /// Turns true when the process is about to end: streams end then, and are told to come back.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// The log's reading half.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn EventReader> {
        self.log.reader()
    }

    /// Returns when the process is about to end.
    pub async fn until_stopping(&self) {
        let mut stopping = self.stopping.clone();
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
