//! How often activities are shown: at most one frame of a kind each second from each side of a session.
//!
//! Invariant: the last frame shown is the newest activity, because the newest of those that came too soon waits for its time.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use domain::{AgentId, SessionId};
use tokio::time::Instant;

use super::{Activity, Participant, swept_map::SweptMap};

/// Between two frames of the same kind, session and side.
pub const PACE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Typing(Participant),
    Viewing(AgentId),
}

impl Side {
    fn of(activity: Activity) -> Self {
        match activity {
            Activity::Typing { by, .. } => Self::Typing(by),
            Activity::Viewing { agent, .. } => Self::Viewing(agent),
        }
    }
}

/// When an activity is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// It waits until then, for [`Pace::release`].
    Later(Instant),
    /// It takes the place of one that waits.
    Replaced,
}

struct Recent {
    /// From when on the next may be shown.
    next: Instant,
    /// Waits for that.
    waiting: Option<Activity>,
}

#[derive(Default)]
pub(super) struct Pace(Mutex<SweptMap<(SessionId, Side), Recent>>);

impl Pace {
    fn lock(&self) -> MutexGuard<'_, SweptMap<(SessionId, Side), Recent>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    pub(super) fn turn(&self, session: SessionId, activity: Activity, now: Instant) -> Turn {
        let mut all = self.lock();
        let side = (session, Side::of(activity));
        let is_used = |recent: &Recent| recent.waiting.is_some() || recent.next > now;
        let recent = all.get_or_insert(side, || Recent { next: now, waiting: None }, is_used);
        if recent.waiting.replace(activity).is_some() {
            return Turn::Replaced;
        }
        if now < recent.next {
            return Turn::Later(recent.next);
        }
        *recent = Recent { next: now + PACE, waiting: None };
        Turn::Now
    }

    /// The activity of this side that waited; it is shown now.
    pub(super) fn release(&self, session: SessionId, activity: Activity, now: Instant) -> Option<Activity> {
        let mut all = self.lock();
        let recent = all.get_mut((session, Side::of(activity)))?;
        recent.next = now + PACE;
        recent.waiting.take()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn typing(by: Participant, is_typing: bool) -> Activity {
        Activity::Typing { by, is_typing }
    }

    #[test]
    fn activities_of_one_side_are_limited_to_one_a_second_and_the_last_one_is_shown() {
        let (pace, session, start) = (Pace::default(), SessionId(Uuid::from_u128(1)), Instant::now());
        let customer = |is_typing| typing(Participant::Customer, is_typing);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(pace.turn(session, customer(true), start), Turn::Now);
        assert_eq!(pace.turn(session, customer(true), at(200)), Turn::Later(start + PACE));
        assert_eq!(pace.turn(session, customer(false), at(999)), Turn::Replaced);
        assert_eq!(pace.release(session, customer(true), at(1000)), Some(customer(false)));
        assert_eq!(pace.turn(session, customer(true), at(1999)), Turn::Later(at(2000)));
        assert_eq!(pace.release(session, customer(true), at(2000)), Some(customer(true)));
        assert_eq!(pace.turn(session, customer(true), at(3000)), Turn::Now);
    }

    #[test]
    fn sides_kinds_and_sessions_do_not_hold_each_other_back() {
        let (pace, session, now) = (Pace::default(), SessionId(Uuid::from_u128(1)), Instant::now());
        let agent = AgentId(Uuid::from_u128(2));
        let all = [
            typing(Participant::Customer, true),
            typing(Participant::Agent(agent), true),
            Activity::Viewing { agent, is_viewing: true },
            Activity::Viewing { agent: AgentId(Uuid::nil()), is_viewing: true },
        ];
        for activity in all {
            assert_eq!(pace.turn(session, activity, now), Turn::Now, "{activity:?}");
        }
        assert_eq!(pace.turn(SessionId(Uuid::nil()), all[0], now), Turn::Now);
    }

    #[test]
    fn sides_that_are_quiet_are_forgotten() {
        let (pace, start) = (Pace::default(), Instant::now());
        for n in 0..10_000 {
            let at = start + Duration::from_millis(10 * n);
            pace.turn(SessionId(Uuid::from_u128(n.into())), typing(Participant::Customer, true), at);
        }
        assert!(pace.lock().iter().count() <= 1024 + 100);
    }
}
