//! The services that routes ask for. Start-up fills the struct, and it registers each service by itself: a handler takes those
//! that it needs as arguments, or in a struct of `requested_services` where they are many, and sees nothing of the rest.

use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpRequest,
    web::{Data, ServiceConfig},
};
use commands::{
    AccessLog, Customers, Ephemeral, Node, PublishedSettings, QuickReplies, Rules, Sessions, SettingsInForce,
    Workspace,
    assistants::{Assistants, Budgets},
    process::OutcomesHandle,
};
use event_store::{Clock, Identity, Log, checkpoint};
use integrations::Faq;
use jiff::Timestamp;
use journal::Tail;
use projections::Views;
use tokio::sync::watch;

use crate::{
    agent_names::NameLookup,
    auth::{
        caller::Callers, identity::IdentityTokens, staff_directory::StaffDirectory, staff_services::StaffServices,
        visitor::Visitors,
    },
    metrics::Metrics,
    queue_places::QueuePlaces,
    routes::{background_work::BackgroundWork, tokens::CozeTokens},
    session_owners::SessionOwners,
    settings::Settings,
    staff_frames::StaffFrames,
    supervision::{Stopping, Supervisor},
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
    /// The use cases of quick replies.
    pub quick_replies: Arc<QuickReplies>,
    /// What agents were about to write, and how far they have read.
    pub workspace: Arc<Workspace>,
    /// Where sessions stand that wait for a person.
    pub queue_places: Arc<QueuePlaces>,
    /// Which of it is in force.
    pub in_force: Arc<SettingsInForce>,
    /// The log, for streams that open personal parts.
    pub log: Log,
    /// The log's tail.
    pub tail: Arc<Tail>,
    /// The read side.
    pub views: Arc<Views>,
    /// Whom this node asks for answers.
    pub assistants: Arc<Assistants>,
    /// Coze's tokens, where it is one of them.
    pub coze_tokens: Arc<CozeTokens>,
    /// Who types, who looks, and answers in the making.
    pub ephemeral: Arc<Ephemeral>,
    /// The policy and the calendars in force.
    pub rules: Arc<Rules>,
    /// What is left to assistants today.
    pub budgets: Arc<Budgets>,
    /// This process.
    pub node: Node,
    /// When it was started.
    pub started: Started,
    /// What is counted of it.
    pub metrics: Arc<Metrics>,
    /// What process managers keep, for metrics.
    pub background: Arc<BackgroundWork>,
    /// What follows the log.
    pub supervisor: Arc<Supervisor>,
    /// Which log this is.
    pub identity: Identity,
    /// How the signing of checkpoints goes.
    pub checkpoints: watch::Receiver<checkpoint::Status>,
    /// What became of mails.
    pub mail_outcomes: OutcomesHandle,
    /// What the shop answers from.
    pub faq: Arc<Faq>,
    /// Visitors and their tokens.
    pub visitors: Arc<Visitors>,
    /// Staff's accounts, and what signs them in.
    pub staff: Arc<StaffServices>,
    /// What staff has looked at.
    pub access_log: Arc<AccessLog>,
    /// Who of staff may come in.
    pub directory: Arc<StaffDirectory>,
    /// What agents are called.
    pub agent_names: Arc<NameLookup>,
    /// Customers whom the shop names.
    pub identity_tokens: Arc<IdentityTokens>,
    /// Who has which session.
    pub session_owners: Arc<SessionOwners>,
    /// Visitors who leave.
    pub revocation: Arc<VisitorRevocation>,
    /// The newest events as staff sees them.
    pub staff_frames: Arc<StaffFrames>,
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
    pub fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(self.sessions.clone()))
            .app_data(Data::from(self.customers.clone()))
            .app_data(Data::from(self.published.clone()))
            .app_data(Data::from(self.quick_replies.clone()))
            .app_data(Data::from(self.workspace.clone()))
            .app_data(Data::from(self.queue_places.clone()))
            .app_data(Data::from(self.in_force.clone()))
            .app_data(Data::from(self.views.clone()))
            .app_data(Data::from(self.visitors.clone()))
            .app_data(Data::from(self.staff.clone()))
            .app_data(Data::from(self.identity_tokens.clone()))
            .app_data(Data::from(self.clock.clone()))
            .app_data(Data::from(self.settings.clone()))
            .app_data(Data::from(self.log.reader()))
            .app_data(Data::new(self.log.write_health().clone()))
            .app_data(Data::from(self.tail.clone()))
            .app_data(Data::from(self.assistants.clone()))
            .app_data(Data::from(self.coze_tokens.clone()))
            .app_data(Data::from(self.ephemeral.clone()))
            .app_data(Data::from(self.rules.clone()))
            .app_data(Data::from(self.budgets.clone()))
            .app_data(Data::from(self.supervisor.clone()))
            .app_data(Data::from(self.metrics.clone()))
            .app_data(Data::from(self.background.clone()))
            .app_data(Data::from(self.access_log.clone()))
            .app_data(Data::from(self.directory.clone()))
            .app_data(Data::from(self.agent_names.clone()))
            .app_data(Data::from(self.session_owners.clone()))
            .app_data(Data::from(self.revocation.clone()))
            .app_data(Data::from(self.staff_frames.clone()))
            .app_data(Data::from(self.faq.clone()))
            .app_data(Data::new(self.node.clone()))
            .app_data(Data::new(self.started))
            .app_data(Data::new(self.identity))
            .app_data(Data::new(self.checkpoints.clone()))
            .app_data(Data::new(self.mail_outcomes.clone()))
            .app_data(Data::new(Stopping::from(self.stopping.clone())));
    }

    /// What callers are known by.
    #[must_use]
    pub fn callers(&self) -> Callers {
        Callers { visitors: self.visitors.clone(), staff: self.staff.clone() }
    }
}

/// A service that was registered.
///
/// # Panics
/// It was not: every server of ours registers all of them.
#[must_use]
pub fn registered<T: ?Sized + 'static>(request: &HttpRequest) -> Arc<T> {
    request.app_data::<Data<T>>().expect("every server of ours registers its services").clone().into_inner()
}

/// Declares a handler's argument that holds several services, for handlers that need many or go on with them after the answer
/// has begun.
macro_rules! requested_services {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($field:ident: $service:ty,)* }) => {
        $(#[$meta])*
        $visibility struct $name {
            $($field: std::sync::Arc<$service>,)*
        }

        impl actix_web::FromRequest for $name {
            type Error = std::convert::Infallible;
            type Future = std::future::Ready<Result<Self, Self::Error>>;

            fn from_request(request: &actix_web::HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
                std::future::ready(Ok(Self { $($field: $crate::services::registered(request),)* }))
            }
        }
    };
}
pub(crate) use requested_services;
