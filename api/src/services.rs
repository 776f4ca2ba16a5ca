//! The services that routes ask for. Start-up fills the struct, and it registers each service by itself: a handler takes those
//! that it needs as arguments, and sees nothing of the rest.

use std::{sync::Arc, time::Instant};

use actix_web::web::{Data, ServiceConfig};
use commands::{AccessLog, Customers, LiveReplies, Node, PublishedSettings, Sessions, SettingsInForce};
use event_store::{Clock, EventReader, Identity, Log, checkpoint};
use jiff::Timestamp;
use journal::Tail;
use projections::Views;
use tokio::sync::watch;

use crate::{
    auth::{
        caller::Callers, identity::IdentityTokens, staff_directory::StaffDirectory, staff_services::StaffServices,
        visitor::Visitors,
    },
    settings::Settings,
    staff_frames::StaffFrames,
    supervision::Supervisor,
    visitor_revocation::VisitorRevocation,
};

/// Everything a route may use.
pub struct Services {
    /// The use cases of sessions.
    pub sessions: Arc<Sessions>,
    /// The use cases of customers.
    pub customers: Arc<Customers>,
    /// The use cases of what the shop publishes.
    pub published: Arc<PublishedSettings>,
    /// Which of it is in force.
    pub in_force: Arc<SettingsInForce>,
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
    /// When it was started.
    pub started: Started,
    /// What follows the log.
    pub supervisor: Arc<Supervisor>,
    /// Which log this is.
    pub identity: Identity,
    /// How the signing of checkpoints goes.
    pub checkpoints: watch::Receiver<checkpoint::Status>,
    /// Visitors and their tokens.
    pub visitors: Arc<Visitors>,
    /// Staff's accounts, and what signs them in.
    pub staff: Arc<StaffServices>,
    /// What staff has looked at.
    pub access_log: AccessLog,
    /// Who of staff may come in.
    pub directory: Arc<StaffDirectory>,
    /// Customers whom the shop names.
    pub identity_tokens: Arc<IdentityTokens>,
    /// Visitors who leave.
    pub revocation: Arc<VisitorRevocation>,
    /// The newest events as staff sees them.
    pub staff_frames: StaffFrames,
    /// The time that decides.
    pub clock: Arc<dyn Clock>,
    /// What was set.
    pub settings: Arc<Settings>,
    /// Turns true when the process is about to end: streams end then, and are told to come back.
    pub stopping: watch::Receiver<bool>,
}

/// The moment at which the process was started.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// By the clock.
    pub at: Timestamp,
    /// For measuring: clocks are set.
    pub instant: Instant,
}

impl Started {
    /// This moment.
    #[must_use]
    pub fn now(clock: &dyn Clock) -> Self {
        Self { at: clock.now(), instant: Instant::now() }
    }
}

impl Services {
    /// Registers each service for handlers to ask for.
    pub fn register(self: &Arc<Self>, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(self.clone()))
            .app_data(Data::from(self.sessions.clone()))
            .app_data(Data::from(self.customers.clone()))
            .app_data(Data::from(self.published.clone()))
            .app_data(Data::from(self.in_force.clone()))
            .app_data(Data::from(self.views.clone()))
            .app_data(Data::from(self.visitors.clone()))
            .app_data(Data::from(self.staff.clone()))
            .app_data(Data::from(self.identity_tokens.clone()))
            .app_data(Data::from(self.clock.clone()))
            .app_data(Data::from(self.settings.clone()))
            .app_data(Data::from(self.log.reader()));
    }

    /// What callers are known by.
    #[must_use]
    pub fn callers(&self) -> Callers {
        Callers { visitors: self.visitors.clone(), staff: self.staff.clone() }
    }

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
