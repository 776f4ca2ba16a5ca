//! The work of one process manager for as long as this node holds its lease.
//!
//! Its steps are read, react, send, commit, and the same for timers; it may be dropped between any two of them.

use std::{pin::pin, time::Duration};

use event_store::{Actor, Identity, Position, StreamName, StreamVersion};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use journal::{Decoded, DecodedEvents, JournalError};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    Context, FIRST_PAUSE, LONGEST_PAUSE, ProcessError, ProcessManager,
    observation::Observation,
    pending::{Acting, Cause, Command, Pending, PendingCommand},
};
use crate::{
    accounts,
    error::CommandError,
    event_id::CommandId,
    executor::CommandMetadata,
    process::{
        manager::{Decision, Overview, Timer},
        status::StatusHandle,
        store::{Cursor, Forgotten, Lease, LostAgent, StoreError},
    },
    settings::budget::{BudgetNotes, OfBudgets},
};

/// The longest that what was read waits for its commit, and between two looks for lives that are over.
const TICK: Duration = Duration::from_millis(500);
/// Events that are reacted to before the work looks around.
const CHUNK: usize = 500;
/// Events that may wait for their commit.
const UNCOMMITTED: usize = 2000;
/// Timers of one look; and, after history was read, all that is done in a second.
pub(super) const TIMERS: usize = 50;
/// After history was read, the time for [`TIMERS`] of them.
const PACE: SignedDuration = SignedDuration::from_secs(1);

type Chunk = Vec<Result<Decoded, JournalError>>;

/// What it decides across streams from.
struct Across {
    overview: Box<dyn Overview>,
    /// Everything up to here was in the log when the lease was taken.
    from: Position,
    /// Whether anything happened since the last decision.
    is_news: bool,
}

/// A process manager at work.
pub(super) struct Worker<'a> {
    context: &'a Context,
    manager: &'a dyn ProcessManager,
    lease: Lease,
    log: Identity,
    cursor: Cursor,
    pending: Pending,
    /// When the next timer is due; too early is harmless.
    next_due: Option<Timestamp>,
    /// Not before then, while what history left open is done.
    paced_until: Timestamp,
    /// Whether timers are tied to lives.
    watches_lives: bool,
    /// Where it asks who is lost.
    pub(super) observation: Observation,
    /// Where it decides across streams.
    overview: Option<Across>,
    next_tick: Instant,
}

impl<'a> Worker<'a> {
    /// Where it stopped the last time, on whatever node.
    pub(super) async fn begin(
        context: &'a Context,
        manager: &'a dyn ProcessManager,
        lease: Lease,
    ) -> Result<Self, ProcessError> {
        let reader = context.sessions.log().reader();
        let cursor = context.store.begin(&lease, manager, &*reader).await?;
        let head = reader.head().await.map_err(StoreError::from)?;
        let overview = restored(context, manager).await?;
        Ok(Self {
            context,
            manager,
            lease,
            log: reader.identity().await.map_err(StoreError::from)?,
            cursor,
            pending: Pending::default(),
            next_due: context.store.next_due(manager.name()).await?,
            paced_until: Timestamp::MIN,
            watches_lives: true,
            observation: Observation::since(Instant::now()),
            overview: overview.map(|overview| Across { overview, from: head, is_news: true }),
            next_tick: Instant::now(),
        })
    }

    /// Works until something goes wrong.
    pub(super) async fn work(mut self, status: &StatusHandle) -> Result<(), ProcessError> {
        let mut events = self.events().ready_chunks(CHUNK);
        loop {
            let chunk = tokio::select! {
                biased;
                chunk = events.next() => Some(chunk.ok_or(ProcessError::TailEnded)?),
                () = self.something_is_due() => None,
            };
            if let Some(chunk) = chunk {
                self.react_to(chunk).await?;
                self.decide();
            }
            if self.pending.is_urgent() || self.pending.events >= UNCOMMITTED {
                self.flush().await?;
            }
            if self.is_something_due() {
                self.flush().await?;
                self.on_timers().await?;
                self.on_losses().await?;
                self.decide();
                self.flush().await?;
            }
            status.follows(self.position(), self.position() >= self.context.tail.position());
        }
    }

    fn events(&self) -> DecodedEvents {
        self.context.tail.follow(self.cursor.position)
    }

    fn position(&self) -> Position {
        self.pending.position().unwrap_or(self.cursor.position)
    }

    /// Reacts to what can be read; what cannot be read stops it there, after all before it is done.
    pub(super) async fn react_to(&mut self, chunk: Chunk) -> Result<(), ProcessError> {
        for next in chunk {
            match next {
                Ok(decoded) => self.react(&decoded).await?,
                Err(error) => {
                    self.flush().await?;
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    async fn react(&mut self, decoded: &Decoded) -> Result<(), ProcessError> {
        let acting = match self.cursor.history_until {
            Some(until) if decoded.position() <= until => Acting::No,
            Some(_) | None => Acting::Yes,
        };
        self.take(decoded, acting).await?;
        self.pending.passed(decoded);
        if let Some(across) = &mut self.overview {
            across.overview.take(decoded);
            across.is_news = true;
        }
        Ok(())
    }

    async fn take(&mut self, decoded: &Decoded, acting: Acting) -> Result<(), ProcessError> {
        let stream = &decoded.recorded().stream;
        let keeps_state = self.manager.keeps_state_of(decoded);
        let mut state = if keeps_state { self.state_of(stream).await? } else { Value::Null };
        let actions = self.manager.react(&mut state, decoded);
        if keeps_state {
            self.pending.keep_state(stream.clone(), state);
        }
        self.pending.add(Cause::of_event(decoded), actions, acting);
        Ok(())
    }

    async fn state_of(&self, stream: &StreamName) -> Result<Value, StoreError> {
        match self.pending.commit.states.get(stream) {
            Some(state) => Ok(state.clone()),
            None => self.context.store.state(self.manager.name(), stream).await,
        }
    }

    /// Asks what is to be done across streams, once all of the log is taken up: what is not known yet cannot be counted on.
    pub(super) fn decide(&mut self) {
        let (position, is_over) = (self.position(), self.reads_no_history());
        let newest = self.context.tail.position();
        let ready = |across: &&mut Across| across.is_news && is_over && position >= newest.max(across.from);
        let Some(across) = self.overview.as_mut().filter(ready) else { return };
        across.is_news = false;
        for Decision { cause, action } in across.overview.decide(self.context.clock.now()) {
            self.pending.add(Cause::of_decision(cause), vec![action], Acting::Yes);
        }
    }

    /// Sends what is to be sent, and then writes down that all of it is done.
    pub(super) async fn flush(&mut self) -> Result<(), ProcessError> {
        self.send().await?;
        self.commit().await
    }

    /// Sends the commands, in the order of their causes.
    pub(super) async fn send(&mut self) -> Result<(), ProcessError> {
        while self.send_next().await? {}
        Ok(())
    }

    /// Sends the next command, if there is one.
    pub(super) async fn send_next(&mut self) -> Result<bool, ProcessError> {
        let Some(next) = self.pending.commands.front() else { return Ok(false) };
        self.send_one(next).await?;
        self.pending.commands.pop_front();
        Ok(true)
    }

    /// Sends a command until a rule, or the log, has answered.
    async fn send_one(&self, next: &PendingCommand) -> Result<(), ProcessError> {
        let metadata = self.metadata(next);
        let mut pause = FIRST_PAUSE;
        loop {
            match self.execute(&next.command, &metadata).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_passing() => {
                    tracing::warn!(
                        name = self.manager.name(), command = next.name, stream = %next.command.stream(),
                        error = &error as &dyn std::error::Error, "a command waits"
                    );
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(source) if source.is_unreadable() => {
                    return Err(ProcessError::Command { position: self.position(), source });
                }
                Err(refused) => {
                    tracing::debug!(
                        name = self.manager.name(), command = next.name, stream = %next.command.stream(),
                        error = &refused as &dyn std::error::Error, "a command was refused"
                    );
                    return Ok(());
                }
            }
        }
    }

    /// Boxed: the futures below are deep, and the compiler stops at a depth.
    async fn execute(&self, command: &Command, metadata: &CommandMetadata) -> Result<(), CommandError> {
        let Context { sessions, accounts, .. } = self.context;
        match command {
            Command::Session(session, command) => {
                Box::pin(sessions.execute(*session, metadata, (**command).clone())).await.map(drop)
            }
            Command::Agent(agent, command) => {
                Box::pin(accounts.execute(*agent, metadata, (**command).clone())).await.map(drop)
            }
            // A few times a day: it needs no states that are remembered.
            Command::Budget(reached) => {
                let notes = BudgetNotes::new(sessions.log().clone(), sessions.log_id());
                Box::pin(notes.execute(OfBudgets, metadata, reached.clone())).await.map(drop)
            }
        }
    }

    fn metadata(&self, next: &PendingCommand) -> CommandMetadata {
        let (name, log_id) = (self.manager.name(), self.context.sessions.log_id());
        CommandMetadata {
            actor: Actor::new("policy", name),
            correlation_id: next.cause.correlation,
            causation_id: next.cause.event,
            id: CommandId::caused(log_id, name, next.cause.id, next.name),
        }
    }

    /// Writes down what is done: from now on it is not done again.
    pub(super) async fn commit(&mut self) -> Result<(), ProcessError> {
        self.reread().await?;
        self.keep_rows();
        if self.pending.is_empty() {
            return Ok(());
        }
        let now = self.context.clock.now();
        self.context.store.commit(&self.lease, &self.log, now, &self.pending.commit).await?;
        self.next_due = [self.next_due, self.pending.next_due()].into_iter().flatten().min();
        self.watches_lives |= self.pending.lives().next().is_some();
        self.cursor.position = self.position();
        self.pending = Pending::default();
        Ok(())
    }

    fn keep_rows(&mut self) {
        let changed = self.overview.as_mut().map(|across| across.overview.changed_rows());
        for (stream, row) in changed.into_iter().flatten() {
            self.pending.keep_state(stream, row);
        }
    }

    /// Makes the timers and the state of streams as their events up to here say.
    async fn reread(&mut self) -> Result<(), ProcessError> {
        let position = self.position();
        for stream in std::mem::take(&mut self.pending.rereads) {
            if self.manager.keeps_state() {
                self.pending.keep_state(stream.clone(), Value::Null);
            }
            let journal = self.context.sessions.journal();
            let mut pages = pin!(journal.read_stream(&stream, StreamVersion::NONE));
            while let Some(page) = pages.next().await {
                for decoded in page?.iter().filter(|decoded| decoded.position() <= position) {
                    self.take(decoded, Acting::No).await?;
                }
            }
        }
        Ok(())
    }

    /// Returns when there may be something to write down or a timer to look at.
    async fn something_is_due(&self) {
        let tick = tokio::time::sleep_until(self.next_tick);
        match self.wakes_at() {
            Some(due) => tokio::select! {
                () = tick => {}
                () = self.context.clock.sleep_until(due) => {}
            },
            None => tick.await,
        }
    }

    fn is_something_due(&self) -> bool {
        Instant::now() >= self.next_tick || self.wakes_at().is_some_and(|due| due <= self.context.clock.now())
    }

    /// When timers are to be looked at by the clock.
    fn wakes_at(&self) -> Option<Timestamp> {
        let due = self.next_due.filter(|_| self.reads_no_history())?;
        Some(due.max(self.paced_until))
    }

    fn reads_no_history(&self) -> bool {
        self.cursor.history_until.is_none_or(|until| self.position() >= until)
    }

    /// Does what is due. Timers wait until history has been read: what it sets, it may cancel again.
    async fn on_timers(&mut self) -> Result<(), ProcessError> {
        self.next_tick = Instant::now() + TICK;
        if !self.reads_no_history() || self.context.clock.now() < self.paced_until {
            return Ok(());
        }
        while self.on_some_timers().await? == TIMERS && self.cursor.history_until.is_none() {}
        Ok(())
    }

    /// Does what is due, up to [`TIMERS`]; answers how many timers that were.
    async fn on_some_timers(&mut self) -> Result<usize, ProcessError> {
        let taken = self.take_due().await?;
        self.flush().await?;
        self.next_due = self.context.store.next_due(self.manager.name()).await?;
        Ok(taken)
    }

    /// Asks what is to be done about timers that are due.
    pub(super) async fn take_due(&mut self) -> Result<usize, ProcessError> {
        let timers = self.due().await?;
        for timer in &timers {
            self.pending.cancel(timer.stream.clone(), timer.key.clone());
            let actions = self.manager.on_timer(timer);
            self.pending.add(Cause::of_timer(timer), actions, Acting::Yes);
        }
        if let Some(across) = &mut self.overview {
            across.is_news |= !timers.is_empty();
        }
        if self.cursor.history_until.is_some() {
            self.keep_pace(timers.len());
        }
        Ok(timers.len())
    }

    /// What history left open is done slowly, until nothing of it is left.
    fn keep_pace(&mut self, timers: usize) {
        if timers == 0 {
            self.pending.commit.ends_history = true;
            self.cursor.history_until = None;
        } else {
            let now = self.context.clock.now();
            self.paced_until = now.checked_add(PACE).unwrap_or(now);
        }
    }

    /// Asks who is lost, where that is its business, once all of the log is read: who has which session is known then.
    async fn on_losses(&mut self) -> Result<(), ProcessError> {
        let Some(after) = self.manager.agents_lost_after().filter(|after| self.observation.is_due(*after)) else {
            return Ok(());
        };
        let is_caught_up = self.reads_no_history() && self.position() >= self.context.tail.position();
        if is_caught_up && self.observation.look(after) { self.on_lost_agents(after).await } else { Ok(()) }
    }

    /// Does what follows from losses, one agent after the other.
    pub(super) async fn on_lost_agents(&mut self, after: Duration) -> Result<(), ProcessError> {
        for lost in self.context.store.lost_agents(after, TIMERS).await? {
            tracing::info!(agent.id = %lost.agent, "an agent is lost");
            self.take_lost(&lost).await?;
            self.flush().await?;
        }
        Ok(())
    }

    /// Asks what is to be done about an agent who is lost.
    pub(super) async fn take_lost(&mut self, lost: &LostAgent) -> Result<(), ProcessError> {
        let sessions = self.context.store.sessions_of(lost.agent).await?;
        for stream in std::iter::once(accounts::stream_of(lost.agent)).chain(sessions) {
            let actions = self.manager.on_agent_lost(lost, &stream);
            self.pending.add(Cause::of_loss(lost, &stream), actions, Acting::Yes);
        }
        self.pending.forget(Forgotten::Lost(*lost), Acting::Yes);
        Ok(())
    }

    /// Timers whose time has come, or whose life is over.
    async fn due(&mut self) -> Result<Vec<Timer>, ProcessError> {
        let (store, name) = (&self.context.store, self.manager.name());
        let mut due = store.due_timers(name, self.context.clock.now(), TIMERS).await?;
        if !self.watches_lives {
            return Ok(due);
        }
        let lives = store.lives(name).await?;
        self.watches_lives = !lives.is_empty();
        for life in lives.iter().filter(|life| life.is_over) {
            let abandoned = store.timers_of(name, life.incarnation, TIMERS).await?;
            due.extend(abandoned.into_iter().filter(|timer| !due.contains(timer)).collect::<Vec<_>>());
        }
        due.truncate(TIMERS);
        Ok(due)
    }
}

/// What it knew across streams when it stopped the last time.
async fn restored(context: &Context, manager: &dyn ProcessManager) -> Result<Option<Box<dyn Overview>>, StoreError> {
    let Some(mut overview) = manager.overview() else { return Ok(None) };
    for (stream, row) in context.store.states(manager.name()).await? {
        overview.restore(&stream, row)?;
    }
    Ok(Some(overview))
}
