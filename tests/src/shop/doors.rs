//! Arrivals, paced so that the ordered number of events is reached at the end; and the machine's clock.

use jiff::{SignedDuration, Timestamp};

use super::{
    Order,
    calendar::{busy, end_of_hour, later, seconds_between},
    rng::Rng,
};

/// Arrivals by the busy hours, as many as the events still need.
#[derive(Debug)]
pub(super) struct Doors {
    /// By then all of them should have come: a little before the end.
    aim: Timestamp,
    /// Of the time up to then, each second as busy as its hour.
    weight_left: f64,
    /// Seconds between arrivals after `by`.
    late_gap: f64,
    supposed: f64,
    arrivals: u64,
}

/// Weight of the estimated events per arrival, in arrivals.
const SUPPOSED: f64 = 30.0;
/// Share of a session's events that an open one still brings.
const STILL_TO_COME: f64 = 0.4;
/// How many customers still find room between the aim and the end, when events are missing.
const LATECOMERS: f64 = 150.0;

impl Doors {
    pub(super) fn open(order: &Order) -> Self {
        let (begins, until) = (order.begins(), order.until);
        let margin = (seconds_between(begins, until) / 30.0).min(600.0);
        let aim = later(until, -margin);
        let (mut weight_left, mut at) = (0.0, begins);
        while at < aim {
            let end = end_of_hour(at).min(aim);
            weight_left += busy(at).weight * seconds_between(at, end);
            at = end;
        }
        let supposed = SUPPOSED * order.profile.events_per_arrival;
        Self { aim, weight_left, late_gap: margin / LATECOMERS, supposed, arrivals: 0 }
    }

    /// When the next customer comes, so many events before the end, with so many sessions that go on.
    pub(super) fn next(&mut self, rng: &mut Rng, now: Timestamp, given: u64, missing: u64, open: usize) -> Timestamp {
        self.arrivals += 1;
        let mut weight = rng.gap() * self.weight_left / self.arrivals_needed(given, missing, open);
        let mut at = now;
        while at < self.aim {
            let (end, busy) = (end_of_hour(at).min(self.aim), busy(at).weight);
            let in_this_hour = busy * seconds_between(at, end);
            if weight < in_this_hour {
                self.weight_left -= weight;
                return later(at, weight / busy);
            }
            self.weight_left -= in_this_hour;
            weight -= in_this_hour;
            at = end;
        }
        later(at, self.late_gap * rng.gap())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn arrivals_needed(&self, given: u64, missing: u64, open: usize) -> f64 {
        let brings = (given as f64 + self.supposed) / (self.arrivals as f64 + SUPPOSED);
        ((missing as f64 - open as f64 * STILL_TO_COME * brings) / brings).max(1.0)
    }
}

/// The machine's clock. Now and then it is set: it jumps ahead or back, and is put right later.
#[derive(Debug, Default)]
pub(super) struct WallClock {
    off_by: SignedDuration,
}

impl WallClock {
    /// What the clock says at a moment, to the microsecond; now and then it is set first.
    pub(super) fn read(&mut self, rng: &mut Rng, order: &Order, now: Timestamp) -> Timestamp {
        if rng.happens(order.profile.clock_changes) {
            let action = rng.between(-order.profile.clock_step, order.profile.clock_step);
            let is_right = self.off_by.is_zero();
            self.off_by = if is_right { SignedDuration::from_secs_f64(action) } else { SignedDuration::ZERO };
        }
        self.shows(order, now)
    }

    /// What the clock says at a moment: never quite the end, for events of one microsecond are recorded one after the other.
    pub(super) fn shows(&self, order: &Order, now: Timestamp) -> Timestamp {
        let shows =
            now.saturating_add(self.off_by).expect("a fixed duration can be added").min(later(order.until, -1.0));
        Timestamp::from_microsecond(shows.as_microsecond()).expect("a time cut to microseconds stays in range")
    }
}
