//! Whether log, vault and policies' store answer at this moment, asked only where somebody has waited for something long enough to want
//! to know: a server that is frozen, and not gone, keeps its connections and says nothing.
//!
//! Invariant: a limit is on silence, not on work. Who waits for an assistant or for a long calculation is never sent away while the
//! stores answer.

use std::{sync::Arc, time::Duration};

use event_store::{EventReader, sql::Database};
use futures::future::BoxFuture;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use crate::problem::Problem;

/// Before a store that refuses is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// How patient a pulse is.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// How long a request may take before the stores are asked whether they answer: most take milliseconds.
    look_after: Duration,
    /// Silence from which on a store counts as not answering.
    silence: Duration,
    /// Between two questions to stores that answer.
    pause: Duration,
}

const PACE: Pace =
    Pace { look_after: Duration::from_secs(3), silence: Duration::from_secs(4), pause: Duration::from_secs(1) };

/// Asks one store; whether it has answered.
type Ask = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Asks the stores, once for all who want to know.
pub struct StorePulse {
    stores: Vec<Ask>,
    pace: Pace,
    last: Mutex<Option<(Instant, bool)>>,
}

impl StorePulse {
    /// A pulse of a log and what is beside it.
    #[must_use]
    pub fn new(log: Arc<dyn EventReader>, databases: Vec<Database>) -> Self {
        let log: Ask = Box::new(move || {
            let log = log.clone();
            // One question that every store answers from one place, however long its log is.
            Box::pin(async move { log.is_complete().await.is_ok() })
        });
        let databases = databases.into_iter().map(|database| -> Ask {
            Box::new(move || {
                let database = database.clone();
                Box::pin(async move { database.fetch("select 1", &[]).await.is_ok() })
            })
        });
        Self { stores: [log].into_iter().chain(databases).collect(), pace: PACE, last: Mutex::default() }
    }

    /// Returns when a store has been silent for some seconds, which is at the earliest after some seconds; never while all answer.
    pub async fn falls_silent(&self) {
        sleep(self.pace.look_after).await;
        while self.answers().await {
            sleep(self.pace.pause).await;
        }
    }

    /// What came of the newest question, or of a new one where that is too old. Whoever comes meanwhile waits for the same answer.
    async fn answers(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, answered)) = *last
            && at.elapsed() < self.pace.pause
        {
            return answered;
        }
        let answered = timeout(self.pace.silence, self.ask()).await.is_ok();
        *last = Some((Instant::now(), answered));
        answered
    }

    /// Returns when all have answered. A store that refuses may be on its way back.
    async fn ask(&self) {
        for ask in &self.stores {
            while !ask().await {
                sleep(AGAIN).await;
            }
        }
    }
}

/// What a request is answered whose store is silent.
#[must_use]
pub fn silent() -> Problem {
    let detail = "the store does not answer; the same request may be sent again with the same Idempotency-Key, and is recorded once";
    Problem::unavailable("STORE_UNAVAILABLE", detail, Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn pulse(stores: Vec<Ask>, silence: Duration) -> StorePulse {
        let pace = Pace { look_after: Duration::ZERO, silence, pause: Duration::from_millis(1) };
        StorePulse { stores, pace, last: Mutex::default() }
    }

    /// One that refuses so many times, and then answers.
    fn refusing(times: usize) -> (Ask, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        (Box::new(move || Box::pin(std::future::ready(counted.fetch_add(1, Ordering::SeqCst) >= times))), asked)
    }

    #[tokio::test]
    async fn nobody_is_sent_away_while_the_stores_answer() {
        for refusals in [0, 2] {
            let (ask, asked) = refusing(refusals);
            let pulse = pulse(vec![ask], LIMIT);
            let often = async {
                while asked.load(Ordering::SeqCst) < 20 {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                () = pulse.falls_silent() => panic!("it answers, after {refusals} refusals"),
                () = often => {}
            }
        }
    }

    #[tokio::test]
    async fn a_store_that_says_nothing_or_only_no_is_silent() {
        let (ask, _) = refusing(usize::MAX);
        let says_nothing: Ask = Box::new(|| Box::pin(pending()));
        for silent in [ask, says_nothing] {
            let (answering, _) = refusing(0);
            let pulse = pulse(vec![answering, silent], Duration::from_millis(20));
            timeout(LIMIT, async { tokio::join!(pulse.falls_silent(), pulse.falls_silent()) })
                .await
                .expect("both hear it");
        }
    }
}
