//! The one loop: it keeps the serving generation at the head of the log and, while a next one is being built, feeds that as
//! well, until readers can be switched to it.
//!
//! A next generation comes from a new version of the program, from `desk-replay rebuild`, or from another node that has
//! switched already. Invariants: neither generation ever waits for the other's transactions; what concerns both is done
//! between rounds, when neither is in a transaction.

mod followed;
mod next_generation;
mod watcher;

use std::{collections::BTreeSet, sync::Arc};

use tokio::time::sleep;

use followed::{Followed, Over, pace};
use next_generation::NextGeneration;
use watcher::{Candidate, Known, watch};

use crate::{
    cursor::Cursor,
    error::ViewsError,
    follower::{Follower, feed::Priority},
    generation::load_own,
    views::Views,
};

/// What the loop works on.
struct Projector {
    serving: Followed,
    next: Option<NextGeneration>,
    /// Generations that are not for this program.
    passed_over: BTreeSet<u64>,
}

impl Views {
    /// Follows the log until [`Self::stop`]; returns at once if it runs already. It may be dropped at any point, and be run
    /// again: it goes on where the last transaction ended.
    pub async fn run(self: Arc<Self>) {
        let Ok(_running) = self.running.try_lock() else { return };
        let Some(mut projector) = until_stopped(&self, Projector::begin(&self)).await else { return };
        until_stopped(&self, projector.follow(&self)).await;
        projector.release().await;
    }
}

async fn until_stopped<T>(views: &Views, work: impl Future<Output = T>) -> Option<T> {
    let mut stop = views.stop.subscribe();
    tokio::select! {
        done = work => Some(done),
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

impl Projector {
    /// Begins where the serving generation ends, as soon as its database answers.
    async fn begin(views: &Views) -> Self {
        let generation = views.serving();
        let mut has_failed = false;
        loop {
            match Cursor::load(&generation.database).await {
                Ok(cursor) => {
                    let serving = Followed::new(Follower::new(generation, cursor, Priority::Normal));
                    return Self { serving, next: None, passed_over: BTreeSet::new() };
                }
                Err(error) if !std::mem::replace(&mut has_failed, true) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "views wait for their database");
                }
                Err(_) => {}
            }
            sleep(pace(views)).await;
        }
    }

    /// Follows the log for ever. Dropped at any point, it leaves whole transactions.
    async fn follow(&mut self, views: &Arc<Views>) {
        loop {
            let candidate = self.round(views).await;
            if let Some(candidate) = candidate
                && let Err(error) = self.take_up(candidate, views).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "the next views cannot be opened yet");
                // It is found again in the next round.
                sleep(pace(views)).await;
            }
            self.switch_if_ready(views).await;
        }
    }

    /// Gives up what it owns, so that another node need not wait.
    async fn release(&mut self) {
        self.serving.follower.release().await;
        if let Some(next) = &mut self.next {
            next.followed.follower.release().await;
        }
    }

    /// Follows both generations side by side, until one may replace the other or there is a candidate.
    async fn round(&mut self, views: &Views) -> Option<Candidate> {
        let over = Over::new(false);
        let known = Known {
            serving: self.serving.follower.generation.number,
            next: self.next.as_ref().map(NextGeneration::candidate),
            wanted_at_start: views.next(),
        };
        let serving = serve(&mut self.serving, views, &over);
        let building = build(self.next.as_mut(), views, &over);
        let candidate = watch(views, known, &self.passed_over, &over);
        let ((), (), candidate) = futures::join!(serving, building, candidate);
        candidate
    }

    /// Begins to build a candidate, or notes that another node has switched to the one that is built.
    async fn take_up(&mut self, candidate: Candidate, views: &Views) -> Result<(), ViewsError> {
        let Candidate { number, is_current } = candidate;
        if let Some(next) = self.next.as_mut().filter(|next| next.number() == number) {
            next.is_current |= is_current;
            return Ok(());
        }
        let dependencies = &views.dependencies;
        match load_own(&views.storage, &dependencies.projections, dependencies.reader(), number).await? {
            Some(found) => self.build_next(NextGeneration::begin(found, is_current, &views.storage).await?).await,
            None => drop(self.passed_over.insert(number)),
        }
        Ok(())
    }

    async fn build_next(&mut self, next: NextGeneration) {
        if let Some(mut other) = self.next.replace(next) {
            other.followed.follower.release().await;
        }
    }

    async fn switch_if_ready(&mut self, views: &Arc<Views>) {
        let Some(next) = self.next.as_mut().filter(|next| next.is_ready()) else { return };
        match next.take_over(&self.serving.follower.generation, views).await {
            Ok(true) => self.leave_previous(views).await,
            Ok(false) => {}
            Err(error) => {
                let generation = next.number();
                tracing::warn!(generation, error = &error as &dyn std::error::Error, "views not switched yet");
            }
        }
    }

    async fn leave_previous(&mut self, views: &Arc<Views>) {
        let Some(next) = self.next.take() else { return };
        let mut previous = std::mem::replace(&mut self.serving, next.followed).follower;
        views.announce(self.serving.follower.position());
        let kept = self.serving.follower.generation.number.min(previous.generation.number);
        previous.release().await;
        drop(tokio::spawn(remove_older(views.clone(), kept)));
    }
}

async fn serve(serving: &mut Followed, views: &Views, over: &Over) {
    while serving.step(views, over, |alarm| views.raise(alarm)).await {
        views.announce(serving.follower.position());
    }
}

/// Ends the round when readers may be switched.
async fn build(next: Option<&mut NextGeneration>, views: &Views, over: &Over) {
    let Some(next) = next else { return };
    while next.step(views, over).await {
        if next.gets_ready(views).await {
            over.send_replace(true);
        }
    }
}

/// The generation that served before stays, for readers that still use it and for a way back.
async fn remove_older(views: Arc<Views>, kept: u64) {
    let numbers = views.storage.numbers().await.unwrap_or_default();
    for number in numbers.into_iter().filter(|number| *number < kept) {
        if let Err(error) = views.storage.remove(number).await {
            tracing::warn!(generation = number, error = &error as &dyn std::error::Error, "old views not removed");
        }
    }
}
