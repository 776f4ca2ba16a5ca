//! One assistant behind its breaker, its places and its time-outs.
//!
//! Invariant: every question that passes the breaker says to it how it ended, also when nobody waits for the answer any more.

use std::{sync::Arc, time::Duration};

use async_stream::stream;
use domain::{budget::Price, session::event::FailureCode};
use event_store::{Clock, SystemClock};
use futures::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::{
    BreakerState, BudgetThen, Budgets, Limits, Measured, Occupancy, breaker::Breaker, meter::Meter, places::Places,
};
use crate::assistant::{Answering, Assistant, AssistantError, Piece, Question};

/// An assistant with what keeps its faults from others.
pub struct Guarded {
    assistant: Arc<dyn Assistant>,
    limits: Limits,
    price: Option<Price>,
    budgets: Option<Arc<Budgets>>,
    places: Places,
    breaker: Breaker,
    meter: Meter,
    clock: Arc<dyn Clock>,
}

impl Guarded {
    /// Asks this assistant within these limits; with a price its answers cost something.
    #[must_use]
    pub fn new(assistant: Arc<dyn Assistant>, limits: Limits, price: Option<Price>) -> Self {
        let places = Places::new(limits.at_once, limits.queue, limits.queue_time);
        let (breaker, meter) = (Breaker::default(), Meter::default());
        Self { assistant, limits, price, budgets: None, places, breaker, meter, clock: SystemClock::shared() }
    }

    /// The same, with failures noted by this clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same, within the budgets of the day.
    #[must_use]
    pub fn within(self, budgets: Arc<Budgets>) -> Self {
        Self { budgets: Some(budgets), ..self }
    }

    /// The name that events carry.
    #[must_use]
    pub fn name(&self) -> &str {
        self.assistant.name()
    }

    /// What it is held to.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What its tokens cost.
    #[must_use]
    pub fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    /// What its breaker lets through.
    #[must_use]
    pub fn breaker(&self) -> BreakerState {
        self.breaker.state(Instant::now())
    }

    /// How full it is.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        self.places.occupancy()
    }

    /// What was measured of it.
    #[must_use]
    pub fn measured(&self) -> Measured {
        self.meter.measured()
    }

    /// Whether a question would be taken now.
    #[must_use]
    pub fn takes_questions(&self) -> bool {
        let is_set_aside = matches!(self.spent(), Some(BudgetThen::Next));
        !is_set_aside && self.breaker.is_passable(Instant::now()) && self.places.has_room()
    }

    /// What is to happen where its budget of the day is spent.
    fn spent(&self) -> Option<BudgetThen> {
        self.budgets.as_ref()?.spent(self.name())
    }

    /// Asks it. Every end but a whole answer is an error; it is not retryable where the next assistant should be asked.
    #[must_use]
    pub fn answer(self: &Arc<Self>, question: Question) -> Answering {
        let this = self.clone();
        Box::pin(stream! {
            if let Some(then) = this.spent() {
                yield then.instead();
                return;
            }
            let Some(_place) = this.places.take().await else {
                yield Err(busy("all places are taken"));
                return;
            };
            if !this.breaker.pass(Instant::now()) {
                yield Err(busy("the breaker is open"));
                return;
            }
            let mut trial = Trial { guarded: &this, is_recorded: false };
            let began = Instant::now();
            let end = began + this.limits.total;
            let mut pieces = this.assistant.answer(question);
            let mut patience = this.limits.first_piece;
            loop {
                let next = timeout_at(end.min(Instant::now() + patience), pieces.next()).await;
                let piece = match next {
                    Err(_elapsed) => Err(AssistantError::new(FailureCode::TimedOut, "")),
                    Ok(None) => Err(AssistantError::new(FailureCode::Malformed, "the answer broke off")),
                    Ok(Some(piece)) => piece,
                };
                match &piece {
                    Ok(Piece::Asked(_)) => {}
                    Ok(Piece::Text(_)) => patience = this.limits.idle,
                    Ok(Piece::Done(_)) => trial.answered(began.elapsed()),
                    Err(error) => trial.failed(error),
                }
                let is_over = matches!(piece, Ok(Piece::Done(_)) | Err(_));
                yield piece;
                if is_over {
                    return;
                }
            }
        })
    }
}

fn busy(why: &str) -> AssistantError {
    AssistantError::new(FailureCode::Unavailable, why).retryable(false).error_code(Some("busy".to_owned()))
}

/// A question on its way.
struct Trial<'a> {
    guarded: &'a Guarded,
    is_recorded: bool,
}

impl Trial<'_> {
    fn answered(&mut self, after: Duration) {
        self.is_recorded = true;
        self.guarded.breaker.note(Instant::now(), true);
        self.guarded.meter.answered(after);
    }

    fn failed(&mut self, error: &AssistantError) {
        self.is_recorded = true;
        self.guarded.meter.failed(self.guarded.clock.now(), error);
        // A question that it does not take says nothing of how it is.
        self.guarded.breaker.note(Instant::now(), error.code == FailureCode::Rejected);
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.guarded.breaker.forget(Instant::now());
        }
    }
}
