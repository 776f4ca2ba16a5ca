//! The one loop: it keeps the serving generation at the head of the log and, while a next one is being built, feeds that as
//! well, until readers can go over to it.
//!
//! A next generation comes from a new version of the program, from `desk-replay rebuild`, or from another node that has
//! gone over already. Invariants: the serving generation is fed first; a building batch is short, so it never waits long.

mod building;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use building::{Building, next_of};

use crate::{
    generation::{Chosen, load_own},
    projection::{Batch, Projection, Trouble},
    views::{Views, ViewsError},
};

/// How often a watching node looks how far the owner is: what a reader on such a node waits at most.
const LOOK: Duration = Duration::from_millis(100);
/// How often a lone process looks after itself: what it takes at most to come back from an outage.
const LOOK_ALONE: Duration = Duration::from_millis(500);

/// What the loop works on.
pub(crate) struct Projector {
    serving: Projection,
    building: Option<Building>,
    /// Generations that are not for this program.
    passed_over: BTreeSet<u64>,
    tended: Option<Instant>,
    is_away: bool,
}

enum Woken {
    Serving(Batch),
    Building(Batch),
    Time,
}

impl Projector {
    pub(crate) fn new(chosen: Chosen) -> Self {
        let serving = Projection::new(chosen.serving.0, chosen.serving.1);
        let building = chosen.next.map(|next| Building::new(next, false));
        Self { serving, building, passed_over: BTreeSet::new(), tended: None, is_away: false }
    }

    /// Follows the log for ever. Dropped at any point, it leaves whole transactions.
    pub(crate) async fn follow(&mut self, views: &Views) {
        loop {
            let has_tended = self.tended.is_none_or(|at| at.elapsed() >= self.pace(views));
            if has_tended {
                self.tend(views).await;
            }
            match self.wake(views).await {
                Woken::Serving(batch) => {
                    let applied = self.serving.apply(&views.means, batch).await;
                    self.note_applied(views, applied);
                }
                Woken::Building(batch) => self.build(views, batch).await,
                Woken::Time => {}
            }
            views.announce(self.serving.position());
            self.switch_if_ready(views, has_tended).await;
        }
    }

    /// Gives up what it owns, so that another node need not wait.
    pub(crate) async fn release(&mut self) {
        self.serving.release().await;
        if let Some(building) = &mut self.building {
            building.projection.release().await;
        }
    }

    async fn wake(&mut self, views: &Views) -> Woken {
        let pace = self.pace(views);
        let rest = self.tended.map_or(Duration::ZERO, |at| pace.saturating_sub(at.elapsed()));
        tokio::select! {
            biased;
            batch = self.serving.next_batch() => Woken::Serving(batch),
            batch = next_of(&mut self.building) => Woken::Building(batch),
            () = sleep(rest) => Woken::Time,
        }
    }

    fn pace(&self, views: &Views) -> Duration {
        if views.means.is_shared { LOOK } else { LOOK_ALONE }
    }

    async fn tend(&mut self, views: &Views) {
        self.tended = Some(Instant::now());
        if let Err(error) = self.look_for_next(views).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "not seen whether other views are wanted");
        }
        let tended = self.serving.tend(&views.means).await;
        self.note(views, tended);
        if let Some(building) = &mut self.building {
            let tended = building.projection.tend(&views.means).await;
            self.note(views, tended);
        }
    }

    /// Takes up the generation that another node has gone over to, or else one that was asked for.
    async fn look_for_next(&mut self, views: &Views) -> Result<(), ViewsError> {
        let survey = views.place.survey().await?;
        let serving = self.serving.generation.number;
        let accepted = survey.current.filter(|number| *number != serving);
        self.passed_over.retain(|number| survey.numbers.contains(number));
        let asked = survey.numbers.iter().rev().copied().filter(|number| *number > serving);
        for number in accepted.into_iter().chain(asked) {
            if self.passed_over.contains(&number) {
                continue;
            }
            if let Some(building) = self.building.as_mut().filter(|building| building.number() == number) {
                building.is_accepted |= accepted == Some(number);
                return Ok(());
            }
            match load_own(&views.place, &views.means.views, &*views.means.reader, number).await? {
                Some(found) => {
                    self.take_up(Building::new(found, accepted == Some(number))).await;
                    return Ok(());
                }
                None => drop(self.passed_over.insert(number)),
            }
        }
        Ok(())
    }

    async fn take_up(&mut self, building: Building) {
        if let Some(mut other) = self.building.replace(building) {
            other.projection.release().await;
        }
    }

    async fn build(&mut self, views: &Views, batch: Batch) {
        let Some(building) = &mut self.building else { return };
        let applied = building.projection.apply(&views.means, batch).await;
        self.note_applied(views, applied);
    }

    /// A generation that another node writes is looked at as often as its position is.
    async fn switch_if_ready(&mut self, views: &Views, has_tended: bool) {
        let Some(building) = self.building.as_mut().filter(|next| has_tended || next.projection.is_owner()) else {
            return;
        };
        match building.take_over(&mut self.serving, views).await {
            Ok(true) => self.leave_previous(views).await,
            Ok(false) => {}
            Err(error) => {
                let generation = building.number();
                tracing::warn!(generation, error = &error as &dyn std::error::Error, "views not switched yet");
            }
        }
    }

    async fn leave_previous(&mut self, views: &Views) {
        let Some(building) = self.building.take() else { return };
        let mut previous = std::mem::replace(&mut self.serving, building.projection);
        views.announce(self.serving.position());
        previous.release().await;
        remove_older(views, self.serving.generation.number.min(previous.generation.number)).await;
    }

    /// An outage is over when a batch is in, not before.
    fn note_applied(&mut self, views: &Views, applied: Result<(), Trouble>) {
        if applied.is_ok() && std::mem::take(&mut self.is_away) {
            tracing::info!("views resumed");
        }
        self.note(views, applied);
    }

    /// Keeps an alarm, which is logged once; an outage is logged once, too.
    fn note(&mut self, views: &Views, done: Result<(), Trouble>) {
        match done {
            Ok(()) => {}
            Err(Trouble::Fenced) => tracing::info!("views are written by another owner"),
            Err(Trouble::Away(error)) => {
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "views wait");
                }
            }
            Err(Trouble::Alarm(alarm)) => views.raise(alarm),
        }
    }
}

/// The one that served before stays, for whoever still reads it and for a way back.
async fn remove_older(views: &Views, kept: u64) {
    let numbers = views.place.numbers().await.unwrap_or_default();
    for number in numbers.into_iter().filter(|number| *number < kept) {
        if let Err(error) = views.place.remove(number).await {
            tracing::warn!(generation = number, error = &error as &dyn std::error::Error, "old views not removed");
        }
    }
}

/// Runs a projector until it is told to stop, and lets go of what it owned.
pub(crate) async fn run(mut projector: Projector, views: Arc<Views>) {
    let mut stop = views.stop.subscribe();
    tokio::select! {
        () = projector.follow(&views) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    projector.release().await;
}
