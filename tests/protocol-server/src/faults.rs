//! What is to go wrong, on request: each fault befalls the next calls that it fits, so many times, and then no more.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::watch;

/// What happens to an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendFault {
    /// It is stored; no answer ever comes, until the caller's own deadline or the end of the connection.
    StoredNeverAnswered,
    /// It is stored; the answer is `ABORTED` "Operation timed out", KurrentDB's own for a commit that took too long.
    StoredTimedOut,
    /// It is stored; the answer is `DEADLINE_EXCEEDED`.
    StoredDeadlineExceeded,
    /// It is stored; the answer is `UNAVAILABLE`.
    StoredUnavailable,
    /// It is stored; instead of an answer the connection is cut.
    StoredConnectionCut,
    /// It is not stored; the answer is `ABORTED` "Operation timed out", which a caller cannot tell from the one above.
    LostTimedOut,
    /// It is not stored; the answer is `UNAVAILABLE` "Server Is Too Busy".
    LostTooBusy,
    /// It is not stored; instead of an answer the connection is cut.
    LostConnectionCut,
}

impl AppendFault {
    pub(crate) fn is_stored(self) -> bool {
        match self {
            Self::StoredNeverAnswered
            | Self::StoredTimedOut
            | Self::StoredDeadlineExceeded
            | Self::StoredUnavailable
            | Self::StoredConnectionCut => true,
            Self::LostTimedOut | Self::LostTooBusy | Self::LostConnectionCut => false,
        }
    }
}

/// How a read or a subscription ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The connection is cut; events sent shortly before may be lost with it.
    ConnectionCut,
    /// With `OK`, as if there were nothing more: a server that shuts down, or a proxy.
    Ok,
    /// With `UNAVAILABLE`.
    Unavailable,
    /// With `ABORTED` and the words by which a subscription was told that it is too slow.
    TooSlow,
    /// Nothing more comes, but nothing ends either.
    Silence,
}

/// An ending that befalls the next call of its kind after so many events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyEnd {
    pub(crate) after: u32,
    pub(crate) ending: Ending,
}

/// The faults of a server, and how to ask for them.
pub struct Faults {
    plan: Mutex<Plan>,
    /// Counts how often all subscriptions were ended, and how the last time.
    dropped: watch::Sender<(u64, Ending)>,
}

#[derive(Default)]
struct Plan {
    appends: Vec<Planned<AppendFault>>,
    reads: Vec<Planned<EarlyEnd>>,
    subscriptions: Vec<Planned<EarlyEnd>>,
    delay: Duration,
}

struct Planned<T> {
    what: T,
    /// How the stream's name begins that it befalls.
    prefix: String,
    times: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self { plan: Mutex::default(), dropped: watch::Sender::new((0, Ending::Ok)) }
    }
}

impl Faults {
    /// Befalls the next append, to whatever stream.
    pub fn on_append(&self, fault: AppendFault) {
        self.on_appends("", fault, 1);
    }

    /// Befalls the next appends to streams whose names begin so.
    pub fn on_appends(&self, prefix: &str, fault: AppendFault, times: u32) {
        self.plan().appends.push(Planned { what: fault, prefix: prefix.to_owned(), times });
    }

    /// Ends the next read that gives so many events, when it has given them.
    pub fn on_read(&self, after: u32, ending: Ending) {
        self.on_reads(after, ending, 1);
    }

    /// Ends the next reads that give so many events, when they have given them.
    pub fn on_reads(&self, after: u32, ending: Ending, times: u32) {
        self.plan().reads.push(Planned { what: EarlyEnd { after, ending }, prefix: String::new(), times });
    }

    /// Ends the next subscription when it has given so many events.
    pub fn on_subscription(&self, after: u32, ending: Ending) {
        self.on_subscriptions(after, ending, 1);
    }

    /// Ends the next subscriptions when they have given so many events.
    pub fn on_subscriptions(&self, after: u32, ending: Ending, times: u32) {
        self.plan().subscriptions.push(Planned { what: EarlyEnd { after, ending }, prefix: String::new(), times });
    }

    /// Ends all subscriptions that there are.
    pub fn end_subscriptions(&self, ending: Ending) {
        self.dropped.send_modify(|(times, how)| (*times, *how) = (*times + 1, ending));
    }

    /// From now on every answer, and every event of a read or subscription, comes so much later.
    pub fn delay(&self, delay: Duration) {
        self.plan().delay = delay;
    }

    /// Nothing is to go wrong any more.
    pub fn clear(&self) {
        *self.plan() = Plan::default();
    }

    /// How many of the faults that were asked for have not happened yet.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        let plan = self.plan();
        let ends = plan.reads.iter().chain(&plan.subscriptions).map(|planned| planned.times);
        plan.appends.iter().map(|planned| planned.times).chain(ends).sum()
    }

    pub(crate) fn of_append(&self, stream: &str) -> Option<AppendFault> {
        take(&mut self.plan().appends, |planned| stream.starts_with(&planned.prefix))
    }

    /// The end that befalls a read which has given so many events.
    pub(crate) fn of_read(&self, given: u32) -> Option<Ending> {
        take(&mut self.plan().reads, |planned| planned.what.after == given).map(|end| end.ending)
    }

    pub(crate) fn of_subscription(&self) -> Option<EarlyEnd> {
        take(&mut self.plan().subscriptions, |_| true)
    }

    pub(crate) fn dropped(&self) -> watch::Receiver<(u64, Ending)> {
        self.dropped.subscribe()
    }

    pub(crate) async fn wait(&self) {
        let delay = self.plan().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Takes the first fault that fits, once.
fn take<T: Copy>(planned: &mut Vec<Planned<T>>, fits: impl Fn(&Planned<T>) -> bool) -> Option<T> {
    let place = planned.iter().position(fits)?;
    let fault = &mut planned[place];
    let what = fault.what;
    fault.times -= 1;
    if fault.times == 0 {
        planned.remove(place);
    }
    Some(what)
}
