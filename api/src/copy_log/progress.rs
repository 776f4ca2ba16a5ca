//! How far a copy is: a bar on a terminal, elsewhere a line every few seconds, so that a log of the command can be followed.

use std::{
    cell::Cell,
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines.
const LINE: Duration = Duration::from_secs(5);

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: Cell<&'static str>,
    goal: u64,
    began: Instant,
    /// Position and number of events at the first report: the rate leaves out what an earlier round copied.
    first: Cell<Option<(u64, u64)>>,
    said: Cell<Instant>,
}

impl Progress {
    /// Progress towards a goal: a position of the source, or a number of events.
    pub(crate) fn new(what: &'static str, goal: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(goal), ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta} left") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, what: Cell::new(what), goal, began: now, first: Cell::new(None), said: Cell::new(now) }
    }

    /// Changes the label of the step.
    pub(crate) fn name(&self, what: &'static str) {
        self.what.set(what);
    }

    /// Reports a position, and the number of events up to it.
    pub(crate) fn reached(&self, at: u64, events: u64) {
        let (_, before) = self.first.get().unwrap_or_else(|| {
            self.first.set(Some((at, events)));
            (at, events)
        });
        let rate = rate(events - before, self.began.elapsed());
        let what = self.what.get();
        if let Some(bar) = &self.bar {
            bar.set_length(self.goal.max(at));
            bar.set_position(at);
            bar.set_message(format!("{what}: {events} events, {rate:.0}/s"));
        } else if self.said.get().elapsed() >= LINE {
            self.said.set(Instant::now());
            let (percent, left) = (percent(at, self.goal), self.left(at));
            // Standard error may be closed.
            drop(writeln!(
                std::io::stderr(),
                "{what}: {events} events, {percent:.0} %, {rate:.0} a second, about {left} s left"
            ));
        }
    }

    fn left(&self, at: u64) -> u64 {
        let from = self.first.get().map_or(0, |(from, _)| from);
        let per_second = rate(at.saturating_sub(from), self.began.elapsed());
        let seconds = rate(self.goal.saturating_sub(at), Duration::from_secs(1)) / per_second.max(1e-9);
        if seconds < 1e9 { seconds.ceil() as u64 } else { 0 }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate to be read by people")]
fn rate(count: u64, within: Duration) -> f64 {
    count as f64 / within.as_secs_f64().max(1e-3)
}

#[expect(clippy::cast_precision_loss, reason = "a share to be read by people")]
fn percent(at: u64, goal: u64) -> f64 {
    100.0 * at.min(goal) as f64 / goal.max(1) as f64
}
