//! How often things happen in a shop.

/// Shares are between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Events in an average day.
    pub events_per_day: u64,
    /// Events per customer: the estimate before any are counted.
    pub events_per_arrival: f64,
    /// Factor on how long people take: slower ones have more sessions open at once.
    pub slowness: f64,
    /// Closed sessions whose customer comes back to them.
    pub returns: f64,
    /// How long after the close, in seconds: the median.
    pub return_after: f64,
    /// Visitors who come with a second session.
    pub second_session: f64,
    /// Messages that are followed by another before they are answered.
    pub bursts: f64,
    /// Runs in which the customer asks for a person, leaves, or an agent steps in, before the answer is there.
    pub interrupted: f64,
    /// Runs that fail.
    pub fails: f64,
    /// Runs whose node dies.
    pub dies: f64,
    /// Runs given up by another node that answer all the same.
    pub late: f64,
    /// Messages that make a rule ask for a person.
    pub escalates: f64,
    /// Live sessions that go back to the queue.
    pub goes_back: f64,
    /// Waiting sessions that are offered to an agent.
    pub offered: f64,
    /// Live sessions that go to another agent or group.
    pub transferred: f64,
    /// Live sessions that a supervisor takes.
    pub stolen: f64,
    /// Messages to persons that tell of danger.
    pub danger: f64,
    /// Live sessions for each of what staff keeps beside the talk: notes, tags, a class of their own.
    pub keeps: f64,
    /// Messages of agents that are made of a prepared answer.
    pub quick_replies: f64,
    /// Customers who rate when they are asked.
    pub rates: f64,
    /// Agents who try to take a session that somebody has.
    pub rivals: f64,
    /// Customers who begin a new context, or clear their screen, before their next message.
    pub fresh_starts: f64,
    /// Commands that are repeated under their key when there is nothing left to do.
    pub confirms: f64,
    /// Closed sessions whose customer wants to be forgotten.
    pub erased: f64,
    /// Appends at which the machine's clock is set.
    pub clock_changes: f64,
    /// By how many seconds, at most, either way.
    pub clock_step: f64,
    /// Whether somebody works for a while of every half hour, day and night, instead of by day.
    pub opens_often: bool,
}

impl Profile {
    /// An ordinary shop.
    pub const SHOP: Self = Self {
        events_per_day: 12_000,
        events_per_arrival: 20.0,
        slowness: 1.0,
        returns: 0.3,
        return_after: 30.0 * 3600.0,
        second_session: 0.08,
        bursts: 0.14,
        interrupted: 0.015,
        fails: 0.02,
        dies: 0.004,
        late: 0.4,
        escalates: 0.07,
        goes_back: 0.12,
        offered: 0.6,
        transferred: 0.18,
        stolen: 0.01,
        danger: 0.01,
        keeps: 0.15,
        quick_replies: 0.2,
        rates: 0.3,
        rivals: 0.03,
        fresh_starts: 0.03,
        confirms: 0.04,
        erased: 0.002,
        clock_changes: 0.0002,
        clock_step: 4.0,
        opens_often: false,
    };

    /// What is rare in a shop, often: for tests that want much of it in few events.
    pub const STRESS: Self = Self {
        events_per_day: 12_000,
        events_per_arrival: 90.0,
        slowness: 4.0,
        returns: 0.7,
        return_after: 1.5 * 3600.0,
        second_session: 0.25,
        bursts: 0.3,
        interrupted: 0.2,
        fails: 0.12,
        dies: 0.08,
        late: 0.7,
        escalates: 0.2,
        goes_back: 0.4,
        offered: 0.7,
        transferred: 0.4,
        stolen: 0.06,
        danger: 0.08,
        keeps: 0.6,
        quick_replies: 0.4,
        rates: 0.8,
        rivals: 0.2,
        fresh_starts: 0.15,
        confirms: 0.12,
        erased: 0.05,
        clock_changes: 0.02,
        clock_step: 900.0,
        opens_often: true,
    };
}
