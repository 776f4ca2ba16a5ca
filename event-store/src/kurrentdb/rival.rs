//! Waiting for what an append was refused over. The leader of a cluster refuses over what it has written, and shows that to readers
//! when a majority has it: a rival may be there before anybody can read it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longest wait, unless its caller says otherwise: a majority has an event within milliseconds, or there is no majority.
const LIMIT: Duration = Duration::from_secs(3);
/// Pause before the second look; doubled for each further one up to the longest.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// The time until the next look.
pub(super) struct Waiting {
    no_more_after: Instant,
    pause: Duration,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::until(Instant::now() + LIMIT)
    }
}

impl Waiting {
    pub(super) fn until(no_more_after: Instant) -> Self {
        Self { no_more_after, pause: PAUSE }
    }

    /// Pauses before the next look; false if there is no time for one.
    pub(super) async fn again(&mut self) -> bool {
        if Instant::now() + self.pause >= self.no_more_after {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Looks until there is something, or no more time.
pub(super) async fn until_visible<T, E, F>(mut look: impl FnMut() -> F) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let mut waiting = Waiting::default();
    loop {
        let found = look().await?;
        if found.is_some() || !waiting.again().await {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn looks_until_it_is_there_or_fails() {
        let mut looks = 0;
        let found = until_visible(|| {
            looks += 1;
            ready(Ok::<_, ()>((looks == 4).then_some(looks)))
        });
        assert_eq!(found.await, Ok(Some(4)));
        assert_eq!(until_visible(|| ready(Err::<Option<u32>, _>("no"))).await, Err("no"));
    }

    #[tokio::test]
    async fn nothing_is_waited_for_longer_than_its_limit() {
        let mut waiting = Waiting::until(Instant::now() + Duration::from_millis(50));
        let mut looks = 0;
        while waiting.again().await {
            looks += 1;
        }
        assert!(looks < 10, "the pause is doubled each time");
        assert!(!waiting.again().await);
    }
}
