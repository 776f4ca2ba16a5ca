//! The one loop: it keeps the serving generation at the head of the log and, while a next one is being built, feeds that as
//! well, until readers can go over to it.
//!
//! A next generation comes from a new version of the program, from `desk-replay rebuild`, or from another node that has
//! gone over already. Invariants: neither generation ever waits for the other's transactions; what concerns both is done
//! between rounds, when neither is in one.

mod building;
mod lookout;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::sleep};

use building::Building;
use lookout::{News, look_out};

use crate::{
    generation::{Chosen, load_own},
    place::Place,
    projection::{Haste, Projection, Trouble},
    views::{Alarm, Views, ViewsError},
};

/// How often a watching node looks how far the owner is: what a reader on such a node waits at most.
const LOOK: Duration = Duration::from_millis(100);
/// How often a lone process looks after itself: what it takes at most to come back from an outage.
const LOOK_ALONE: Duration = Duration::from_millis(500);

/// What the loop works on.
pub(crate) struct Projector {
    serving: Followed,
    building: Option<Building>,
    /// Generations that are not for this program.
    passed_over: BTreeSet<u64>,
}

/// A generation that is followed, and how it fares.
pub(crate) struct Followed {
    pub(crate) projection: Projection,
    tended: Option<Instant>,
    is_away: bool,
}

/// Turns true when a round is over: whoever is in a transaction ends it first.
type Over = watch::Sender<bool>;

impl Projector {
    pub(crate) async fn new(chosen: Chosen, place: &Place) -> Result<Self, ViewsError> {
        let serving = Followed::new(Projection::new(chosen.serving.0, chosen.serving.1, Haste::Served));
        let building = match chosen.next {
            Some(next) => Some(Building::begin(next, false, place).await?),
            None => None,
        };
        Ok(Self { serving, building, passed_over: BTreeSet::new() })
    }

    /// Believes nothing of what an earlier run left in memory: it may have panicked.
    fn start_over(&mut self) {
        self.serving.start_over();
        if let Some(building) = &mut self.building {
            building.followed.start_over();
        }
    }

    /// Follows the log for ever. Dropped at any point, it leaves whole transactions.
    pub(crate) async fn follow(&mut self, views: &Arc<Views>) {
        loop {
            let news = self.round(views).await;
            if let Some(news) = news
                && let Err(error) = self.take_in(news, views).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "the next views cannot be taken up yet");
                // It is seen again; not at once.
                sleep(pace(views)).await;
            }
            self.switch_if_ready(views).await;
        }
    }

    /// Gives up what it owns, so that another node need not wait.
    pub(crate) async fn release(&mut self) {
        self.serving.projection.release().await;
        if let Some(building) = &mut self.building {
            building.followed.projection.release().await;
        }
    }

    /// Follows both generations side by side, until one may take over from the other or there is another one.
    async fn round(&mut self, views: &Views) -> Option<News> {
        let over = Over::new(false);
        let known = (self.serving.projection.generation.number, self.building.as_ref().map(Building::known));
        let serving = serve(&mut self.serving, views, &over);
        let building = build(self.building.as_mut(), views, &over);
        let news = look_out(views, known, &self.passed_over, &over);
        let ((), (), news) = futures::join!(serving, building, news);
        news
    }

    /// Takes up the generation that another node has gone over to, or else one that was asked for.
    async fn take_in(&mut self, news: News, views: &Views) -> Result<(), ViewsError> {
        let News { number, is_accepted } = news;
        if let Some(building) = self.building.as_mut().filter(|building| building.number() == number) {
            building.is_accepted |= is_accepted;
            return Ok(());
        }
        match load_own(&views.place, &views.means.views, &*views.means.reader, number).await? {
            Some(found) => self.take_up(Building::begin(found, is_accepted, &views.place).await?).await,
            None => drop(self.passed_over.insert(number)),
        }
        Ok(())
    }

    async fn take_up(&mut self, building: Building) {
        if let Some(mut other) = self.building.replace(building) {
            other.followed.projection.release().await;
        }
    }

    async fn switch_if_ready(&mut self, views: &Arc<Views>) {
        let Some(building) = self.building.as_mut().filter(|building| building.is_ready()) else { return };
        match building.take_over(&self.serving.projection.generation, views).await {
            Ok(true) => self.leave_previous(views).await,
            Ok(false) => {}
            Err(error) => {
                let generation = building.number();
                tracing::warn!(generation, error = &error as &dyn std::error::Error, "views not switched yet");
            }
        }
    }

    async fn leave_previous(&mut self, views: &Arc<Views>) {
        let Some(building) = self.building.take() else { return };
        let mut previous = std::mem::replace(&mut self.serving, building.followed).projection;
        views.announce(self.serving.projection.position());
        let kept = self.serving.projection.generation.number.min(previous.generation.number);
        previous.release().await;
        drop(tokio::spawn(remove_older(views.clone(), kept)));
    }
}

impl Followed {
    fn new(projection: Projection) -> Self {
        Self { projection, tended: None, is_away: false }
    }

    fn start_over(&mut self) {
        self.projection.start_over();
        self.tended = None;
    }

    /// One batch, or a look after it all; false when the round is over.
    async fn step(&mut self, views: &Views, over: &Over, raise: impl Fn(Alarm)) -> bool {
        let rest = self.tended.map_or(Duration::ZERO, |at| pace(views).saturating_sub(at.elapsed()));
        let mut ended = over.subscribe();
        let batch = tokio::select! {
            biased;
            _ = ended.wait_for(|over| *over) => return false,
            () = sleep(rest) => None,
            batch = self.projection.next_batch() => Some(batch),
        };
        match batch {
            Some(batch) => {
                let applied = self.projection.apply(&views.means, batch).await;
                // An outage is over when a batch is in, not before.
                if applied.is_ok() && std::mem::take(&mut self.is_away) {
                    tracing::info!("views resumed");
                }
                self.note(applied, raise);
            }
            None => {
                self.tended = Some(Instant::now());
                let tended = self.projection.tend(&views.means).await;
                self.note(tended, raise);
            }
        }
        true
    }

    /// Keeps an alarm, which is logged once; an outage is logged once, too.
    fn note(&mut self, done: Result<(), Trouble>, raise: impl Fn(Alarm)) {
        match done {
            Ok(()) => {}
            Err(Trouble::Fenced) => tracing::info!("views are written by another owner"),
            Err(Trouble::Away(error)) => {
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "views wait");
                }
            }
            Err(Trouble::Alarm(alarm)) => raise(alarm),
        }
    }
}

async fn serve(serving: &mut Followed, views: &Views, over: &Over) {
    while serving.step(views, over, |alarm| views.raise(alarm)).await {
        views.announce(serving.projection.position());
    }
}

/// Ends the round when readers may go over.
async fn build(building: Option<&mut Building>, views: &Views, over: &Over) {
    let Some(building) = building else { return };
    while building.step(views, over).await {
        if building.gets_ready(views).await {
            over.send_replace(true);
        }
    }
}

fn pace(views: &Views) -> Duration {
    if views.means.is_shared { LOOK } else { LOOK_ALONE }
}

/// The one that served before stays, for whoever still reads it and for a way back.
async fn remove_older(views: Arc<Views>, kept: u64) {
    let numbers = views.place.numbers().await.unwrap_or_default();
    for number in numbers.into_iter().filter(|number| *number < kept) {
        if let Err(error) = views.place.remove(number).await {
            tracing::warn!(generation = number, error = &error as &dyn std::error::Error, "old views not removed");
        }
    }
}

/// Runs a projector until it is told to stop, and lets go of what it owned.
pub(crate) async fn run(projector: &mut Projector, views: &Arc<Views>) {
    projector.start_over();
    let mut stop = views.stop.subscribe();
    tokio::select! {
        () = projector.follow(views) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    projector.release().await;
}
