//! Sends a mail and records in its session what became of it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::session::Command;
use event_store::{Actor, Clock};
use jiff::tz::TimeZone;
use serde::Deserialize as _;

use super::{
    super::{
        manager::Item,
        outbox::{Delivery, DeliveryError},
    },
    ATTEMPTS, MAIL, OpenMail,
    gathering::{Gathered, gather},
    outcomes::{LastFailure, OutcomesHandle},
};
use crate::{
    error::CommandError,
    event_id::CommandId,
    executor::CommandMetadata,
    mailer::{MailError, Mailer},
    sessions::Sessions,
};

/// After the first and the second attempt; what does not pass in a minute takes an operator.
const FIRST_DELAYS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];
/// After those that follow.
const HOURLY: Duration = Duration::from_secs(3600);

/// Sends mails.
pub struct MailDelivery {
    sessions: Arc<Sessions>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    /// The team's.
    zone: TimeZone,
    outcomes: OutcomesHandle,
}

impl MailDelivery {
    /// Sends mails about these sessions; times are the team's, in this zone.
    #[must_use]
    pub fn new(
        sessions: Arc<Sessions>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        zone: TimeZone,
        outcomes: OutcomesHandle,
    ) -> Self {
        Self { sessions, mailer, clock, zone, outcomes }
    }

    async fn send(&self, open: OpenMail) -> Result<Sending, DeliveryError> {
        match gather(&self.sessions, open.session, open.mail, &self.clock.now().to_zoned(self.zone.clone())).await {
            Ok(Gathered::Open(mail)) => Ok(Sending::Tried(self.mailer.send(&mail).await)),
            Ok(Gathered::Over) => Ok(Sending::Over),
            Err(error) => Err(not_now("unreadable", &error)),
        }
    }

    async fn record(&self, open: OpenMail, command: Command) -> Result<(), DeliveryError> {
        let metadata = CommandMetadata {
            actor: Actor::new("policy", MAIL),
            correlation_id: open.mail.0,
            causation_id: None,
            id: CommandId::caused(self.sessions.log_id(), MAIL, open.mail.0, "outcome"),
        };
        match self.sessions.execute(open.session, &metadata, command).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_passing() || error.is_unreadable() => Err(not_now("not_recorded", &error)),
            Err(refused) => {
                let error = &refused as &dyn std::error::Error;
                tracing::debug!(mail.id = %open.mail, error, "what became of a mail was refused");
                Ok(())
            }
        }
    }

    async fn give_up(&self, open: OpenMail, attempts: u32, error: MailError) -> Result<(), DeliveryError> {
        let MailError { failure, code, .. } = error;
        let command = Command::RecordMail { mail: open.mail, attempts, failure: Some(failure) };
        self.record(open, command).await?;
        self.outcomes.failed(LastFailure { mail: open.mail, code: code.to_string(), at: self.clock.now() });
        Err(DeliveryError::Permanent { reason: code.into_owned() })
    }
}

enum Sending {
    /// It is recorded what became of it.
    Over,
    Tried(Result<(), MailError>),
}

#[async_trait]
impl Delivery for MailDelivery {
    fn kind(&self) -> &str {
        MAIL
    }

    async fn deliver(&self, item: &Item, attempt: u32) -> Result<(), DeliveryError> {
        let Ok(open) = OpenMail::deserialize(&item.payload) else {
            return Err(DeliveryError::Permanent { reason: "malformed".to_owned() });
        };
        match self.send(open).await? {
            Sending::Over => Ok(()),
            Sending::Tried(Ok(())) => {
                self.record(open, Command::RecordMail { mail: open.mail, attempts: attempt, failure: None }).await?;
                self.outcomes.sent();
                Ok(())
            }
            Sending::Tried(Err(error)) if error.is_passing && attempt < ATTEMPTS => {
                Err(DeliveryError::Retry { reason: error.code.into_owned() })
            }
            Sending::Tried(Err(error)) => self.give_up(open, attempt, error).await,
        }
    }

    fn delay(&self, attempt: u32) -> Duration {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        FIRST_DELAYS.get(index).copied().unwrap_or(HOURLY)
    }
}

/// The log is away, or the session's history cannot be read until an operator has looked: the mail waits.
fn not_now(code: &str, error: &CommandError) -> DeliveryError {
    tracing::debug!(code, error = error as &dyn std::error::Error, "a mail waits for the log");
    DeliveryError::Retry { reason: code.to_owned() }
}
