//! `rebuild`: requests the next view generation and waits until readers are switched to it. A running desk does the work; if none
//! runs, this program does it with desk's own code.
//!
//! The log is verified before anything is requested. Invariant: whichever process ends or starts meanwhile, the build continues
//! from its last committed transaction; the log is only read.

mod builder;
mod desk_liveness;

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use event_store::{Position, Positions};
use futures::poll;
use projections::{Rebuild, RebuildStatus};
use serde::Serialize;
use tokio::time::sleep;

use crate::{
    Finding,
    cli::RebuildArgs,
    failure::Failure,
    progress::Progress,
    render::Screen,
    source::Source,
    verify::{self, Verified},
};
use builder::Builder;
use desk_liveness::DeskLiveness;

/// Poll interval.
const LOOK: Duration = Duration::from_millis(100);
/// This command gives up on a build without progress for this long; the building process may continue.
const STILL: Duration = Duration::from_secs(60);

#[derive(Serialize)]
struct Document {
    generation: u64,
    /// The rebuild had already been requested.
    joined: bool,
    done: bool,
    position: Position,
    by: Option<&'static str>,
    events: Option<u64>,
    seconds: Option<f64>,
    events_per_second: Option<f64>,
    switch_ms: Option<f64>,
}

/// Rebuilds the views, or only requests it.
///
/// # Errors
/// The views belong to another version or role, no process can build them, the build makes no progress, or it was interrupted.
pub async fn rebuild(source: &Source, wanted: &RebuildArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    if let Verified::Changed = verify::before_folding(source, screen).await? {
        return Ok(Finding::Differences);
    }
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    // Handled from here on, because now there is a state to report.
    drop(poll!(interrupted.as_mut()));
    let asked = Rebuild::request(source.views()?, source.shared_reader()).await.map_err(Failure::Rebuild)?;
    let mut work = Work::begin(source, &asked).await?;
    if !wanted.no_wait {
        let ended = tokio::select! {
            interrupted = interrupted => Err(interrupted.err().map_or(work.interrupted(), Failure::LookForDesk)),
            ended = work.until_done() => ended,
        };
        work.builder.stop().await;
        ended?;
    }
    let document = work.document(wanted.no_wait);
    if screen.json_wanted() {
        screen.json(&document)?
    } else {
        print(&document, screen)?
    }
    Ok(Finding::AsExpected)
}

/// A rebuild in progress.
struct Work<'a> {
    asked: &'a Rebuild,
    source: &'a Source,
    builder: Builder,
    desk: DeskLiveness,
    progress: Progress,
    /// The head at the request; the rebuilt views include at least that.
    goal: Position,
    begun: (Position, Instant),
    /// The last progress and its time.
    status: RebuildStatus,
    moved: Instant,
    is_ours: bool,
}

impl<'a> Work<'a> {
    async fn begin(source: &'a Source, asked: &'a Rebuild) -> Result<Self, Failure> {
        let goal = source.reader().head().await?;
        let status = asked.status().await.map_err(Failure::Rebuild)?;
        Ok(Self {
            asked,
            source,
            builder: Builder::new(),
            desk: DeskLiveness::new(source.desk_lock()),
            progress: Progress::new("rebuilding", goal),
            goal,
            begun: (status.position, Instant::now()),
            status,
            moved: Instant::now(),
            is_ours: false,
        })
    }

    async fn until_done(&mut self) -> Result<(), Failure> {
        while !(self.status.is_done && self.status.position >= self.goal) {
            self.see_to_a_builder().await?;
            sleep(LOOK).await;
            let now = self.asked.status().await.map_err(Failure::Rebuild)?;
            self.note(now).await?;
        }
        self.is_ours = self.builder.runs();
        Ok(())
    }

    /// Leaves the build to a running desk. On a server another node may build as well; a file allows only one writer.
    async fn see_to_a_builder(&mut self) -> Result<(), Failure> {
        match self.desk.check(&self.status).map_err(Failure::LookForDesk)? {
            Some(true) if self.desk.is_certain() => self.builder.stop().await,
            Some(false) if !self.builder.runs() => {
                let number = self.asked.number();
                self.builder.start(self.source).await?.ok_or(Failure::NobodyBuilds { number })?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    async fn note(&mut self, now: RebuildStatus) -> Result<(), Failure> {
        if now.position != self.status.position || now.is_done != self.status.is_done {
            self.moved = Instant::now();
        }
        self.status = now;
        self.progress.head(self.source.reader().head().await?);
        self.progress.reached(self.status.position);
        self.builder.check()?;
        if self.moved.elapsed() < STILL {
            return Ok(());
        }
        let (number, position) = (self.asked.number(), self.status.position);
        Err(Failure::StandsStill { number, position, seconds: STILL.as_secs() })
    }

    fn interrupted(&self) -> Failure {
        Failure::Interrupted { number: self.asked.number(), position: self.status.position }
    }

    fn document(&self, only_asked: bool) -> Document {
        let (from, since) = self.begun;
        let seconds = since.elapsed().as_secs_f64();
        // In a log with holes the events are not counted.
        let is_dense = self.source.reader().positions() == Positions::Dense;
        let events = (is_dense && !only_asked).then(|| self.status.position.0.saturating_sub(from.0));
        let by = if self.is_ours { "desk-replay" } else { "desk" };
        #[expect(clippy::cast_precision_loss, reason = "the rate is for display")]
        let events_per_second = events.map(|events| events as f64 / seconds);
        Document {
            generation: self.asked.number(),
            joined: self.asked.was_requested(),
            done: !only_asked,
            position: self.status.position,
            by: (!only_asked).then_some(by),
            events,
            seconds: (!only_asked).then_some(seconds),
            events_per_second,
            switch_ms: self.builder.switched_in().map(|took| took.as_secs_f64() * 1e3),
        }
    }
}

fn print(document: &Document, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let joined = if document.joined { ", as it had been before" } else { "" };
    if !document.done {
        return screen.field("views", &format!("generation {} is asked for{joined}", document.generation));
    }
    screen.field("views", &format!("generation {} serves, at position {}", document.generation, document.position))?;
    screen.field("built by", if document.by == Some("desk") { "the running desk" } else { "this command" })?;
    if let (Some(events), Some(seconds), Some(rate)) = (document.events, document.seconds, document.events_per_second) {
        screen.field("events", &format!("{events} in {seconds:.1} s, {rate:.0} a second"))?;
    }
    match document.switch_ms {
        Some(took) => screen.field("switched", &format!("in {took:.1} ms")),
        None => Ok(()),
    }
}
