//! How far a copy is: a bar on a terminal, elsewhere a line every few seconds, so that a log of the command can be followed.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines, however slow the copy is.
const LINE: Duration = Duration::from_secs(5);

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    state: Arc<Mutex<State>>,
    /// The thread that writes lines ends when this is dropped.
    _lines: Option<mpsc::Sender<()>>,
}

/// How far it is.
struct State {
    what: &'static str,
    goal: u64,
    began: Instant,
    /// Position and number of events at the first report: the rate leaves out what an earlier round copied.
    first: Option<(u64, u64)>,
    at: u64,
    events: u64,
}

impl Progress {
    /// Progress towards a goal: a position of the source, or a number of events.
    pub(crate) fn new(what: &'static str, goal: u64) -> Self {
        let state = State { what, goal, began: Instant::now(), first: None, at: 0, events: 0 };
        let state = Arc::new(Mutex::new(state));
        if !std::io::stderr().is_terminal() {
            // Standard error may be closed.
            let lines = write_lines(state.clone(), LINE, |line| drop(writeln!(std::io::stderr(), "{line}")));
            return Self { bar: None, state, _lines: Some(lines) };
        }
        let bar = ProgressBar::with_draw_target(Some(goal), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta} left") {
            bar.set_style(style);
        }
        Self { bar: Some(bar), state, _lines: None }
    }

    /// Changes the label of the step.
    pub(crate) fn name(&self, what: &'static str) {
        lock(&self.state).what = what;
    }

    /// Reports a position, and the number of events up to it.
    pub(crate) fn reached(&self, at: u64, events: u64) {
        let mut state = lock(&self.state);
        state.first.get_or_insert((at, events));
        (state.at, state.events) = (at, events);
        if let Some(bar) = &self.bar {
            bar.set_length(state.goal.max(at));
            bar.set_position(at);
            bar.set_message(format!("{}: {events} events, {:.0}/s", state.what, state.rate()));
        }
    }
}

impl State {
    /// Events a second.
    fn rate(&self) -> f64 {
        let before = self.first.map_or(self.events, |(_, before)| before);
        rate(self.events - before, self.began.elapsed())
    }

    /// `None` before the first report.
    fn line(&self) -> Option<String> {
        self.first?;
        let Self { what, events, at, goal, .. } = *self;
        let (percent, rate, left) = (percent(at, goal), self.rate(), self.seconds_left());
        Some(format!("{what}: {events} events, {percent:.0} %, {rate:.0} a second, about {left} s left"))
    }

    fn seconds_left(&self) -> u64 {
        let from = self.first.map_or(0, |(from, _)| from);
        let per_second = rate(self.at.saturating_sub(from), self.began.elapsed());
        let seconds = rate(self.goal.saturating_sub(self.at), Duration::from_secs(1)) / per_second.max(1e-9);
        if seconds < 1e9 { seconds.ceil() as u64 } else { 0 }
    }
}

/// Writes a line now and then, until what is returned is dropped.
fn write_lines(
    state: Arc<Mutex<State>>,
    between: Duration,
    write: impl Fn(String) + Send + 'static,
) -> mpsc::Sender<()> {
    let (lines, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(between) {
            let line = lock(&state).line();
            line.into_iter().for_each(&write);
        }
    });
    lines
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_though_nothing_is_reported() {
        let state = State { what: "copying", goal: 100, began: Instant::now(), first: None, at: 0, events: 0 };
        let (state, (written, lines)) = (Arc::new(Mutex::new(state)), mpsc::channel());
        let writing = write_lines(state.clone(), Duration::from_millis(1), move |line| drop(written.send(line)));
        let progress = Progress { bar: None, state, _lines: Some(writing) };
        progress.reached(50, 7);
        for _ in 0..3 {
            let line = lines.recv_timeout(Duration::from_secs(60)).expect("a line");
            assert!(line.starts_with("copying: 7 events, 50 %, "), "{line}");
        }
        drop(progress);
        while lines.recv_timeout(Duration::from_secs(60)).is_ok() {}
    }
}
