//! How long this node has been in a position to hear of agents.
//!
//! Nobody is lost for what the node could not hear: the time counts from when it took the work up (a start, a lease taken over, the
//! return of the store), and anew whenever it was held up.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest delay of a look that counts as being held up.
const SHORTEST_GAP: Duration = Duration::from_secs(2);

/// Since when signs of life have been watched without a gap.
#[derive(Debug, Clone, Copy)]
pub(in crate::process) struct Observation {
    since: Instant,
    looked_at: Instant,
}

impl Observation {
    /// It begins.
    pub(in crate::process) fn since(since: Instant) -> Self {
        Self { since, looked_at: Instant::now() }
    }

    /// Whether it is time to look, for agents who are lost after so long: every 2 s of 60 s.
    pub(super) fn is_due(&self, lost_after: Duration) -> bool {
        self.looked_at.elapsed() >= lost_after / 30
    }

    /// A look; answers whether silence counts.
    pub(super) fn look(&mut self, lost_after: Duration) -> bool {
        let now = Instant::now();
        if now - self.looked_at > (lost_after / 6).max(SHORTEST_GAP) {
            self.since = now;
        }
        self.looked_at = now;
        now - self.since >= lost_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(60);

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).expect("the machine runs for longer")
    }

    #[test]
    fn silence_counts_once_it_was_listened_for_so_long() {
        assert!(!Observation::since(Instant::now()).look(AFTER));
        assert!(!Observation::since(ago(59)).look(AFTER));
        assert!(Observation::since(ago(60)).look(AFTER));
    }

    #[test]
    fn being_held_up_begins_the_time_anew() {
        let held_up = |seconds| Observation { since: ago(100), looked_at: ago(seconds) };
        assert!(held_up(9).look(AFTER));
        let mut late = held_up(11);
        assert!(!late.look(AFTER));
        assert!(!late.look(AFTER), "one look in time makes nothing good");
    }

    #[test]
    fn it_looks_every_two_seconds() {
        let looked = |seconds| Observation { since: ago(100), looked_at: ago(seconds) };
        assert!(!looked(1).is_due(AFTER) && looked(2).is_due(AFTER));
    }
}
